/** Acts on many runs at once: says first what it would act on, then how far it is. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { call, get, part, post } from "../core/api.js";
import { to } from "../core/base.js";
import { plural, number } from "../core/text.js";
import { Button } from "../kit/button.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Skeleton } from "../kit/empty.js";
import { TextField } from "../kit/form.js";
import { State } from "../kit/state.js";
import { toast } from "../kit/toast.js";
import { Bar } from "./run-parts.js";

/** @typedef {"cancel" | "replay" | "erase" | "reprioritise" | "run_now" | "resolve"} BulkAction */
/** @typedef {{ filter?: Record<string, unknown>, ids?: string[], all?: boolean }} Chosen */

/** @type {Record<BulkAction, { verb: string, done: string, danger?: boolean, note?: string }>} */
const WORDS = {
  cancel: { verb: "Cancel", done: "cancelled", danger: true, note: "Running handlers are told to stop." },
  replay: { verb: "Replay", done: "replayed", note: "Each is dispatched anew, with its payload and the present definition of its job type." },
  erase: { verb: "Erase", done: "erased", danger: true, note: "Their events, payloads and results are deleted for good. Unfinished runs are skipped." },
  reprioritise: { verb: "Change the priority of", done: "given their new priority" },
  run_now: { verb: "Run now", done: "made due now", note: "Those that are scheduled or retrying start without waiting for their time." },
  resolve: { verb: "Resolve", done: "marked as resolved", note: "They stay failed, and are no longer listed as open errors." },
};
const LOOK_AGAIN_MS = 700;
const OVER = ["completed", "cancelled", "failed"];

/** @param {BulkAction} action
 * @param {Chosen} chosen
 * @param {(isDone: boolean) => void} [done] when the dialog is closed; `isDone`: it was not only looked at */
export async function askBulk(action, chosen, done) {
  let isDone = false;
  await openDialog((close) => html`<${Bulk} action=${action} chosen=${chosen} close=${close} begun=${() => { isDone = true; }} />`);
  done?.(isDone);
}

/** @param {{ action: BulkAction, chosen: Chosen, close: () => void, begun: () => void }} props */
function Bulk({ action, chosen, close, begun }) {
  const words = WORDS[action];
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [job, setJob] = useState(/** @type {any} */ (null));
  const [error, setError] = useState("");
  const [priority, setPriority] = useState("10");
  const failed = (/** @type {unknown} */ failure) => setError(failure instanceof Error ? failure.message : String(failure));
  const body = { action, ...chosen, ...(action === "reprioritise" ? { priority: Number(priority) } : {}) };
  useEffect(() => {
    call("POST", "v1/runs/bulk", { body: { ...body, dry_run: true } }).then(({ data }) => setFound(data), failed);
  }, []);
  useEffect(() => {
    if (!job || OVER.includes(job.state)) return undefined;
    const timer = setTimeout(() => get(`v1/bulk/${part(job.id)}`).then(setJob, failed), LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [job]);
  useEffect(() => {
    if (job?.state === "completed") {
      toast(`${plural(job.done, "run")} ${words.done}${job.skipped ? `, ${number(job.skipped)} skipped` : ""}.`, action === "replay" && job.done > 0 ? { link: { href: madeBy(job), text: "See the new runs" } } : {});
      if (!job.failed) close();
    }
  }, [job?.state]);
  const begin = async () => {
    setError("");
    try {
      const { id } = await post("v1/runs/bulk", { ...body, ...(found.at_least ? {} : { expect_at_most: found.matched }) });
      begun();
      setJob(await get(`v1/bulk/${part(id)}`));
    } catch (failure) {
      failed(failure);
    }
  };
  const isOver = job && OVER.includes(job.state);
  const actions = job
    ? html`${!isOver && html`<${Button} onClick=${() => post(`v1/bulk/${part(job.id)}/cancel`).then(setJob, failed)}>Stop<//>`}<${Button} kind="primary" onClick=${() => close()}>${isOver ? "Done" : "Go on in the background"}<//>`
    : html`<${Button} onClick=${() => close()}>Keep as it is<//><${Button} kind=${words.danger ? "danger" : "primary"} disabled=${!found || found.matched === 0} onClick=${begin}>${words.verb} ${found ? countOf(found) : "…"}<//>`;
  return html`<${DialogFrame} title=${found ? `${words.verb} ${countOf(found)}?` : `${words.verb}…`} close=${close} actions=${actions}>
    ${words.note && html`<p class="quiet">${words.note}</p>`}
    ${!found && !error && html`<${Skeleton} lines=${3} height="2rem" />`}
    ${action === "reprioritise" && !job && html`<${TextField} label="Priority" type="number" min="-100" max="100" value=${priority} onChange=${setPriority} hint="−100 to 100; higher starts first." />`}
    ${found && !job && html`<${Found} found=${found} close=${close} />`}
    ${job && html`<div class="stack gap-3"><div class="row bulk-progress"><${Bar} percent=${job.matched ? (100 * (job.done + job.skipped + job.failed)) / job.matched : 100} /></div>
      <p class="num quiet">${number(job.done)} done, ${number(job.skipped)} skipped, ${number(job.failed)} failed, of ${number(job.matched)}.</p></div>`}
    ${error && html`<p class="form-problem" role="alert">${error}</p>`}
  <//>`;
}

/** Where the runs are that a replay dispatched, among others of its job type and queue since then. @param {any} job */
const madeBy = (job) => to("runs", { job_type: job.filter?.job_type, queue: job.filter?.queue, created_after: job.created_at });

/** @param {{ matched: number, at_least?: boolean }} found */
const countOf = (found) => (found.at_least ? `${number(found.matched)} runs or more` : plural(found.matched, "run"));

/** @param {{ found: any, close: () => void }} props */
function Found({ found, close }) {
  if (found.matched === 0) return html`<p class="quiet">No run matches any more.</p>`;
  const states = Object.entries(found.by_state ?? {}).filter(([, count]) => /** @type {number} */ (count) > 0);
  return html`<ul class="by-state">${states.map(([state, count]) => html`<li key=${state}><${State} state=${state} /><span class="num">${number(/** @type {number} */ (count))}</span></li>`)}</ul>
    ${found.sample?.length > 0 && html`<p class="small quiet">Among them ${found.sample.slice(0, 5).map((/** @type {any} */ one, /** @type {number} */ index) => {
      const id = typeof one === "string" ? one : one.id;
      return html`${index > 0 && ", "}<a key=${id} class="mono" href=${to(`runs/${id}`)} onClick=${() => close()}>${id}</a>`;
    })}.</p>`}`;
}
