import { html, useMemo } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { ROOT, to } from "../core/base.js";
import { firstLine, number } from "../core/text.js";
import { Empty } from "../kit/empty.js";
import { Badge } from "../kit/state.js";
import { Time } from "../kit/time.js";
import { HandlerBadge, countsOf } from "./definition-parts.js";
import { Count, ListPage, useThings } from "./things.js";
import { TypeActions } from "./job-type-actions.js";

/** @param {import("../kit/state.js").RunState} state @param {string} title @param {string} [tone] */
const count = (state, title, tone) => ({
  title, align: /** @type {const} */ ("end"), width: "5.5rem",
  cell: (/** @type {any} */ type) => html`<${CountOf} name=${type.name} state=${state} title=${title} tone=${tone} />`,
});

/** @param {{ name: string, state: import("../kit/state.js").RunState, title: string, tone?: string }} props */
function CountOf({ name, state, title, tone }) {
  const counts = countsOf(name);
  return html`<${Count} value=${counts && (counts[state] ?? 0)} text=${number(counts?.[state] ?? 0)} tone=${tone} about=${`${title} of ${name}`} href=${to("runs", { job_type: name, state })} />`;
}

export default function JobTypes() {
  const list = useThings("v1/job-types", {}, { topics: ["job_types"], sort: true });
  const columns = useMemo(() => columnsOf(list.reload), []);
  return html`<${ListPage} title="Job types" list=${list} one="job type" columns=${columns}
    empty=${html`<${Empty} icon="types" title="No job types yet"><p>A worker declares them when it connects, or register one over HTTP:</p><br /><pre>${`curl -X PUT ${ROOT}v1/job-types/hello \\
  -H 'Content-Type: application/json' \\
  -d '{"name": "hello", "handler": {"kind": "worker"}}'`}</pre><//>`} />`;
}

/** @param {() => void} reload
 * @returns {import("../kit/table.js").Column[]} */
function columnsOf(reload) {
  return [
    { title: "Job type", wide: true, cell: (/** @type {any} */ type) => html`<span class="cell-2"><span class="row"><a data-open class="clip" href=${to(`job-types/${part(type.name)}`)}>${type.name}</a>${type.paused && html`<${Badge} tone="warn" icon="pause">Paused<//>`}</span>
      ${type.description && html`<span class="clip small faint" dir="auto">${firstLine(type.description)}</span>`}</span>` },
    { title: "Handler", drop: /** @type {const} */ ("middle"), width: "1%", cell: (/** @type {any} */ type) => html`<${HandlerBadge} type=${type} />` },
    { title: "Queue", width: "1%", cell: (/** @type {any} */ type) => html`<a class="soft" href=${to(`queues/${part(type.queue)}`)}>${type.queue}</a>` },
    count("queued", "Queued"), count("running", "Running"), count("failed", "Failed", "bad"),
    { title: "Version", align: /** @type {const} */ ("end"), drop: /** @type {const} */ ("middle"), width: "1%", cell: (/** @type {any} */ type) => html`<span class="quiet">${type.version}</span>` },
    { title: "Changed", align: /** @type {const} */ ("end"), drop: /** @type {const} */ ("middle"), width: "6rem", cell: (/** @type {any} */ type) => html`<span class="quiet"><${Time} at=${type.updated_at} /></span>` },
    { title: "Actions", hideTitle: true, actions: true, align: /** @type {const} */ ("end"), width: "1%", cell: (/** @type {any} */ type) => html`<${TypeActions} type=${type} reload=${reload} small=${true} />` },
  ];
}
