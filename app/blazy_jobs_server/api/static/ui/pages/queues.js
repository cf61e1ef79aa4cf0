import { html, useMemo } from "../vendor/preact.js";
import { to } from "../core/base.js";
import { part } from "../core/api.js";
import { now } from "../core/clock.js";
import { digest } from "../core/live.js";
import { duration, number } from "../core/text.js";
import { Empty } from "../kit/empty.js";
import { Badge } from "../kit/state.js";
import { Count, ListPage, useThings } from "./things.js";
import { QueueActions } from "./queue-actions.js";

/** @typedef {import("blazy-jobs").Queue} Queue */

/** What the live digest says of a queue in which runs wait. @param {string} name */
export const lateness = (name) => digest.value?.queues?.find((queue) => queue.name === name);

/** Since when its first run has been due. @param {{ name: string }} props */
export function Late({ name }) {
  const at = lateness(name)?.oldest_due_at;
  if (!at) return html`<span class="faint">–</span>`;
  const seconds = Math.max(0, (now.value - new Date(at).getTime()) / 1000);
  return html`<span class=${seconds > 60 ? "warn" : ""} title=${`Due since ${at}`}>${duration(Math.floor(seconds))}</span>`;
}

/** How a queue is, in a word. @param {{ queue: Queue }} props */
export function QueueState({ queue }) {
  const late = lateness(queue.name);
  if (queue.paused) return html`<${Badge} tone="warn" icon="pause">Paused<//>`;
  if (late && late.unserved > 0) return html`<${Badge} tone="bad" icon="warning">${late.unserved === late.queued ? "No worker serves it" : `No worker for ${number(late.unserved)}`}<//>`;
  if (queue.counts.queued > 0) return html`<${Badge} icon="queued">Waiting<//>`;
  return html`<${Badge} icon="check">Clear<//>`;
}

/** @param {import("../kit/state.js").RunState} state @param {string} title @param {string} [tone] */
const count = (state, title, tone) => ({
  title, align: /** @type {const} */ ("end"), width: "6rem",
  cell: (/** @type {Queue} */ queue) => html`<${Count} value=${queue.counts[state]} text=${number(queue.counts[state])} tone=${tone} about=${`${title} in ${queue.name}`} href=${to("runs", { queue: queue.name, state })} />`,
});

const limits = (/** @type {Queue} */ queue) =>
  [queue.concurrency && `${number(queue.concurrency)} at a time`, queue.rate_limit && `${number(queue.rate_limit.limit)} in ${duration(queue.rate_limit.per_seconds)}`, queue.max_queued && `at most ${number(queue.max_queued)} waiting`].filter(Boolean).join(", ");

export default function Queues() {
  const list = useThings("v1/queues", {}, { topics: ["queues", "runs"], sort: true });
  const hasLimits = list.rows.some(limits);
  const columns = useMemo(() => columnsOf(hasLimits, list.reload), [hasLimits]);
  return html`<${ListPage} title="Queues" list=${list} one="queue" columns=${columns}
    empty=${html`<${Empty} icon="queues" title="No queues yet">A queue is there as soon as a job type or a dispatch names it.<//>`} />`;
}

/** @param {boolean} hasLimits @param {() => void} reload
 * @returns {import("../kit/table.js").Column[]} */
function columnsOf(hasLimits, reload) {
  /** @type {(import("../kit/table.js").Column | false)[]} */
  const columns = [
    { title: "Queue", wide: true, cell: (queue) => html`<span class="row"><a data-open class="clip" href=${to(`queues/${part(queue.name)}`)}>${queue.name}</a>${queue.engine === "bullmq" && html`<${Badge} title="In Redis, shared with BullMQ">BullMQ<//>`}</span>` },
    { title: "State", width: "1%", cell: (queue) => html`<${QueueState} queue=${queue} />` },
    hasLimits && { title: "Limits", drop: "middle", width: "1%", cell: (/** @type {Queue} */ queue) => html`<span class="quiet">${limits(queue) || html`<span class="faint">none</span>`}</span>` },
    count("queued", "Queued"),
    { title: "Oldest due", align: "end", width: "7rem", cell: (queue) => html`<${Late} name=${queue.name} />` },
    count("running", "Running"),
    { ...count("retrying", "Retrying"), drop: "middle" },
    { ...count("scheduled", "Scheduled"), drop: "middle" },
    count("failed", "Failed", "bad"),
    { title: "Actions", hideTitle: true, actions: true, align: "end", width: "1%", cell: (queue) => html`<${QueueActions} queue=${queue} reload=${reload} small=${true} />` },
  ];
  return columns.filter((column) => column !== false);
}
