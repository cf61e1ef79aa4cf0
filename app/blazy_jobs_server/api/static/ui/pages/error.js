import { html, useMemo } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { useList, useRead } from "../core/read.js";
import { number, plural } from "../core/text.js";
import { Copy } from "../kit/copy.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Facts, Page, Section } from "../kit/page.js";
import { Spark } from "../kit/spark.js";
import { Fresh, More, Table } from "../kit/table.js";
import { Time } from "../kit/time.js";
import { GroupActions } from "./error-actions.js";
import { bucketed } from "./errors.js";
import { runColumns } from "./run-parts.js";

const CRUMBS = [{ href: to("errors"), text: "Errors" }];
const PAGE = 50;

/** @param {{ group: string }} props */
export default function ErrorPage({ group }) {
  const failed = useRead("v1/errors", { state: "failed", group }, { topics: ["errors", "runs:failed"] });
  const retrying = useRead("v1/errors", { state: "retrying", group }, { topics: ["errors", "runs:retrying"] });
  const runs = useList("v1/runs", { error_group: group, fields: "brief", limit: PAGE }, { topics: ["runs:failed", "runs:retrying", "errors"], patch: true });
  const open = failed.data?.data[0];
  const tried = retrying.data?.data[0];
  const known = open ?? tried;
  const sample = known?.sample_run_id ?? runs.rows[0]?.id;
  const { data: run } = useRead(sample ? `v1/runs/${part(sample)}` : null);
  const error = run?.error;
  const spark = useMemo(() => bucketed(runs.rows.map((one) => ({ group, at: new Date(one.finished_at ?? one.started_at ?? one.created_at).getTime() }))).get(group), [runs.rows]);
  const reload = () => { failed.reload(); retrying.reload(); runs.reload(); };
  if (failed.loading || (runs.loading && !known)) return html`<${Page} title="Error" crumbs=${CRUMBS}><${Skeleton} /><//>`;
  if (failed.error && !failed.data) return html`<${Page} title="Error" crumbs=${CRUMBS}><${Failure} error=${failed.error} what="error" retry=${reload} /><//>`;
  if (!known && runs.rows.length === 0) return html`<${Page} title="Error" crumbs=${CRUMBS}><${Empty} icon="search" title="No failure of this kind is kept">Its runs may have been erased, or be past their retention.<//><//>`;
  const title = known?.type || known?.code || error?.type || error?.code || "Error";
  return html`<${Page} title=${title} crumbs=${CRUMBS} heading=${title} actions=${known && html`<${GroupActions} group=${known} state=${open ? "failed" : "retrying"} reload=${reload} />`}
    sub=${html`<span class="error-message" dir="auto">${(known?.message ?? error?.message ?? "").slice(0, 2000)}</span>`}>
    <div class="run-page">
      <div class="stack gap-5">
        ${error?.traceback && html`<${Section} title="Traceback of the latest" bare=${true}><div class="code"><${Copy} text=${error.traceback} what="The traceback" /><pre dir="ltr">${error.traceback}</pre></div><//>`}
        <${Section} title="Runs" flush=${true} aside=${html`<a class="small" href=${to("runs", { error_group: group })}>In the list of runs</a>`}>
          <${Fresh} count=${runs.fresh} one="run" most=${PAGE} onClick=${runs.showFresh} />
          ${runs.loading ? html`<${Skeleton} />` : runs.error && runs.rows.length === 0 ? html`<${Failure} error=${runs.error} what="runs" retry=${runs.reload} />`
            : html`<${Table} caption="Runs that failed so, newest first" columns=${runColumns({ withQueue: false, withAttempt: false })} rows=${runs.rows} id=${(/** @type {any} */ one) => one.id} stale=${runs.stale} dim=${(/** @type {any} */ one) => one.resolved} />
              <${More} list=${runs} one="run" />`}
        <//>
      </div>
      <aside class="stack gap-5" aria-label="About this error">
        ${spark && html`<div><${Spark} tone="bad" values=${spark} width=${280} height=${48} label="When the latest failures were" /></div>`}
        <${Section} title="This error" bare=${true}><${Facts} items=${[
          ["Open", open ? plural(open.count, "failed run") : "none"],
          ["Retrying", tried && number(tried.count)],
          ["First", known && html`<${Time} at=${known.first_at} />`],
          ["Last", known && html`<${Time} at=${known.last_at} />`],
          ["Code", html`<span class="mono">${known?.code ?? error?.code}</span>`],
          ["Group", html`<span class="row gap-1"><span class="mono">${group}</span><${Copy} text=${group} what="The group" /></span>`],
          ["Job types", known && html`<span class="stack gap-1">${known.job_types.map((/** @type {string} */ name) => html`<a key=${name} href=${to("runs", { job_type: name, error_group: group })}>${name}</a>`)}</span>`],
        ]} /><//>
      </aside>
    </div>
  <//>`;
}
