import { html, useEffect, useMemo } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { HAS_TRACES, linksOf } from "../core/elsewhere.js";
import { useRead } from "../core/read.js";
import { useRunEvents } from "../core/run-events.js";
import { duration, plural } from "../core/text.js";
import { Copy } from "../kit/copy.js";
import { Failure, Skeleton } from "../kit/empty.js";
import { Json } from "../kit/json.js";
import { Log } from "../kit/log.js";
import { Facts, Page, Section } from "../kit/page.js";
import { Badge, State, isFinal } from "../kit/state.js";
import { Time } from "../kit/time.js";
import { Explain } from "./run-explain.js";
import { RunActions, actionsOn } from "./run-actions.js";
import { Bar, RunTime } from "./run-parts.js";
import { Changes, TimelineBar } from "./run-timeline.js";

const CRUMBS = [{ href: to("runs"), text: "Runs" }];

/** @param {{ id: string }} props */
export default function RunPage({ id }) {
  const { data: run, error, stale, reload } = useRead(`v1/runs/${part(id)}`, {}, {});
  if (!run) return html`<${Page} title="Run" crumbs=${CRUMBS}>${error ? html`<${Failure} error=${error} what="run" retry=${reload} />` : html`<${Skeleton} />`}<//>`;
  return html`<${Run} key=${run.id} run=${run} stale=${stale} reload=${reload} />`;
}

/** @param {{ run: any, stale: boolean, reload: () => void }} props */
function Run({ run, stale, reload }) {
  const { events } = useRunEvents(run.id);
  const lines = useMemo(() => events.filter((event) => event.type === "log").map((event) => ({ seq: event.seq, time: event.time, attempt: event.attempt, level: event.data.level, message: event.data.message, fields: event.data.fields })), [events]);
  const progress = latestProgress(events) ?? run.progress;
  const isOver = isFinal(run.state);
  const changes = useMemo(() => events.filter((event) => event.type !== "log" && event.type !== "progress").length, [events]);
  useEffect(() => {
    if (changes > 0) reload();
  }, [changes]);
  return html`<${Page} title=${`${run.job_type} ${run.id}`} crumbs=${CRUMBS}
    heading=${html`<span class="row wrap gap-3">${run.job_type}<${State} state=${run.state} cancelling=${run.cancel_requested} />${run.resolved && html`<${Badge} tone="ok" icon="check">Resolved<//>`}</span>`}
    sub=${html`<span class="row gap-1"><span class="mono">${run.id}</span><${Copy} text=${run.id} what="The id" /></span>`}
    actions=${html`<${RunActions} run=${run} reload=${reload} />`}>
    <div class=${`run-page ${stale ? "is-stale" : ""}`}>
      <div class="stack gap-5">
        <${Explain} run=${run} actions=${actionsOn(run, reload)} />
        ${progress && !isOver && html`<div class="panel row gap-3 progress-panel"><${Bar} percent=${progress.percent} /><span class="quiet small clip" dir="auto">${progress.message}</span></div>`}
        ${run.error && html`<${RunError} error=${run.error} title=${run.state === "failed" ? "Error" : "Last error"} />`}
        <${Section} title="Timeline"><div class="stack"><${TimelineBar} events=${events} /><${Changes} events=${events} run=${run} /></div><//>
        ${(lines.length > 0 || run.state === "running") && html`<${Section} title="Log" flush=${true}><${Log} lines=${lines} isLive=${!isOver} /><//>`}
        ${run.state === "completed" && html`<${Section} title="Result"><${Json} value=${run.result} what="The result" /><//>`}
        <${Section} title="Payload"><${Json} value=${run.payload} what="The payload" /><//>
      </div>
      <aside class="stack gap-5" aria-label="About this run"><${About} run=${run} /></aside>
    </div>
  <//>`;
}

/** @param {import("../core/run-events.js").RunEvent[]} events */
function latestProgress(events) {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    if (events[index].type === "progress") return events[index].data;
    if (events[index].type === "started") return null;
  }
  return null;
}

