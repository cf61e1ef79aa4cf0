import { html, useComputed, useRef, useState } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { now } from "../core/clock.js";
import { digest } from "../core/live.js";
import { kept, memo } from "../core/memo.js";
import { useRead } from "../core/read.js";
import { brief, duration, firstLine, number, plural } from "../core/text.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Icon } from "../kit/icons.js";
import { Page, Section } from "../kit/page.js";
import { capital } from "../kit/state.js";
import { Table } from "../kit/table.js";
import { Time } from "../kit/time.js";
import { runColumns, useLatest } from "./run-parts.js";
import { History } from "./history.js";
import { FirstRun } from "./first-run.js";

/** From when on a due run is late enough to be told first. */
const LATE_SECONDS = 60;
const LANES = 8;

export default function Overview() {
  const stats = useRead("v1/stats", {}, { every: 10_000 });
  const isEmpty = useComputed(() => digest.value && Object.values(digest.value.counts).every((count) => count === 0)).value;
  if (!stats.data) {
    return html`<${Page} title="Overview">${stats.error ? html`<${Failure} error=${stats.error} what="the overview" retry=${stats.reload} />` : html`<${Skeleton} />`}<//>`;
  }
  if (isEmpty ?? Object.values(stats.data.counts).every((count) => count === 0)) return html`<${Page} title="Overview"><${FirstRun} /><//>`;
  return html`<${Page} title="Overview">
    <${Attention} />
    <${Tiles} stats=${stats.data} />
    <${History} />
    <${Lanes} />
    <${Recent} title="Running now" state="running" />
    <${Recent} title="Latest failures" state="failed" />
  <//>`;
}

/** What an operator should look at first, the worst first.
 * @param {import("blazy-jobs").Digest} frame
 * @param {number} present
 * @returns {{ key: string, icon: string, tone: string, text: any, href: string, at?: string | null }[]} */
function concerns(frame, present) {
  const found = [];
  const waiting = frame.queues.reduce((sum, queue) => sum + queue.queued, 0);
  if (frame.workers.connected === 0 && waiting > 0) {
    found.push({ key: "workers", icon: "workers", tone: "bad", text: `No worker is connected: ${plural(waiting, "run")} cannot start.`, href: to("workers") });
  }
  for (const queue of frame.queues) {
    const href = to(`queues/${part(queue.name)}`);
    const late = queue.oldest_due_at ? (present - new Date(queue.oldest_due_at).getTime()) / 1000 : 0;
    const name = html`<strong>${queue.name}</strong>`;
    if (queue.paused) {
      found.push({ key: `paused ${queue.name}`, icon: "pause", tone: "warn", text: html`Queue ${name} is paused: ${plural(queue.queued, "run")} waiting.`, href, at: queue.oldest_due_at });
    } else if (queue.unserved > 0) {
      found.push({ key: `unserved ${queue.name}`, icon: "workers", tone: "bad", text: html`No worker serves ${plural(queue.unserved, "run")} in ${name}.`, href, at: queue.oldest_due_at });
    } else if (late > LATE_SECONDS) {
      found.push({ key: `late ${queue.name}`, icon: "scheduled", tone: "warn", text: html`Queue ${name} is ${duration(late)} behind: ${plural(queue.queued, "run")} waiting.`, href, at: queue.oldest_due_at });
    }
  }
  for (const error of frame.new_errors) {
    found.push({ key: error.group, icon: "errors", tone: "bad", text: html`New error in <strong>${error.job_type}</strong>: <span dir="auto">${error.type || error.code}, ${firstLine(error.message, 160)}</span>`, href: to(`errors/${part(error.group)}`), at: error.first_at });
  }
  return found;
}

const Attention = memo(function Attention() {
  const frame = digest.value;
  if (!frame) return null;
  const items = concerns(frame, now.value);
  if (items.length === 0) return html`<div class="all-well"><${Icon} name="completed" /><span>Nothing needs attention.</span></div>`;
  return html`<${Section} title="Needs attention" flush=${true}><ul class="attention">${items.map((item) => html`
    <li key=${item.key} data-tone=${item.tone}><a href=${item.href}><${Icon} name=${item.icon} /><span class="grow clip">${item.text}</span>
      ${item.at && html`<span class="faint small"><${Time} at=${item.at} /></span>`}<${Icon} name="chevron" size=${14} /></a></li>`)}</ul><//>`;
});

/** @param {{ stats: any }} props */
function Tiles({ stats }) {
  const frame = digest.value;
  const counts = frame?.counts ?? stats.counts;
  const { connected = stats.workers, slots = 0, busy = 0 } = frame?.workers ?? {};
  return html`<div class="tiles">
    <${Tile} href=${to("runs", { state: "running" })} name="Running" value=${counts.running} note=${slots ? `${number(busy)} of ${plural(slots, "slot")} busy` : ""} />
    <${Tile} href=${to("runs", { state: ["queued", "retrying"] })} name="Waiting" value=${counts.queued + counts.retrying} note=${counts.scheduled ? `and ${brief(counts.scheduled)} scheduled` : ""} />
    <${Tile} href=${to("runs", { state: "completed" })} name="Completed a minute" text=${rate(frame?.rates.completed, stats.finished_last_minute)} note=${`${brief(counts.completed)} kept`} />
    <${Tile} href=${to("runs", { state: "failed" })} name="Failed a minute" text=${rate(frame?.rates.failed, 0)} note=${`${brief(counts.failed)} kept`} tone=${frame && frame.rates.failed > 0 ? "bad" : ""} />
    <${Tile} name="Wait, median" text=${stats.waited.p50_seconds === null ? "–" : duration(stats.waited.p50_seconds)} note=${stats.waited.p99_seconds === null ? "in the last minute" : `p99 ${duration(stats.waited.p99_seconds)}`} />
    <${Tile} href=${to("workers")} name="Workers" value=${connected} note=${frame?.workers.draining ? `${frame.workers.draining} draining` : "connected"} />
  </div>`;
}

