import { html, useState } from "../vendor/preact.js";
import { part, patch } from "../core/api.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Form, TextField } from "../kit/form.js";
import { toast } from "../kit/toast.js";
import { numberIn } from "./things.js";

const PATHS = ["/concurrency", "/rate_limit/limit", "/rate_limit/per_seconds", "/max_queued"];

/** Changes how many runs of a queue run at a time, start in a period, and wait.
 * @param {import("blazy-jobs").Queue} queue @param {() => void} reload */
export async function openQueueLimits(queue, reload) {
  const changed = await openDialog((close) => html`<${Limits} queue=${queue} close=${close} />`);
  if (!changed) return;
  toast(`The limits of ${queue.name} are changed.`);
  reload();
}

/** @param {{ queue: import("blazy-jobs").Queue, close: (changed?: boolean) => void }} props */
function Limits({ queue, close }) {
  const [given, setGiven] = useState({
    concurrency: String(queue.concurrency ?? ""), starts: String(queue.rate_limit?.limit ?? ""), seconds: String(queue.rate_limit?.per_seconds ?? "60"), waiting: String(queue.max_queued ?? ""),
  });
  const set = (/** @type {Partial<typeof given>} */ changes) => setGiven({ ...given, ...changes });
  const submitted = async () => {
    const starts = numberIn(given.starts);
    const body = {
      concurrency: numberIn(given.concurrency),
      rate_limit: starts === null ? null : { limit: starts, per_seconds: numberIn(given.seconds) },
      max_queued: numberIn(given.waiting),
    };
    await patch(`v1/queues/${part(queue.name)}`, body);
    close(true);
  };
  return html`<${DialogFrame} title=${`Limits of ${queue.name}`} close=${() => close()}>
    <p class="quiet">An empty field is no limit. They hold at once, for all job types in the queue.</p>
    <${Form} action="Save" paths=${PATHS} onSubmit=${submitted} onCancel=${() => close()}>${(/** @type {(path: string) => string | undefined} */ problem) => html`
      <${TextField} label="Concurrency" optional=${true} inputmode="numeric" hint="Runs at a time, over all workers." value=${given.concurrency} problem=${problem("/concurrency")} onChange=${(/** @type {string} */ concurrency) => set({ concurrency })} />
      <div class="form-row">
        <${TextField} label="Starts" optional=${true} inputmode="numeric" hint="In the time beside it." value=${given.starts} problem=${problem("/rate_limit/limit")} onChange=${(/** @type {string} */ starts) => set({ starts })} />
        <${TextField} label="Seconds" inputmode="decimal" hint="The period of the starts." value=${given.seconds} problem=${problem("/rate_limit/per_seconds")} onChange=${(/** @type {string} */ seconds) => set({ seconds })} />
      </div>
      <${TextField} label="Waiting" optional=${true} inputmode="numeric" hint="Dispatches beyond so many are refused." value=${given.waiting} problem=${problem("/max_queued")} onChange=${(/** @type {string} */ waiting) => set({ waiting })} />`}<//>
  <//>`;
}
