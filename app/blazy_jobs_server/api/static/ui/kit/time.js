import { html } from "../vendor/preact.js";
import { now } from "../core/clock.js";
import { zone } from "../core/prefs.js";
import { clockTime, duration, relative } from "../core/text.js";

/** An instant: how long ago it was, with the exact time on hover; `exact` shows that instead.
 * @param {{ at: string | null | undefined, exact?: boolean, none?: string }} props */
export function Time({ at, exact = false, none = "–" }) {
  if (!at) return html`<span class="faint">${none}</span>`;
  const full = `${clockTime(at, zone.value, true)} ${zone.value === "utc" ? "UTC" : ""}`.trim();
  const shown = exact ? clockTime(at, zone.value) : relative(new Date(at).getTime() - now.value);
  return html`<time datetime=${at} title=${full} class="nowrap">${shown}</time>`;
}

/** From one instant to another, or to now while there is no other.
 * @param {{ from: string | null | undefined, to?: string | null, none?: string }} props */
export function Elapsed({ from, to, none = "–" }) {
  if (!from) return html`<span class="faint">${none}</span>`;
  const end = to ? new Date(to).getTime() : now.value;
  const seconds = Math.max(0, (end - new Date(from).getTime()) / 1000);
  return html`<span class="num nowrap">${to ? duration(seconds) : duration(Math.floor(seconds))}</span>`;
}
