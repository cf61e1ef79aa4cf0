/** A run's life as a bar: waiting, attempts, back-offs, losses; and its changes as a list. */
import { html } from "../vendor/preact.js";
import { now } from "../core/clock.js";
import { duration, firstLine } from "../core/text.js";
import { isFinal, waitText } from "../kit/state.js";
import { Icon } from "../kit/icons.js";
import { Time } from "../kit/time.js";

/** @typedef {import("../core/run-events.js").RunEvent} RunEvent */
/** @typedef {{ kind: string, text: string, from: number, to: number, isOpen: boolean }} Span */

/** Spans that follow each other without gaps, from the events.
 * @param {RunEvent[]} events
 * @param {number} present
 * @returns {Span[]} */
export function spansOf(events, present) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {{ kind: string, text: string, from: number } | null} */
  let open = null;
  const begin = (/** @type {string} */ kind, /** @type {string} */ text, /** @type {number} */ at) => {
    end(at);
    open = { kind, text, from: at };
  };
  const end = (/** @type {number} */ at, kind = "", text = "") => {
    if (open) spans.push({ kind: kind || open.kind, text: text || open.text, from: open.from, to: at, isOpen: false });
    open = null;
  };
  const wait = (/** @type {number} */ at, /** @type {string | null} */ due, /** @type {string} */ kind, /** @type {string} */ text) => {
    const until = due ? new Date(due).getTime() : at;
    if (until <= at + 1) return begin("waiting", "Waiting", at);
    begin(kind, text, at);
    if (until >= present) return undefined;
    return begin("waiting", "Waiting", until);
  };
  for (const event of events) {
    const at = new Date(event.time).getTime();
    // A back-off may end before its time was seen to: what follows cuts it.
    while (spans.length > 0 && spans[spans.length - 1].to > at) spans[spans.length - 1].to = at;
    if (open && /** @type {any} */ (open).from > at) /** @type {any} */ (open).from = at;
    if (event.type === "queued") wait(at, event.data?.due_at, "delay", "Not due yet");
    else if (event.type === "started") begin("running", `Attempt ${event.attempt}`, at);
    else if (event.type === "retrying") {
      end(at, "failed", `Attempt ${event.attempt} failed`);
      wait(at, event.data?.due_at, "backoff", "Back-off");
    } else if (event.type === "interrupted") {
      end(at, event.data?.reason === "lost" ? "lost" : "given-back", { lost: "Lost with its worker", snoozed: "Snoozed", released: "Given back" }[/** @type {string} */ (event.data?.reason)] ?? "Interrupted");
      wait(at, event.data?.due_at, "delay", "Not due yet");
    } else if (isFinal(event.type)) end(at, /** @type {any} */ (open)?.kind === "running" ? event.type : "");
  }
  if (open) spans.push({ .../** @type {any} */ (open), to: Math.max(present, /** @type {any} */ (open).from), isOpen: true });
  return spans.filter((span) => span.to >= span.from);
}

/** @param {{ events: RunEvent[] }} props */
export function TimelineBar({ events }) {
  if (events.length === 0) return null;
  const isOver = isFinal(events[events.length - 1].type);
  const spans = spansOf(events, isOver ? new Date(events[events.length - 1].time).getTime() : now.value);
  const whole = spans.reduce((sum, span) => sum + span.to - span.from, 0);
  if (spans.length === 0 || whole === 0) return null;
  // Short spans stay visible: a share of the width is by the root of the time.
  const weights = spans.map((span) => Math.max(Math.sqrt((span.to - span.from) / whole), 0.02));
  return html`<div class="timeline" role="img" aria-label=${`${spans.map((span) => `${span.text} ${duration((span.to - span.from) / 1000)}`).join(", ")}.`}>
    ${spans.map((span, index) => html`<div key=${index} class="span" data-kind=${span.kind} data-open=${span.isOpen || null} style=${{ flexGrow: weights[index] }} title=${`${span.text}, ${duration((span.to - span.from) / 1000)}`}>
      <span class="span-bar"></span><span class="span-text clip">${span.text}</span><span class="span-time clip num">${duration((span.to - span.from) / 1000)}</span></div>`)}
  </div>`;
}

/** @type {Record<string, (event: RunEvent) => any>} */
const SAYS = {
  queued: (event) => (event.data?.due_at && new Date(event.data.due_at) > new Date(event.time) ? html`Dispatched, due <${Time} at=${event.data.due_at} exact=${true} />` : "Dispatched"),
  updated: () => "Payload replaced",
  started: (event) => html`Attempt ${event.attempt} started on <span class="mono">${event.data?.worker_id}</span>`,
  retrying: (event) => html`Attempt ${event.attempt} failed: <span dir="auto">${firstLine(event.data?.error?.message, 160)}</span>`,
  interrupted: (event) => ({ lost: "Lost with its worker", snoozed: "Snoozed by its handler", released: "Given back by its worker" })[/** @type {string} */ (event.data?.reason)] ?? "Interrupted",
  cancelling: (event) => html`Cancel asked${event.data?.reason && html`: <span dir="auto">${firstLine(event.data.reason, 160)}</span>`}`,
  completed: () => "Completed",
  failed: (event) => html`Failed: <span dir="auto">${firstLine(event.data?.error?.message, 160)}</span>`,
  cancelled: (event) => html`Cancelled${event.data?.reason && html`: <span dir="auto">${firstLine(event.data.reason, 160)}</span>`}`,
};
const ICONS = { started: "running", updated: "queued", cancelling: "cancelled" };
const MOST = 60;

/** The run's changes, without progress and log. @param {{ events: RunEvent[], run: any }} props */
export function Changes({ events, run }) {
  const changes = events.filter((event) => event.type in SAYS);
  const shown = changes.slice(-MOST);
  return html`<ol class="changes">
    ${changes.length > shown.length && html`<li class="faint">${changes.length - shown.length} earlier changes</li>`}
    ${shown.map((event, index) => html`<li key=${event.seq} data-type=${event.type} data-reason=${event.data?.reason === "lost" ? "lost" : null}>
      <${Icon} name=${/** @type {any} */ (ICONS)[event.type] ?? event.type} />
      <span class="grow">${SAYS[event.type](event)}</span>
      <span class="faint small num nowrap">${index > 0 ? `+${duration((new Date(event.time).getTime() - new Date(shown[index - 1].time).getTime()) / 1000)}` : ""}</span>
      <span class="quiet small num"><${Time} at=${event.time} exact=${true} /></span></li>`)}
    ${run.wait_reason && html`<li data-type="waits"><${Icon} name="queued" /><span class="grow quiet">${waitText(run.wait_reason)}</span></li>`}
  </ol>`;
}
