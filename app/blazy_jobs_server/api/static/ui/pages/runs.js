import { html, useState } from "../vendor/preact.js";
import { get } from "../core/api.js";
import { to } from "../core/base.js";
import { query } from "../core/router.js";
import { digest } from "../core/live.js";
import { useList, useRead } from "../core/read.js";
import { number, plural } from "../core/text.js";
import { may } from "../core/session.js";
import { Button } from "../kit/button.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Filters, clear } from "../kit/filters.js";
import { later } from "../kit/later.js";
import { Menu } from "../kit/menu.js";
import { Page } from "../kit/page.js";
import { STATES, capital, isFinal } from "../kit/state.js";
import { Fresh, More, Table, useHoldWhileSelected } from "../kit/table.js";
import { Tabs } from "../kit/tabs.js";
import { FirstRun } from "./first-run.js";
import { Histogram } from "./history.js";
import { runColumns } from "./run-parts.js";
import { BulkBar } from "./runs-bulk.js";

const askBulk = later(() => import("./bulk-ask.js"), (module) => module.askBulk);
const exportRuns = later(() => import("./runs-export.js"), (module) => module.exportRuns);

const PAGE = 50;
const COUNTS_EVERY_MS = 10_000;
const CODES = ["handler_error", "timeout", "crashed", "lease_lost", "non_retryable", "expired", "invalid_payload", "invalid_result", "http_status", "blocked_destination"];
const SEARCH = { name: "q", label: "Search in payload, result, error, tags and metadata", placeholder: "Search payload, result, error, tags…" };
const namesOf = (/** @type {string} */ path) => async () => (await get(path, { limit: 200 })).data.map((/** @type {{ name: string }} */ one) => one.name);

/** @type {import("../kit/filters.js").Filter[]} */
export const FILTERS = [
  { name: "job_type", title: "Job type", suggest: namesOf("v1/job-types") },
  { name: "queue", title: "Queue", suggest: namesOf("v1/queues") },
  { name: "tag", title: "Tag" },
  { name: "schedule", title: "Schedule", suggest: namesOf("v1/schedules") },
  { name: "worker_id", title: "Worker", placeholder: "wrk_…" },
  { name: "error_code", title: "Error code", suggest: async () => CODES },
  { name: "error_group", title: "Error group" },
  { name: "resolved", title: "Resolved", kind: "choice", options: [{ value: "false", text: "Not resolved" }, { value: "true", text: "Resolved" }] },
  { name: "attempt_min", title: "At least attempt", kind: "number" },
  { name: "id", title: "Id", placeholder: "run_…", many: true },
  { name: "created_after", title: "Created after", kind: "time" },
  { name: "created_before", title: "Created before", kind: "time" },
  { name: "finished_after", title: "Finished after", kind: "time" },
  { name: "finished_before", title: "Finished before", kind: "time" },
];

/** What the address asks for. */
function wanted() {
  /** @type {Record<string, string[]>} */
  const found = { state: query.value.getAll("state") };
  for (const { name } of [...FILTERS, SEARCH]) found[name] = query.value.getAll(name);
  return found;
}

export default function Runs() {
  const filter = wanted();
  const list = useList("v1/runs", { ...filter, fields: "brief", limit: PAGE }, { patch: true, settled: (run) => isFinal(run.state), topics: filter.state.length > 0 ? filter.state.map((state) => `runs:${state}`) : ["runs"] });
  const [selected, setSelected] = useState(/** @type {Set<string>} */ (new Set()));
  useHoldWhileSelected(selected);
  const isFiltered = Object.entries(filter).some(([name, values]) => name !== "state" && /** @type {string[]} */ (values).length > 0);
  return html`<${Page} title="Runs" actions=${html`<${ListActions} filter=${filter} isAll=${!isFiltered && filter.state.length === 0} selected=${selected} reload=${list.reload} />`}>
    <div class="stack">
      <${StateTabs} filter=${filter} isFiltered=${isFiltered} />
      <${Histogram} state=${filter.state} jobType=${filter.job_type[0]} queue=${filter.queue[0]} />
      <${Filters} filters=${FILTERS} search=${SEARCH}>${isFiltered && html`<${Matching} filter=${filter} />`}<//>
    </div>
    <div class="panel flush">
      <${Fresh} count=${list.fresh} one="run" most=${PAGE} onClick=${list.showFresh} />
      <${Content} list=${list} filter=${filter} isFiltered=${isFiltered} selected=${selected} onSelect=${setSelected} />
    </div>
    <${BulkBar} selected=${selected} rows=${list.rows} clear=${() => setSelected(new Set())} reload=${list.reload} />
  <//>`;
}

