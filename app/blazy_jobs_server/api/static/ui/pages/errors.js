import { html, useMemo } from "../vendor/preact.js";
import { get, part } from "../core/api.js";
import { to } from "../core/base.js";
import { query } from "../core/router.js";
import { useList, useRead } from "../core/read.js";
import { firstLine, number } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Filters, clear } from "../kit/filters.js";
import { Page } from "../kit/page.js";
import { Spark } from "../kit/spark.js";
import { Fresh, More, Table } from "../kit/table.js";
import { Tabs } from "../kit/tabs.js";
import { Time } from "../kit/time.js";
import { GroupMenu } from "./error-actions.js";

const PAGE = 50;
const BUCKETS = 24;
const SPARK_READS_MS = 20_000;

/** @type {import("../kit/filters.js").Filter[]} */
const FILTERS = [
  { name: "job_type", title: "Job type", suggest: async () => (await get("v1/job-types", { limit: 200 })).data.map((/** @type {any} */ one) => one.name) },
  { name: "queue", title: "Queue", suggest: async () => (await get("v1/queues", { limit: 200 })).data.map((/** @type {any} */ one) => one.name) },
];

export default function Errors() {
  const state = query.value.get("state") === "retrying" ? "retrying" : "failed";
  const filter = { job_type: query.value.get("job_type"), queue: query.value.get("queue") };
  const list = useList("v1/errors", { state, ...filter, limit: PAGE }, { topics: ["errors", `runs:${state}`], id: (group) => group.group });
  const sparks = useSparks(state, filter);
  const tab = (/** @type {string} */ name, /** @type {string} */ text) => ({ href: to("errors", { ...filter, state: name === "failed" ? null : name }), text, current: state === name });
  return html`<${Page} title="Errors" sub="Failures of the same kind, as work to be done: replay or resolve them, one by one or all.">
    <div class="stack">
      <${Tabs} label="Errors by state" tabs=${[tab("failed", "Failed"), tab("retrying", "Being retried")]} />
      <${Filters} filters=${FILTERS} />
    </div>
    <div class="panel flush">
      <${Fresh} count=${list.fresh} one="error" most=${PAGE} onClick=${list.showFresh} />
      ${list.loading ? html`<${Skeleton} lines=${8} height="3.5rem" />`
        : list.error && list.rows.length === 0 ? html`<${Failure} error=${list.error} what="errors" retry=${list.reload} />`
        : list.rows.length === 0 ? html`<${None} state=${state} isFiltered=${Boolean(filter.job_type || filter.queue)} />`
        : html`<${Table} caption="Errors, the latest first" columns=${columns(state, sparks, list.reload)} rows=${list.rows} id=${(/** @type {any} */ group) => group.group} stale=${list.stale} />
          <${More} list=${list} one="kind" />`}
    </div>
  <//>`;
}

/** @param {{ state: string, isFiltered: boolean }} props */
function None({ state, isFiltered }) {
  if (isFiltered) return html`<${Empty} icon="filter" title="No error matches" actions=${html`<${Button} onClick=${() => clear(FILTERS)}>Clear the filters<//>`} />`;
  return html`<${Empty} icon="completed" title=${state === "failed" ? "No failure is open" : "Nothing is being retried"}>${state === "failed" ? "Failed runs appear here until they are replayed or resolved." : ""}<//>`;
}

/** @param {string} state @param {Map<string, number[]>} sparks @param {() => void} reload
 * @returns {import("../kit/table.js").Column[]} */
function columns(state, sparks, reload) {
  return [
    { title: "Error", wide: true, cell: (group) => html`<span class="cell-2"><a data-open class="clip" href=${to(`errors/${part(group.group)}`)}>${group.type || group.code}</a><span class="clip quiet" dir="auto">${firstLine(group.message)}</span></span>` },
    { title: "Job types", drop: "middle", width: "1%", cell: (group) => html`<span class="quiet clip type-link">${group.job_types.slice(0, 2).join(", ")}${group.job_types.length > 2 ? ` and ${group.job_types.length - 2} more` : ""}</span>` },
    { title: "Lately", drop: "narrow", width: "7rem", cell: (group) => sparks.has(group.group) && html`<${Spark} tone="bad" values=${sparks.get(group.group)} label=${`${group.count} failures, when the latest were`} />` },
    { title: "Runs", align: "end", width: "1%", cell: (group) => html`<strong>${number(group.count)}</strong>` },
    { title: "First", align: "end", drop: "middle", width: "6rem", cell: (group) => html`<span class="quiet"><${Time} at=${group.first_at} /></span>` },
    { title: "Last", align: "end", width: "6rem", cell: (group) => html`<span class="quiet"><${Time} at=${group.last_at} /></span>` },
    { title: "Actions", hideTitle: true, actions: true, width: "1%", cell: (group) => html`<${GroupMenu} group=${group} state=${state} reload=${reload} />` },
  ];
}

/** When the latest failures of each kind were, from one list of them.
 * @param {string} state @param {Record<string, string | null>} filter
 * @returns {Map<string, number[]>} */
function useSparks(state, filter) {
  const { data } = useRead("v1/runs", { state, ...filter, fields: "brief", limit: 200 }, { every: SPARK_READS_MS });
  return useMemo(() => {
    const runs = (data?.data ?? []).filter((/** @type {any} */ run) => run.error?.group);
    return bucketed(runs.map((/** @type {any} */ run) => ({ group: run.error.group, at: new Date(run.finished_at ?? run.started_at ?? run.created_at).getTime() })));
  }, [data]);
}

/** @param {{ group: string, at: number }[]} failures
 * @returns {Map<string, number[]>} by group, as many in each of equal spans of time, up to now */
export function bucketed(failures) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  const from = Math.min(...failures.map(({ at }) => at));
  const span = Math.max(1, Date.now() - from);
  for (const { group, at } of failures) {
    const counts = found.get(group) ?? Array.from({ length: BUCKETS }, () => 0);
    counts[Math.min(BUCKETS - 1, Math.floor(((at - from) / span) * BUCKETS))] += 1;
    found.set(group, counts);
  }
  return found;
}

