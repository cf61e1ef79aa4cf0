import { computed, html, useMemo } from "../vendor/preact.js";
import { now } from "../core/clock.js";
import { zone } from "../core/prefs.js";
import { clockTime, duration, relative } from "../core/text.js";

/** A text that follows the clock: where it changes, nothing but its own node is touched.
 * @param {() => string} text
 * @param {unknown[]} inputs a change of these makes another one of it */
export const useText = (text, inputs) => useMemo(() => computed(text), inputs);

/** An instant: how long ago it was, with the exact time on hover; `exact` shows that instead.
 * @param {{ at: string | null | undefined, exact?: boolean, none?: string }} props */
export function Time({ at, exact = false, none = "–" }) {
  if (!at) return html`<span class="faint">${none}</span>`;
  return html`<time datetime=${at} title=${`${clockTime(at, zone.value, true)} ${zone.value === "utc" ? "UTC" : ""}`.trim()} class="nowrap">
    ${exact ? clockTime(at, zone.value) : html`<${Ago} at=${at} />`}</time>`;
}

/** @param {{ at: string }} props */
function Ago({ at }) {
  return useText(() => relative(Date.parse(at) - now.value), [at]);
}

/** From one instant to another, or to now while there is no other.
 * @param {{ from: string | null | undefined, to?: string | null, none?: string }} props */
export function Elapsed({ from, to, none = "–" }) {
  if (!from) return html`<span class="faint">${none}</span>`;
  return html`<span class="num nowrap">${to ? duration(Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)) : html`<${Since} from=${from} />`}</span>`;
}

/** @param {{ from: string }} props */
function Since({ from }) {
  return useText(() => duration(Math.max(0, Math.floor((now.value - Date.parse(from)) / 1000))), [from]);
}