/** @param {{ filter: Record<string, string[]>, isAll: boolean, selected: Set<string>, reload: () => void }} props */
function ListActions({ filter, isAll, selected, reload }) {
  const chosen = isAll ? { all: true } : { filter: bulkFilter(filter) };
  const act = (/** @type {import("./bulk-ask.js").BulkAction} */ action) => () => askBulk(action, chosen, reload);
  const save = (/** @type {"jsonl" | "csv"} */ kind) => () => exportRuns(kind, filter, [...selected]);
  return html`
    ${may("runs:write") && html`<${Menu} label="Act on all that match" text=${isAll ? "Act on all" : "Act on all that match"} items=${[
      { text: "Replay…", icon: "replay", onClick: act("replay") },
      { text: "Cancel…", icon: "cancelled", onClick: act("cancel") },
      { text: "Run now…", icon: "play", onClick: act("run_now") },
      { text: "Change priority…", icon: "priority", onClick: act("reprioritise") },
      { text: "Mark as resolved…", icon: "check", onClick: act("resolve") },
      { text: "Erase…", icon: "trash", danger: true, onClick: act("erase") },
    ]} />`}
    <${Menu} label="Export" text="Export" items=${[
      { text: selected.size > 0 ? "Selected, as JSON lines" : "As JSON lines", icon: "download", onClick: save("jsonl") },
      { text: selected.size > 0 ? "Selected, as CSV" : "As CSV", icon: "download", onClick: save("csv") },
    ]} />`;
}

/** The address's filters as a bulk operation takes them. @param {Record<string, string[]>} filter */
function bulkFilter(filter) {
  /** @type {Record<string, unknown>} */
  const found = {};
  for (const [name, values] of Object.entries(filter)) {
    if (values.length === 0) continue;
    if (name === "state" || name === "id") found[name] = values;
    else if (name === "resolved") found[name] = values[0] === "true";
    else if (name === "attempt_min") found[name] = Number(values[0]);
    else found[name] = values[0];
  }
  return found;
}

/** How many match: beyond what can be counted cheaply, at least so many. @param {{ filter: Record<string, string[]> }} props */
function Matching({ filter }) {
  const { data } = useRead("v1/runs/count", filter, { every: COUNTS_EVERY_MS });
  return data && data.count > 0 && html`<span class="small quiet num">${data.at_least ? `${number(data.count)} or more match` : data.count === 1 ? "1 run matches" : `${number(data.count)} runs match`}</span>`;
}

/** @param {{ list: any, filter: Record<string, any>, isFiltered: boolean, selected: Set<string>, onSelect: (selected: Set<string>) => void }} props */
function Content({ list, filter, isFiltered, selected, onSelect }) {
  if (list.loading) return html`<${Skeleton} lines=${12} />`;
  if (list.error && list.rows.length === 0) return html`<${Failure} error=${list.error} what="runs" retry=${list.reload} />`;
  const searched = list.answer?.searched;
  if (list.rows.length === 0 && searched && !searched.complete) {
    return html`<${Empty} icon="search" title="Nothing found so far" actions=${html`<${Button} kind="primary" busy=${list.loadingMore} onClick=${list.more}>Search further<//>`}>
      The newest ${plural(searched.runs, "run")} have been searched.<//>`;
  }
  if (list.rows.length === 0 && (isFiltered || filter.state.length > 0)) {
    return html`<${Empty} icon="filter" title=${filter.state.length === 1 && !isFiltered ? `No run is ${filter.state[0]}` : "No run matches"}
      actions=${html`<${Button} onClick=${() => clear([...FILTERS, { name: "state", title: "" }], "q")}>Show all runs<//>`} />`;
  }
  if (list.rows.length === 0) return html`<${FirstRun} />`;
  return html`<${Table} caption="Runs, newest first" columns=${runColumns({ withKey: list.rows.some((/** @type {any} */ run) => run.key) })} rows=${list.rows} id=${(/** @type {any} */ run) => run.id}
      selected=${selected} onSelect=${onSelect} stale=${list.stale} />
    ${searched && html`<p class="searched small quiet">${searched.complete ? `All ${plural(searched.runs, "run")} that may match have been searched.` : `The newest ${plural(searched.runs, "run")} have been searched so far.`}</p>`}
    <${More} list=${list} one="run" />`;
}

/** @param {{ filter: Record<string, any>, isFiltered: boolean }} props */
function StateTabs({ filter, isFiltered }) {
  const counts = isFiltered ? undefined : digest.value?.counts;
  const others = { ...filter, state: null };
  const current = filter.state.length === 1 ? filter.state[0] : filter.state.length === 0 ? "" : null;
  const tabs = STATES.map((state) => ({ href: to("runs", { ...others, state }), text: capital(state), count: counts?.[state], current: current === state }));
  return html`<${Tabs} label="Runs by state" tabs=${[{ href: to("runs", others), text: "All", current: current === "" }, ...tabs]} />`;
}
