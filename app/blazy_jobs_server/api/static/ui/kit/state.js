import { html } from "../vendor/preact.js";
import { Icon } from "./icons.js";

/** @typedef {import("blazy-jobs").RunState} RunState */

/** In the order of a run's life. @type {RunState[]} */
export const STATES = ["scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled"];

/** @param {string} state */
export const isFinal = (state) => state === "completed" || state === "failed" || state === "cancelled";

/** @param {string} name */
export const capital = (name) => (name ? name[0].toUpperCase() + name.slice(1) : name);

/** A run's state, by icon and word.
 * @param {{ state: string, cancelling?: boolean }} props */
export function State({ state, cancelling = false }) {
  const name = cancelling && state === "running" ? "cancelling" : state;
  return html`<span class="state" data-state=${state}><${Icon} name=${state} /><span>${capital(name)}</span></span>`;
}

/** @type {Record<string, string>} */
const WAITS = {
  paused: "Paused",
  held: "On hold",
  circuit_open: "Breaker is open",
  destination_unavailable: "Destination is down",
  no_worker: "No worker serves it",
  concurrency_limit: "At its concurrency limit",
  rate_limit: "At its rate limit",
  workers_busy: "All workers are busy",
  behind_others: "Behind others",
};

/** Why a run that could start does not, in words.
 * @param {string | null | undefined} reason */
export const waitText = (reason) => (reason ? (WAITS[reason] ?? capital(reason.replaceAll("_", " "))) : "");

/** A word about a thing that is no run's state: `tone` is one of ok, warn, bad, or none.
 * @param {{ tone?: string, icon?: string, children?: any, title?: string }} props */
export function Badge({ tone = "", icon, children, title }) {
  return html`<span class="badge" data-tone=${tone} title=${title ?? null}>${icon && html`<${Icon} name=${icon} size=${14} />`}<span>${children}</span></span>`;
}