/** @param {number | undefined} aSecond @param {number} otherwise */
function rate(aSecond, otherwise) {
  if (aSecond === undefined) return number(otherwise);
  const value = aSecond * 60;
  return value >= 100_000 ? brief(value) : number(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
}

/** @param {{ name: string, value?: number, text?: string, note?: string, href?: string, tone?: string }} props */
function Tile({ name, value, text, note, href, tone = "" }) {
  const inside = html`<span class="tile-name">${name}</span><span class=${`tile-value ${tone}`} title=${value === undefined ? null : number(value)}>${text ?? (value !== undefined && value >= 100_000 ? brief(value) : number(value ?? 0))}</span><span class="tile-note">${note || "\u00a0"}</span>`;
  return href ? html`<a class="tile" href=${href}>${inside}</a>` : html`<div class="tile">${inside}</div>`;
}

const COLUMNS = [
  { title: "Job type", wide: true, cell: (/** @type {any} */ lane) => html`<a data-open class="clip" href=${to("runs", { job_type: lane.job_type, queue: lane.queue })}>${lane.job_type}</a>` },
  { title: "Queue", width: "1%", cell: (/** @type {any} */ lane) => html`<span class="clip key-cell quiet">${lane.queue}</span>` },
  count("queued"), count("running"), count("retrying"), count("completed"), count("failed", "bad"),
];

/** @param {import("../kit/state.js").RunState} state */
function count(state, tone = "") {
  return {
    title: capital(state), align: /** @type {const} */ ("end"), width: "6.5rem",
    cell: (/** @type {any} */ lane) => (lane.counts[state]
      ? html`<a class=${`soft ${tone}`} href=${to("runs", { state, job_type: lane.job_type, queue: lane.queue })}>${number(lane.counts[state])}</a>`
      : html`<span class="faint">–</span>`),
  };
}

const nameOf = (/** @type {any} */ lane) => `${lane.job_type} ${lane.queue}`;

const Lanes = memo(function Lanes() {
  const frame = digest.value;
  const [isWhole, setWhole] = useState(false);
  const steady = useSteady(frame?.lanes ?? []);
  if (!frame || steady.length === 0) return null;
  const lanes = isWhole ? steady : steady.slice(0, LANES);
  const left = frame.lanes.length - lanes.length + (frame.other?.lanes ?? 0);
  return html`<${Section} title="Job types" flush=${true} aside=${left > 0 && frame.lanes.length > LANES && html`<button type="button" class="link small" onClick=${() => setWhole(!isWhole)}>${isWhole ? "Fewer" : `${plural(left, "more")}`.replace("mores", "more")}</button>`}>
    <${Table} caption="Runs by job type" columns=${COLUMNS} rows=${lanes} id=${nameOf} /><//>`;
});

/** Whether the pointer or the focus is in a part of the page: nothing moves there then.
 * @returns {[boolean, Record<string, () => void>]} */
function useTouched() {
  const [isTouched, setTouched] = useState(false);
  const [on, off] = [() => setTouched(true), () => setTouched(false)];
  return [isTouched, { onMouseEnter: on, onMouseLeave: off, onFocusIn: on, onFocusOut: off }];
}

/** Lanes in the order in which they were first seen: the digest's is by what happens just now. Those in which nothing
 * has changed are the same objects as before. @param {any[]} lanes */
function useSteady(lanes) {
  const seen = useRef(/** @type {Map<string, any>} */ (new Map()));
  const found = new Map(lanes.map((lane) => [nameOf(lane), lane]));
  for (const [name, lane] of found) seen.current.set(name, kept(seen.current.get(name), lane));
  return [...seen.current].filter(([name]) => found.has(name)).map(([, lane]) => lane);
}

/** @param {{ title: string, state: string }} props */
const Recent = memo(function Recent({ title, state }) {
  const [isTouched, touch] = useTouched();
  const list = useLatest({ state, limit: 5 }, [`runs:${state}`], isTouched); // rows of the same height: what is under them does not move
  return html`<div ...${touch}><${Section} title=${title} flush=${true} aside=${html`<a class="small" href=${to("runs", { state })}>All ${state}</a>`}>
    ${list.loading ? html`<${Skeleton} lines=${5} />` : list.rows.length === 0 ? html`<${Empty} icon=${state} title=${state === "running" ? "Nothing runs right now" : "No run has failed"} />`
      : html`<${Table} caption=${title} columns=${runColumns()} rows=${list.rows} id=${(/** @type {any} */ run) => run.id} stale=${list.stale} />`}
  <//></div>`;
});
