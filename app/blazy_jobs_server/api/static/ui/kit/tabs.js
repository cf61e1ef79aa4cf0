import { html, useEffect, useRef } from "../vendor/preact.js";
import { brief, number } from "../core/text.js";

/** Tabs that are links: the address says which is open.
 * @param {{ label: string, tabs: { href: string, text: string, count?: number | null, atLeast?: boolean, current: boolean }[] }} props */
export function Tabs({ label, tabs }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const current = tabs.findIndex((tab) => tab.current);
  useEffect(() => {
    const [bar, tab] = [ref.current, ref.current?.querySelectorAll("a")[current]];
    if (bar && tab) bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2; // in sight on a narrow screen
  }, [current]);
  return html`<nav class="tabs" ref=${ref} aria-label=${label}>${tabs.map((tab) => html`
    <a key=${tab.text} class="tab" href=${tab.href} aria-current=${tab.current ? "page" : null}>${tab.text}
      ${tab.count !== undefined && tab.count !== null && html`<span class="tab-count" title=${number(tab.count)}>${brief(tab.count)}${tab.atLeast ? "+" : ""}</span>`}</a>`)}</nav>`;
}

/** A choice of a few, such as a span of time.
 * @param {{ label: string, options: { value: string, text: string }[], value: string, onChange: (value: string) => void }} props */
export function Segments({ label, options, value, onChange }) {
  return html`<div class="segments" role="group" aria-label=${label}>${options.map((option) => html`
    <button type="button" key=${option.value} aria-pressed=${option.value === value} onClick=${() => onChange(option.value)}>${option.text}</button>`)}</div>`;
}
