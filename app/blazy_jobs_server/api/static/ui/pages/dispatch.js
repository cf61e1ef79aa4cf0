import { html, useMemo, useState } from "../vendor/preact.js";
import { part, post } from "../core/api.js";
import { to } from "../core/base.js";
import { go } from "../core/router.js";
import { sample, shapeOf, initial } from "../core/schema.js";
import { openDialog, DialogFrame } from "../kit/dialog.js";
import { Form, JsonField, TextField, parsed } from "../kit/form.js";
import { SchemaFields } from "../kit/schema-form.js";
import { Segments } from "../kit/tabs.js";
import { toast } from "../kit/toast.js";
import { namesIn } from "./things.js";

/** Asks for a payload, and dispatches a run.
 * @param {import("blazy-jobs").JobType} type */
export function openDispatch(type) {
  return openDialog((close) => html`<${Dispatch} type=${type} close=${close} />`);
}

/** @param {{ type: any, close: () => void }} props */
function Dispatch({ type, close }) {
  const schema = type.payload_schema;
  const shape = useMemo(() => (schema !== null && typeof schema === "object" ? shapeOf(schema, schema) : null), [schema]);
  const hasForm = shape !== null && shape.kind !== "json";
  const [way, setWay] = useState(hasForm ? "form" : "json");
  const [value, setValue] = useState(() => (shape ? initial(shape, true) : {}));
  const [text, setText] = useState(() => JSON.stringify(hasForm ? initial(shape, true) ?? {} : sample(schema), null, 2));
  const [written, setWritten] = useState(0);
  const [settings, setSettings] = useState({ delay: "", key: "", tags: "", priority: "" });
  const set = (/** @type {Partial<typeof settings>} */ changes) => setSettings({ ...settings, ...changes });
  const turn = (/** @type {string} */ next) => {
    if (next === way) return;
    if (next === "json") setText(JSON.stringify(value === undefined ? null : value, null, 2));
    else {
      const found = parsed(text);
      if (found.problem) return;
      setValue(found.value);
      setWritten(written + 1); // the fields begin anew with what was written as JSON
    }
    setWay(next);
  };
  const submitted = async () => {
    let payload = value === undefined ? null : value;
    if (way === "json") {
      const found = parsed(text);
      if (found.problem) throw new Error("The payload is not JSON.");
      payload = found.value;
    }
    /** @type {Record<string, unknown>} */
    const body = { payload };
    if (settings.delay.trim()) body.delay_seconds = Number(settings.delay);
    if (settings.priority.trim()) body.priority = Number(settings.priority);
    if (settings.key.trim()) body.dedupe_key = settings.key.trim();
    if (namesIn(settings.tags)) body.tags = namesIn(settings.tags);
    const run = await post(`v1/job-types/${part(type.name)}/runs`, body);
    close();
    toast(`Dispatched a run of ${type.name}.`);
    go(to(`runs/${run.id}`));
  };
  return html`<${DialogFrame} title=${`Dispatch ${type.name}`} close=${close}>
    ${hasForm && html`<div class="dialog-wide"><${Segments} label="How to write the payload" value=${way} onChange=${turn} options=${[{ value: "form", text: "Form" }, { value: "json", text: "JSON" }]} /></div>`}
    <${Form} action="Dispatch" onSubmit=${submitted} onCancel=${() => close()} paths=${["/payload", "/delay_seconds", "/priority", "/dedupe_key", "/tags"]}>${(/** @type {import("../kit/schema-form.js").ProblemAt} */ problem) => html`
      ${way === "form" && typeof schema.description === "string" && html`<p class="quiet" dir="auto">${schema.description.slice(0, 500)}</p>`}
      ${way === "form" && shape
        ? html`<${SchemaFields} key=${written} shape=${shape} value=${value} onChange=${setValue} problem=${problem} path="/payload" />`
        : html`<${JsonField} label="Payload" rows=${12} value=${text} onChange=${setText} problem=${problem("/payload")} hint=${schema === null ? "This job type takes any JSON." : ""} />`}
      <details class="more-settings"><summary>More settings</summary><div class="form">
        <div class="form-row">
          <${TextField} label="Delay" optional=${true} hint="Seconds from now." inputmode="decimal" value=${settings.delay} problem=${problem("/delay_seconds")} onChange=${(/** @type {string} */ delay) => set({ delay })} />
          <${TextField} label="Priority" optional=${true} hint=${`-100 to 100; otherwise ${type.priority}.`} inputmode="numeric" value=${settings.priority} problem=${problem("/priority")} onChange=${(/** @type {string} */ priority) => set({ priority })} />
        </div>
        <${TextField} label="Dedupe key" optional=${true} hint="While an unfinished run has it, that run is returned." maxlength="255" value=${settings.key} problem=${problem("/dedupe_key")} onChange=${(/** @type {string} */ key) => set({ key })} />
        <${TextField} label="Tags" optional=${true} hint="Separated by commas." value=${settings.tags} problem=${problem("/tags")} onChange=${(/** @type {string} */ tags) => set({ tags })} />
      </div></details>`}<//>
  <//>`;
}
