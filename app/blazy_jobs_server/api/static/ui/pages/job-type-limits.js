import { html, useState } from "../vendor/preact.js";
import { part, patch } from "../core/api.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Form, TextField } from "../kit/form.js";
import { toast } from "../kit/toast.js";
import { numberIn } from "./things.js";

const PATHS = ["/concurrency", "/timeout_seconds", "/retry/max_attempts", "/priority"];

/** Changes how many runs of a job type run at a time, how long and how often.
 * @param {import("blazy-jobs").JobType} type @param {() => void} reload */
export async function openLimits(type, reload) {
  const changed = await openDialog((close) => html`<${Limits} type=${type} close=${close} />`);
  if (!changed) return;
  toast(`The limits of ${type.name} are changed.`);
  reload();
}

/** @param {{ type: import("blazy-jobs").JobType, close: (changed?: boolean) => void }} props */
function Limits({ type, close }) {
  const [given, setGiven] = useState({
    concurrency: String(type.concurrency ?? ""), timeout: String(type.timeout_seconds), attempts: String(type.retry.max_attempts), priority: String(type.priority),
  });
  const set = (/** @type {Partial<typeof given>} */ changes) => setGiven({ ...given, ...changes });
  const submitted = async () => {
    /** @type {[string, unknown, unknown][]} */
    const fields = [["concurrency", numberIn(given.concurrency), type.concurrency], ["timeout_seconds", numberIn(given.timeout), type.timeout_seconds], ["priority", numberIn(given.priority), type.priority]];
    /** @type {Record<string, unknown>} */
    const body = Object.fromEntries(fields.filter(([, value, before]) => value !== before));
    if (numberIn(given.attempts) !== type.retry.max_attempts) body.retry = { max_attempts: numberIn(given.attempts) };
    if (Object.keys(body).length === 0) return close();
    await patch(`v1/job-types/${part(type.name)}`, body);
    return close(true);
  };
  return html`<${DialogFrame} title=${`Limits of ${type.name}`} close=${() => close()}>
    <${Form} action="Save" paths=${PATHS} onSubmit=${submitted} onCancel=${() => close()}>${(/** @type {(path: string) => string | undefined} */ problem) => html`
      <${TextField} label="Concurrency" optional=${true} inputmode="numeric" hint="Runs at a time, over all workers; empty: no limit. It holds at once." value=${given.concurrency} problem=${problem("/concurrency")} onChange=${(/** @type {string} */ concurrency) => set({ concurrency })} />
      <div class="form-row">
        <${TextField} label="Timeout" inputmode="decimal" hint="Seconds that an attempt may take." value=${given.timeout} problem=${problem("/timeout_seconds")} onChange=${(/** @type {string} */ timeout) => set({ timeout })} />
        <${TextField} label="Attempts" inputmode="numeric" hint="1: none again." value=${given.attempts} problem=${problem("/retry/max_attempts")} onChange=${(/** @type {string} */ attempts) => set({ attempts })} />
        <${TextField} label="Priority" inputmode="numeric" hint="−100 to 100." value=${given.priority} problem=${problem("/priority")} onChange=${(/** @type {string} */ priority) => set({ priority })} />
      </div>
      ${type.source === "code" && html`<p class="quiet">A worker's code defines this job type. From now on what is changed here counts, not the code.</p>`}`}<//>
  <//>`;
}
