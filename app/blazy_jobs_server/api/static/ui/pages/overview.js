import { html } from "../vendor/preact.js";
import { to } from "../core/base.js";
import { useList, useRead } from "../core/read.js";
import { brief, duration, number, plural } from "../core/text.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Icon } from "../kit/icons.js";
import { Page, Section } from "../kit/page.js";
import { Table } from "../kit/table.js";
import { runColumns } from "./run-parts.js";
import { FirstRun } from "./runs.js";

export default function Overview() {
  const stats = useRead("v1/stats", {}, { topics: ["runs"], every: 10_000 });
  const queues = useRead("v1/queues", { limit: 200 }, { topics: ["queues", "runs"] });
  if (!stats.data) return html`<${Page} title="Overview">${stats.error ? html`<${Failure} error=${stats.error} what="the overview" retry=${stats.reload} />` : html`<${Skeleton} />`}<//>`;
  const counts = stats.data.counts;
  const isEmpty = Object.values(counts).every((count) => count === 0);
  if (isEmpty) return html`<${Page} title="Overview"><${FirstRun} /><//>`;
  return html`<${Page} title="Overview">
    <${Attention} stats=${stats.data} queues=${queues.data?.data ?? []} />
    <${Tiles} stats=${stats.data} />
    <${Recent} title="Running now" state="running" />
    <${Recent} title="Latest failures" state="failed" />
  <//>`;
}

/** What an operator should look at first. @param {{ stats: any, queues: any[] }} props */
function Attention({ stats, queues }) {
  const items = [];
  if (stats.workers === 0) items.push({ icon: "workers", tone: "bad", text: "No worker is connected: nothing starts.", href: to("runs", { state: "queued" }) });
  for (const queue of queues.filter((one) => one.paused)) {
    items.push({ icon: "pause", tone: "warn", text: html`Queue <strong>${queue.name}</strong> is paused, ${plural(queue.counts.queued, "run")} waiting.`, href: to("runs", { state: "queued", queue: queue.name }) });
  }
  if (items.length === 0) return html`<div class="all-well"><${Icon} name="completed" /><span>Nothing needs attention.</span></div>`;
  return html`<${Section} title="Needs attention" flush=${true}><ul class="attention">${items.map((item, index) => html`
    <li key=${index} data-tone=${item.tone}><a href=${item.href}><${Icon} name=${item.icon} /><span class="grow">${item.text}</span><${Icon} name="chevron" size=${14} /></a></li>`)}</ul><//>`;
}

/** @param {{ stats: any }} props */
function Tiles({ stats }) {
  const { counts } = stats;
  const waiting = counts.queued + counts.retrying;
  return html`<div class="tiles">
    <${Tile} href=${to("runs", { state: "running" })} name="Running" value=${counts.running} />
    <${Tile} href=${to("runs", { state: ["queued", "retrying"] })} name="Waiting" value=${waiting} note=${counts.scheduled ? `${brief(counts.scheduled)} scheduled` : ""} />
    <${Tile} href=${to("runs", { state: "completed" })} name="Finished in the last minute" value=${stats.finished_last_minute} />
    <${Tile} href=${to("runs", { state: "failed" })} name="Failed" value=${counts.failed} />
    <${Tile} name="Wait, median" text=${stats.waited.p50_seconds === null ? "–" : duration(stats.waited.p50_seconds)} note=${stats.waited.p99_seconds === null ? "" : `p99 ${duration(stats.waited.p99_seconds)}`} />
  </div>`;
}

/** @param {{ name: string, value?: number, text?: string, note?: string, href?: string }} props */
function Tile({ name, value, text, note, href }) {
  const inside = html`<span class="tile-name">${name}</span><span class="tile-value" title=${value === undefined ? null : number(value)}>${text ?? (value !== undefined && value >= 100_000 ? brief(value) : number(value ?? 0))}</span><span class="tile-note">${note || "\u00a0"}</span>`;
  return href ? html`<a class="tile" href=${href}>${inside}</a>` : html`<div class="tile">${inside}</div>`;
}

/** @param {{ title: string, state: string }} props */
function Recent({ title, state }) {
  const list = useList("v1/runs", { state, limit: 5 }, { topics: ["runs"], id: (run) => run.id });
  const rows = list.fresh > 0 ? list.answer.data : list.rows;
  return html`<${Section} title=${title} flush=${true} aside=${html`<a class="small" href=${to("runs", { state })}>All</a>`}>
    ${list.loading ? html`<${Skeleton} lines=${3} />` : rows.length === 0 ? html`<${Empty} icon=${state} title=${state === "running" ? "Nothing runs right now" : "No run has failed"} />`
      : html`<${Table} caption=${title} columns=${runColumns()} rows=${rows} id=${(/** @type {any} */ run) => run.id} stale=${list.stale} />`}
  <//>`;
}
