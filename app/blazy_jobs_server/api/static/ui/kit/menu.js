import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { hold } from "../core/live.js";
import { Icon } from "./icons.js";

/**
 * A button that opens a list of actions. Arrows move, Escape closes, and nothing on the page moves while it is open.
 * @param {{ label: string, text?: string, icon?: string, kind?: string, items: ({ text: string, icon?: string, danger?: boolean, onClick?: () => unknown, href?: string, disabled?: boolean } | null | false | undefined | "")[] }} props
 */
export function Menu({ label, text, icon = "more", kind = "", items }) {
  const [isOpen, setOpen] = useState(false);
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const there = items.filter((item) => Boolean(item));
  const buttons = () => /** @type {HTMLElement[]} */ ([...(ref.current?.querySelectorAll("[role=menuitem]") ?? [])]);
  useEffect(() => {
    if (!isOpen) return undefined;
    const release = hold();
    buttons()[0]?.focus();
    const outside = (/** @type {Event} */ event) => {
      if (event.target instanceof Node && !ref.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      release();
      document.removeEventListener("pointerdown", outside);
    };
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    /** @type {HTMLElement | null | undefined} */ (ref.current?.querySelector("button"))?.focus();
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (!isOpen) return;
    const all = buttons();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else if (event.key === "ArrowDown") all[(at + 1) % all.length].focus();
    else if (event.key === "ArrowUp") all[(at - 1 + all.length) % all.length].focus();
    else if (event.key === "Home") all[0].focus();
    else if (event.key === "End") all[all.length - 1].focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };
  if (there.length === 0) return null;
  return html`<div class="menu-wrap" ref=${ref} onKeyDown=${pressed}>
    <button type="button" class=${`button ${kind} ${text ? "" : "icon-only"}`} aria-haspopup="menu" aria-expanded=${isOpen} aria-label=${text ? null : label} title=${text ? null : label} onClick=${() => setOpen(!isOpen)}>
      ${text ? html`<span>${text}</span><${Icon} name="down" size=${14} />` : html`<${Icon} name=${icon} />`}</button>
    ${isOpen && html`<div class="menu" role="menu" aria-label=${label}>${there.map((/** @type {any} */ item) => html`
      ${item.href
        ? html`<a key=${item.text} role="menuitem" tabindex="-1" class="menu-item" href=${item.href} onClick=${() => setOpen(false)}>${item.icon && html`<${Icon} name=${item.icon} />`}<span>${item.text}</span></a>`
        : html`<button key=${item.text} type="button" role="menuitem" tabindex="-1" class=${`menu-item ${item.danger ? "bad" : ""}`} disabled=${item.disabled} onClick=${() => { close(); item.onClick?.(); }}>
            ${item.icon && html`<${Icon} name=${item.icon} />`}<span>${item.text}</span></button>`}`)}</div>`}
  </div>`;
}
