import { html } from "../vendor/preact.js";
import { useState } from "../vendor/preact.js";
import { Icon } from "./icons.js";

/**
 * A button, or with `href` a link that looks like one. While the promise of `onClick` is open it is busy.
 * @param {{ children?: any, icon?: string, kind?: "" | "primary" | "danger" | "quiet", onClick?: (event: Event) => unknown,
 *   href?: string, type?: string, disabled?: boolean, busy?: boolean, label?: string, class?: string, [attribute: string]: any }} props
 */
export function Button({ children, icon, kind = "", onClick, href, type = "button", disabled = false, busy = false, label, class: className = "", ...others }) {
  const [isOpen, setOpen] = useState(false);
  const classes = `button ${kind} ${children ? "" : "icon-only"} ${className}`;
  const inside = html`${icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}`;
  if (href) return html`<a class=${classes} href=${href} aria-label=${label ?? null} title=${label ?? null} ...${others}>${inside}</a>`;
  const isBusy = busy || isOpen;
  const clicked = async (/** @type {Event} */ event) => {
    const result = onClick?.(event);
    if (!(result instanceof Promise)) return;
    setOpen(true);
    try {
      await result;
    } finally {
      setOpen(false);
    }
  };
  return html`<button type=${type} class=${classes} disabled=${disabled} aria-disabled=${isBusy || null} aria-busy=${isBusy || null}
    aria-label=${label ?? null} title=${label ?? null} onClick=${isBusy ? stop : clicked} ...${others}>${inside}</button>`;
}

const stop = (/** @type {Event} */ event) => event.preventDefault();