/** @param {{ error: any, title: string }} props */
function RunError({ error, title }) {
  return html`<${Section} title=${title} aside=${error.group && html`<a class="small" href=${to(`errors/${part(error.group)}`)}>All of this kind</a>`}>
    <div class="stack gap-3">
      <p><span class="row wrap"><${Badge} tone="bad">${error.type || error.code}<//>${error.type && html`<span class="faint small mono">${error.code}</span>`}${error.status && html`<span class="faint small">status ${error.status}</span>`}</span></p>
      <p class="error-message strong" dir="auto">${error.message}</p>
      ${error.traceback && html`<div class="code"><${Copy} text=${error.traceback} what="The traceback" /><pre dir="ltr">${error.traceback}</pre></div>`}
    </div><//>`;
}

/** @param {{ run: any }} props */
function About({ run }) {
  const metadata = Object.entries(run.metadata ?? {});
  /** @type {[string, any][]} */
  const origin = [
    ["Created by", run.created_by?.name],
    ["Schedule", run.schedule && html`<a href=${to(`schedules/${part(run.schedule)}`)}>${run.schedule}</a>`],
    ["Replay of", run.replay_of && html`<a class="mono" href=${to(`runs/${run.replay_of}`)}>${run.replay_of}</a>`],
    ["Dedupe key", run.dedupe_key && html`<span class="mono">${run.dedupe_key}</span>`],
    ["Tags", run.tags.length > 0 && html`<span class="row wrap gap-1">${run.tags.map((/** @type {string} */ tag) => html`<a key=${tag} class="badge" href=${to("runs", { tag })}><span>${tag}</span></a>`)}</span>`],
  ];
  const { data: attempts } = useRead(HAS_TRACES ? `v1/runs/${part(run.id)}/attempts` : null, {}, {});
  const elsewhere = linksOf(run, attempts?.data);
  return html`
    <${Section} title="Run" bare=${true}><${Facts} items=${[
      ["Job type", html`<a href=${to(`job-types/${part(run.job_type)}`)}>${run.job_type}</a>`],
      ["Queue", html`<a href=${to(`queues/${part(run.queue)}`)}>${run.queue}</a>`],
      ["Key", run.key],
      ["Priority", String(run.priority)],
      ["Attempt", `${run.attempt} of ${run.max_attempts}`],
      ["Losses", run.losses ? String(run.losses) : ""],
      [run.state === "running" ? "Runs for" : "Took", run.started_at && html`<${RunTime} run=${run} />`],
      ["Created", html`<${Time} at=${run.created_at} exact=${true} />`],
      ["Due", run.due_at !== run.created_at && html`<${Time} at=${run.due_at} exact=${true} />`],
      ["Started", run.started_at && html`<${Time} at=${run.started_at} exact=${true} />`],
      ["Finished", run.finished_at && html`<${Time} at=${run.finished_at} exact=${true} />`],
      ["Worker", run.worker_id && html`<a class="mono" href=${to("runs", { worker_id: run.worker_id })}>${run.worker_id}</a>`],
      ["Expires", run.expires_at && html`<${Time} at=${run.expires_at} />`],
      ["Timeout", duration(run.timeout_seconds)],
      ["Version", html`<span title="of the job type">${run.job_type_version}</span>`],
      ["Trace", elsewhere.trace && html`<a href=${elsewhere.trace} rel="noreferrer">Open the trace</a>`],
      ["Logs", elsewhere.log && html`<a href=${elsewhere.log} rel="noreferrer">Open the logs</a>`],
    ]} /><//>
    ${origin.some(([, value]) => value) && html`<${Section} title="From" bare=${true}><${Facts} items=${origin} /><//>`}
    ${metadata.length > 0 && html`<${Section} title=${`Metadata, ${plural(metadata.length, "entry", "entries")}`} bare=${true}><${Facts} items=${metadata.map(([name, value]) => [name, html`<span dir="auto" class="metadata">${value}</span>`])} /><//>`}`;
}
