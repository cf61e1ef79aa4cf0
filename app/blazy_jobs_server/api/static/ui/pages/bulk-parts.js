/** What the list of bulk operations and the page of one share. */
import { html } from "../vendor/preact.js";
import { part, post } from "../core/api.js";
import { may } from "../core/session.js";
import { number, plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Badge } from "../kit/state.js";
import { Bar } from "./run-parts.js";
import { act } from "./things.js";

/** @type {Record<string, string>} */
const VERBS = { cancel: "Cancel", replay: "Replay", erase: "Erase", reprioritise: "Change the priority of", run_now: "Run now", resolve: "Resolve" };
/** @type {Record<string, [string, string, string]>} */
const STATES = { running: ["accent", "running", "Running"], completed: ["ok", "completed", "Completed"], cancelled: ["", "cancelled", "Stopped"], failed: ["bad", "failed", "Failed"] };

/** What it does, to how many. @param {any} bulk */
export const bulkTitle = (bulk) => `${VERBS[bulk.action] ?? bulk.action} ${bulk.at_least ? `${number(bulk.matched)} runs or more` : plural(bulk.matched, "run")}`;

/** @param {{ bulk: any }} props */
export function BulkState({ bulk }) {
  const [tone, icon, text] = STATES[bulk.state] ?? ["", "info", bulk.state];
  return html`<${Badge} tone=${tone} icon=${icon}>${text}<//>`;
}

/** How far it is. @param {{ bulk: any }} props */
export function BulkProgress({ bulk }) {
  const ended = bulk.done + bulk.skipped + bulk.failed;
  const percent = bulk.matched > 0 ? Math.min(100, (100 * ended) / bulk.matched) : bulk.state === "running" ? 0 : 100;
  return html`<${Bar} percent=${bulk.state === "completed" ? 100 : percent} label=${`Progress of ${bulk.id}`} />`;
}

/** What it was asked to act on, as filters. @param {any} bulk @returns {[string, string][]} */
export const bulkFilters = (bulk) =>
  bulk.filter ? Object.entries(bulk.filter).flatMap(([name, value]) => [value].flat().map((one) => /** @type {[string, string]} */ ([name.replaceAll("_", " "), String(one)]))) : [];

/** @param {{ bulk: any, reload: () => void, small?: boolean }} props `small`: in a row */
export function BulkActions({ bulk, reload, small = false }) {
  if (bulk.state !== "running" || !may("runs:write")) return null;
  const stop = () => act(() => post(`v1/bulk/${part(bulk.id)}/cancel`), "It stops. What is done stays done.", reload);
  return html`<${Button} icon="cancelled" kind=${small ? "quiet" : ""} label=${small ? `Stop ${bulk.id}` : undefined} onClick=${stop}>${small ? undefined : "Stop"}<//>`;
}
