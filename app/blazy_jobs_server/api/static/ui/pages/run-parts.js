/** What lists of runs and the run's page share. */
import { html, useLayoutEffect } from "../vendor/preact.js";
import { to } from "../core/base.js";
import { useList } from "../core/read.js";
import { firstLine } from "../core/text.js";
import { isFinal, waitText } from "../kit/state.js";
import { State } from "../kit/state.js";
import { Elapsed, Time } from "../kit/time.js";

/** @typedef {any} AnyRun  a run as lists show it (`fields=brief`) or whole */

/** The one line that matters about a run right now.
 * @param {AnyRun} run */
export function Gist({ run }) {
  if (run.state === "failed" || (run.state === "retrying" && run.error)) {
    return html`<span class="clip gist" dir="auto"><span class="faint">${run.error?.type || run.error?.code || ""}</span> ${firstLine(run.error?.message)}</span>`;
  }
  if (run.state === "running") {
    if (run.cancel_requested) return html`<span class="clip gist">Cancel asked${run.cancel_reason ? `: ${firstLine(run.cancel_reason)}` : ""}</span>`;
    if (run.progress) return html`<span class="gist row"><${Bar} percent=${run.progress.percent} /><span class="clip quiet" dir="auto">${firstLine(run.progress.message)}</span></span>`;
    return null;
  }
  if (run.state === "cancelled" && run.cancel_reason) return html`<span class="clip gist quiet" dir="auto">${firstLine(run.cancel_reason)}</span>`;
  if (run.state === "scheduled") return html`<span class="gist quiet">Starts <${Time} at=${run.due_at} /></span>`;
  if (run.wait_reason) return html`<span class="clip gist quiet">${waitText(run.wait_reason)}</span>`;
  return null;
}

/** @param {{ percent: number | null, label?: string }} props */
export function Bar({ percent, label }) {
  if (percent === null || percent === undefined) return null;
  const shown = Math.round(percent);
  return html`<span class="bar" role="progressbar" aria-valuenow=${shown} aria-valuemin="0" aria-valuemax="100" aria-label=${label ?? "Progress"}><span style=${{ width: `${shown}%` }}></span></span><span class="num small quiet bar-number">${shown} %</span>`;
}

/** How long it took, or runs already; of what waits, how long since it was due.
 * @param {{ run: AnyRun }} props */
export function RunTime({ run }) {
  if (!run.started_at) return html`<span class="faint">–</span>`;
  if (run.state === "running") return html`<${Elapsed} from=${run.started_at} />`;
  if (isFinal(run.state)) return html`<${Elapsed} from=${run.started_at} to=${run.finished_at} />`;
  return html`<span class="faint">–</span>`;
}

/** The newest runs that match: new ones come and those that match no longer go, unless nothing may move.
 * @param {Record<string, unknown>} query
 * @param {string[]} topics */
export function useLatest(query, topics, isHeld = false) {
  const list = useList("v1/runs", { ...query, fields: "brief" }, { topics });
  const names = (/** @type {AnyRun[]} */ runs) => runs.map((run) => run.id).join();
  const isOld = list.answer !== null && names(list.answer.data) !== names(list.rows);
  useLayoutEffect(() => {
    if (isOld && !isHeld) list.showFresh();
  }, [isOld, isHeld, list.answer]);
  return list;
}

/** @type {Map<string, import("../kit/table.js").Column[]>} */
const made = new Map();

/** Columns of a list of runs: the same object for the same choice. @returns {import("../kit/table.js").Column[]} */
export function runColumns({ withType = true, withKey = false, withQueue = true, withAttempt = true } = {}) {
  const choice = [withType, withKey, withQueue, withAttempt].join();
  let columns = made.get(choice);
  if (!columns) made.set(choice, (columns = makeColumns(withType, withKey, withQueue, withAttempt)));
  return columns;
}

/** @param {boolean} withType @param {boolean} withKey @param {boolean} withQueue @param {boolean} withAttempt
 * @returns {import("../kit/table.js").Column[]} */
function makeColumns(withType, withKey, withQueue, withAttempt) {
  /** @type {(import("../kit/table.js").Column | false)[]} */
  const columns = [
    ...(withType ? [{ title: "Job type", width: "1%", cell: (/** @type {AnyRun} */ run) => html`<a data-open href=${to(`runs/${run.id}`)} class="clip type-link">${run.job_type}</a>` }] : []),
    { title: "Run", width: "1%", name: "run-which", ...(withType ? { drop: /** @type {const} */ ("between") } : {}), cell: (run) => html`<a class="soft mono run-id" data-open=${withType ? null : ""} href=${to(`runs/${run.id}`)} tabindex=${withType ? "-1" : null}>${run.id}</a>` },
    { title: "State", width: "7.5rem", name: "run-state", cell: (run) => html`<${State} state=${run.state} cancelling=${run.cancel_requested} />` },
    { title: "What", wide: true, hideTitle: true, cell: (run) => html`<${Gist} run=${run} />` },
    withKey && { title: "Key", drop: "middle", width: "1%", cell: (/** @type {AnyRun} */ run) => run.key && html`<span class="clip key-cell quiet" dir="auto">${run.key}</span>` },
    withQueue && { title: "Queue", drop: "middle", width: "1%", cell: (/** @type {AnyRun} */ run) => html`<span class="clip key-cell quiet">${run.queue}</span>` },
    withAttempt && { title: "Attempt", align: /** @type {const} */ ("end"), drop: "middle", width: "1%", cell: (/** @type {AnyRun} */ run) => (run.attempt ? html`<span class="quiet">${run.attempt} <span class="faint">of ${run.max_attempts}</span></span>` : html`<span class="faint">–</span>`) },
    { title: "Took", align: "end", width: "5.5rem", name: "run-took", cell: (run) => html`<${RunTime} run=${run} />` },
    { title: "Created", align: "end", width: "6.5rem", name: "run-created", cell: (run) => html`<span class="quiet"><${Time} at=${run.created_at} /></span>` },
  ];
  return columns.filter((column) => column !== false);
}
