/** What the pages of a queue, a job type and a schedule share. */
import { html } from "../vendor/preact.js";
import { to } from "../core/base.js";
import { digest } from "../core/live.js";
import { useList } from "../core/read.js";
import { Skeleton } from "../kit/empty.js";
import { Section } from "../kit/page.js";
import { Badge } from "../kit/state.js";
import { Table } from "../kit/table.js";
import { Time } from "../kit/time.js";
import { runColumns, useLatest } from "./run-parts.js";

/** What defined a thing, in words. @type {Record<string, string>} */
export const SOURCES = { code: "a worker's code", config: "an applied configuration", api: "the API" };

const LATEST = 8;
const NAMED = 8;

/** @param {{ name: string, text: any, note?: string, href?: string, tone?: string }} props */
export function Tile({ name, text, note, href, tone = "" }) {
  const inside = html`<span class="tile-name">${name}</span><span class=${`tile-value ${tone}`}>${text}</span>${note !== undefined && html`<span class="tile-note">${note || "\u00a0"}</span>`}`;
  return href ? html`<a class="tile" href=${href}>${inside}</a>` : html`<div class="tile">${inside}</div>`;
}

/** The newest runs that match, and the way to all of them.
 * @param {{ title: string, query: Record<string, any>, topics: string[], none: string, withType?: boolean, withQueue?: boolean }} props */
export function LatestRuns({ title, query, topics, none, withType = true, withQueue = true }) {
  const list = useLatest({ ...query, limit: LATEST }, topics);
  return html`<${Section} title=${title} flush=${true} aside=${html`<a class="small" href=${to("runs", query)} aria-label=${`All: ${title}`}>All</a>`}>
    ${list.loading ? html`<${Skeleton} lines=${4} />`
      : list.error && list.rows.length === 0 ? html`<p class="pad quiet small">${list.error.message}</p>`
      : list.rows.length === 0 ? html`<p class="pad faint small">${none}.</p>`
      : html`<${Table} caption=${title} columns=${runColumns({ withType, withQueue })} rows=${list.rows} id=${(/** @type {any} */ run) => run.id} stale=${list.stale} />`}
  <//>`;
}

/** The connected workers that serve something. @param {{ serves: (worker: any) => boolean }} props */
export function Servers({ serves }) {
  const { rows, loading, next } = useList("v1/workers", { limit: 200 }, { topics: ["workers"] });
  const found = rows.filter(serves);
  if (loading) return html`<span class="faint small">…</span>`;
  if (found.length === 0) return html`<${Badge} tone="bad" icon="warning">No worker that is here<//>`;
  return html`<ul class="lines">
    ${found.slice(0, NAMED).map((worker) => html`<li key=${worker.id} class="row between"><a class="clip" href=${to("workers")} dir="auto">${worker.name}</a><span class="faint small nowrap">heard <${Time} at=${worker.seen_at} /></span></li>`)}
    ${(found.length > NAMED || next) && html`<li class="small"><a href=${to("workers")}>and ${found.length > NAMED ? `${found.length - NAMED} more` : "others"}</a></li>`}</ul>`;
}

/** Runs of a job type by state, as far as the live digest has room for it; null: it has not.
 * @param {string} name
 * @returns {Record<string, number> | null} */
export function countsOf(name) {
  const frame = digest.value;
  if (!frame) return null;
  /** @type {Record<string, number>} */
  const sums = {};
  for (const lane of frame.lanes ?? []) {
    if (lane.job_type !== name) continue;
    for (const [state, count] of Object.entries(lane.counts)) sums[state] = (sums[state] ?? 0) + Number(count);
  }
  return frame.other ? null : sums;
}

/** How it is executed, in a word. @param {{ type: any }} props */
export function HandlerBadge({ type }) {
  return type.handler.kind === "http" ? html`<${Badge} icon="link" title=${type.handler.url}>HTTP<//>` : html`<${Badge} icon="workers">Worker<//>`;
}
