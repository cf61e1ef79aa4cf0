import { html, useEffect, useRef } from "../vendor/preact.js";

/** The head of a page, and its title in the window: `title`, what leads here, and its actions.
 * @param {{ title: string, heading?: any, crumbs?: { href: string, text: string }[], sub?: any, actions?: any, children?: any }} props */
export function Page({ title, heading, crumbs = [], sub, actions, children }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    document.title = `${title} · Blazy Jobs`;
  }, [title]);
  useEffect(() => {
    if (document.activeElement === document.body) ref.current?.focus({ preventScroll: true });
  }, []);
  return html`
    <header class="page-head">
      <div class="titles">
        ${crumbs.length > 0 && html`<div class="crumbs">${crumbs.map((crumb) => html`<a key=${crumb.href} href=${crumb.href}>${crumb.text}</a> / `)}</div>`}
        <h1 ref=${ref} tabindex="-1">${heading ?? title}</h1>
        ${sub && html`<div class="quiet small">${sub}</div>`}
      </div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
    <div class="page">${children}</div>`;
}

/** A part of a page under a heading, in a panel unless `bare`.
 * @param {{ title?: string, aside?: any, children?: any, bare?: boolean, flush?: boolean, id?: string }} props `flush`: without inner space, for tables */
export function Section({ title, aside, children, bare = false, flush = false, id }) {
  return html`<section class="section" id=${id ?? null} aria-label=${title ?? null}>
    ${(title || aside) && html`<header class="section-head">${title && html`<h2>${title}</h2>`}${aside && html`<div class="row">${aside}</div>`}</header>`}
    ${bare ? children : html`<div class=${`panel ${flush ? "flush" : ""}`}>${children}</div>`}
  </section>`;
}

/** Names and values in aligned columns; those without a value are left out.
 * @param {{ items: [string, any][], columns?: boolean }} props */
export function Facts({ items, columns = false }) {
  return html`<dl class=${`facts ${columns ? "columns" : ""}`}>
    ${items.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false).map(([name, value]) => html`
      <div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
