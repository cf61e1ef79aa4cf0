import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { digest } from "../core/live.js";
import { useList, useRead } from "../core/read.js";
import { duration, number } from "../core/text.js";
import { Failure, Skeleton } from "../kit/empty.js";
import { shownLater } from "../kit/later.js";
import { Facts, Page, Section } from "../kit/page.js";
import { Badge, capital } from "../kit/state.js";
import { Tabs } from "../kit/tabs.js";
import { Time } from "../kit/time.js";
import { query } from "../core/router.js";
import { HandlerBadge, LatestRuns, SOURCES, Servers, Tile, countsOf } from "./definition-parts.js";
import { History } from "./history.js";
import { TypeActions } from "./job-type-actions.js";

const Definition = shownLater(() => import("./job-type-definition.js"), (module) => module.Definition);
const Versions = shownLater(() => import("./job-type-definition.js"), (module) => module.Versions);

const CRUMBS = [{ href: to("job-types"), text: "Job types" }];
/** @type {[import("../kit/state.js").RunState, string][]} */
const TILES = [["scheduled", ""], ["queued", ""], ["running", ""], ["retrying", ""], ["completed", ""], ["failed", ""]];
const VIEWS = [["", "Overview"], ["definition", "Definition"], ["versions", "Versions"]];

/** @param {{ name: string }} props */
export default function JobTypePage({ name }) {
  const { data: type, error, stale, reload } = useRead(`v1/job-types/${part(name)}`, {}, { topics: ["job_types"] });
  if (!type) return html`<${Page} title=${name} crumbs=${CRUMBS}>${error ? html`<${Failure} error=${error} what="job type" retry=${reload} />` : html`<${Skeleton} />`}<//>`;
  const view = query.value.get("view") ?? "";
  const tabs = VIEWS.map(([value, text]) => ({ text, href: to(`job-types/${part(name)}`, { view: value }), current: value === view, count: value === "versions" ? type.version : undefined }));
  return html`<${Page} title=${type.name} crumbs=${CRUMBS}
    heading=${html`<span class="row wrap gap-3">${type.name}${type.paused && html`<${Badge} tone="warn" icon="pause">Paused<//>`}<${HandlerBadge} type=${type} /></span>`}
    sub=${type.description && html`<p class="lead" dir="auto">${type.description}</p>`}
    actions=${html`<${TypeActions} type=${type} reload=${reload} />`}>
    <${Tabs} label="About the job type" tabs=${tabs} />
    <div class=${stale ? "is-stale" : ""}>
      ${view === "versions" ? html`<${Versions} type=${type} />` : view === "definition" ? html`<${Definition} type=${type} />` : html`<${Summary} type=${type} />`}
    </div>
  <//>`;
}

/** @param {{ type: any }} props */
function Summary({ type }) {
  return html`<div class="page">
    <div class="tiles">${TILES.map(([state]) => html`<${StateTile} key=${state} name=${type.name} state=${state} />`)}</div>
    <${History} jobType=${type.name} withDurations=${true} />
    <div class="run-page">
      <div class="stack gap-5">
        <${LatestRuns} title="Latest runs" query=${{ job_type: type.name }} topics=${["runs"]} withType=${false} none="It has not been dispatched yet" />
        <${LatestRuns} title="Latest failures" query=${{ job_type: type.name, state: "failed" }} topics=${["runs:failed"]} withType=${false} none="No run of it has failed" />
      </div>
      <aside class="stack gap-5" aria-label="About this job type">
        <${Section} title="In short" bare=${true}><${Facts} items=${inShort(type)} /><//>
        ${type.handler.kind === "worker" && html`<${Section} title="Served by" bare=${true}><${Servers} serves=${(/** @type {any} */ worker) => worker.job_types.includes(type.name) && (worker.queues === null || worker.queues.includes(type.queue))} /><//>`}
        <${Section} title="Schedules" bare=${true}><${SchedulesOf} name=${type.name} /><//>
        <${Section} title="Webhooks" bare=${true}><${WebhooksOf} type=${type} /><//>
      </aside>
    </div></div>`;
}

/** @param {any} type @returns {[string, any][]} */
const inShort = (type) => [
  ["Queue", html`<a href=${to(`queues/${part(type.queue)}`)}>${type.queue}</a>`],
  ["Attempts", number(type.retry.max_attempts)],
  ["Timeout", duration(type.timeout_seconds)],
  ["Concurrency", type.concurrency && `${number(type.concurrency)} at a time`],
  ["Priority", type.priority === 0 ? "" : String(type.priority)],
  ["Kept for", duration(type.retention_seconds)],
  ["Tags", type.tags.length > 0 && html`<span class="row wrap gap-1">${type.tags.map((/** @type {string} */ tag) => html`<span class="badge" key=${tag} dir="auto"><span>${tag}</span></span>`)}</span>`],
  ["Defined by", SOURCES[type.source] ?? type.source],
  ["Changed", html`<${Time} at=${type.updated_at} />`],
];

/** One count: the digest's, or where that has no room for all job types one that is read. @param {{ name: string, state: import("../kit/state.js").RunState }} props */
function StateTile({ name, state }) {
  const counts = countsOf(name);
  const { data } = useRead(digest.value && !counts ? "v1/runs/count" : null, { job_type: name, state }, { topics: [`runs:${state}`] });
  const text = counts ? number(counts[state] ?? 0) : data ? `${number(data.count)}${data.at_least ? "+" : ""}` : "…";
  return html`<${Tile} name=${capital(state)} text=${text} href=${to("runs", { job_type: name, state })} />`;
}

/** @param {{ name: string }} props */
function SchedulesOf({ name }) {
  const { rows, loading } = useList("v1/schedules", { limit: 200 }, { topics: ["schedules"] });
  const found = rows.filter((schedule) => schedule.job_type === name);
  if (loading) return html`<span class="faint small">…</span>`;
  if (found.length === 0) return html`<span class="faint small">None makes runs of it.</span>`;
  return html`<ul class="lines">${found.map((one) => html`<li class="row between" key=${one.name}><a class="clip" href=${to(`schedules/${part(one.name)}`)}>${one.name}</a>
    <span class="faint small nowrap">${one.paused ? "paused" : html`<${Time} at=${one.next_fire_at} none="is over" />`}</span></li>`)}</ul>`;
}

/** @param {string[] | null} patterns @param {string} name */
const fits = (patterns, name) => patterns === null || patterns.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : one === name));

/** @param {{ type: any }} props */
function WebhooksOf({ type }) {
  const { rows, loading, error } = useList("v1/webhooks", { limit: 200 }, { topics: ["webhooks"] });
  const found = rows.filter((webhook) => fits(webhook.job_types, type.name) && fits(webhook.queues, type.queue));
  if (loading) return html`<span class="faint small">…</span>`;
  if (error || found.length === 0) return html`<span class="faint small">${error ? error.message : "None is told of it."}</span>`;
  return html`<ul class="lines">${found.map((one) => html`<li class="row between" key=${one.name}><a class="clip" href=${to(`webhooks/${part(one.name)}`)}>${one.name}</a>
    <span class="faint small nowrap">${one.enabled ? "" : "disabled"}</span></li>`)}</ul>`;
}
