/** What is asked before something is done with a run. */
import { html, useState } from "../vendor/preact.js";
import { call, part, post } from "../core/api.js";
import { to } from "../core/base.js";
import { go } from "../core/router.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Form, JsonField, TextField, parsed } from "../kit/form.js";
import { toast } from "../kit/toast.js";

/** @param {any} run @param {() => void} reload */
export async function cancel(run, reload) {
  let reason = "";
  const isRunning = run.state === "running";
  await openDialog((close) => html`<${DialogFrame} title="Cancel this run?" close=${close}>
    <p class="quiet">${isRunning ? "Its handler is told to stop, and killed if it does not." : "It will never start."}</p>
    <${Form} action="Cancel the run" danger=${true} paths=${["/reason"]} onCancel=${() => close()} onSubmit=${async () => {
      const { status } = await call("POST", `v1/runs/${part(run.id)}/cancel`, { body: reason ? { reason } : undefined });
      toast(status === 202 ? "The handler is told to stop." : "The run is cancelled.");
      close();
      reload();
    }}>${(/** @type {(path: string) => string | undefined} */ problem) => html`<${Reason} onChange=${(/** @type {string} */ text) => { reason = text; }} problem=${problem("/reason")} />`}<//>
  <//>`);
}

/** @param {{ onChange: (text: string) => void, problem?: string }} props */
function Reason({ onChange, problem }) {
  const [text, setText] = useState("");
  return html`<${TextField} label="Reason" optional=${true} hint="Others see it in the run's events." maxlength="1024" value=${text} problem=${problem} onChange=${(/** @type {string} */ value) => { setText(value); onChange(value); }} />`;
}

/** @param {any} run */
export function edit(run) {
  openDialog((close) => html`<${EditAndReplay} run=${run} close=${close} />`);
}

/** @param {{ run: any, close: () => void }} props */
function EditAndReplay({ run, close }) {
  const [text, setText] = useState(JSON.stringify(run.payload, null, 2));
  const submitted = async () => {
    const { value, problem } = parsed(text);
    if (problem) throw new Error("The payload is not JSON.");
    const made = await post(`v1/runs/${part(run.id)}/replay`, { payload: value });
    close();
    toast("Replayed as a new run.");
    go(to(`runs/${made.id}`));
  };
  return html`<${DialogFrame} title="Edit and replay" close=${close}>
    <p class="quiet dialog-wide">A new run of <strong>${run.job_type}</strong> with the payload below. This run stays as it is.</p>
    <${Form} action="Replay" onSubmit=${submitted} onCancel=${() => close()} paths=${["/payload"]}>${(/** @type {(path: string) => string | undefined} */ problem) => html`
      <${JsonField} label="Payload" rows=${14} value=${text} onChange=${setText} problem=${problem("/payload")} />`}<//>
  <//>`;
}

/** @param {any} run */
export function compare(run) {
  openDialog((close) => html`<${CompareWith} run=${run} close=${close} />`);
}

/** @param {{ run: any, close: () => void }} props */
function CompareWith({ run, close }) {
  const [id, setId] = useState("");
  const submitted = async () => {
    if (!/^run_[0-9a-z]{13,32}$/.test(id.trim())) throw new Error("That is not the id of a run.");
    close();
    go(to("compare", { a: run.id, b: id.trim() }));
  };
  return html`<${DialogFrame} title="Compare with another run" close=${close}>
    <${Form} action="Compare" onSubmit=${submitted} onCancel=${() => close()}>${() => html`
      <${TextField} label="Id of the other run" placeholder="run_…" value=${id} onChange=${setId} />`}<//>
    <p class="quiet">Or compare with <a href=${to("runs", { job_type: run.job_type, state: "completed" })} onClick=${() => close()}>one that completed</a>: select both in the list.</p>
  <//>`;
}
