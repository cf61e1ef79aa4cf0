import { html, useState } from "../vendor/preact.js";
import { part, patch, post } from "../core/api.js";
import { to } from "../core/base.js";
import { go } from "../core/router.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Checkbox, Form, TextField } from "../kit/form.js";
import { toast } from "../kit/toast.js";
import { showSecret } from "./secrets.js";
import { namesIn } from "./things.js";

/** @type {[string, string][]} */
const EVENTS = [["run.completed", "A run completed"], ["run.failed", "A run failed for good"], ["run.cancelled", "A run was cancelled"], ["run.retrying", "An attempt failed, and another follows"]];
const PATHS = ["/name", "/url", "/events", "/job_types", "/queues", "/include"];

/** Makes a webhook and shows its secret once, or changes one.
 * @param {any} webhook null: a new one
 * @param {() => void} reload */
export async function openWebhookForm(webhook, reload) {
  const made = await openDialog((close) => html`<${WebhookForm} webhook=${webhook} close=${close} />`);
  if (!made) return;
  reload();
  if (webhook) {
    toast(`${made.name} is changed.`);
    return;
  }
  go(to(`webhooks/${part(made.name)}`));
  await showSecret({ title: `The secret of ${made.name}`, secret: made.secret, what: "the secret", children: html`<p class="quiet">It signs each message by the Standard Webhooks scheme: check <code>webhook-signature</code> before you believe one.</p>` });
}

/** @param {{ webhook: any, close: (made?: any) => void }} props */
function WebhookForm({ webhook, close }) {
  const [given, setGiven] = useState(() => ({
    name: "", url: webhook?.url ?? "", events: /** @type {string[]} */ (webhook?.events ?? EVENTS.map(([name]) => name)),
    jobTypes: webhook?.job_types?.join(", ") ?? "", queues: webhook?.queues?.join(", ") ?? "", withResult: webhook?.include.includes("result") ?? false,
  }));
  const set = (/** @type {Partial<typeof given>} */ changes) => setGiven({ ...given, ...changes });
  const submitted = async () => {
    const body = { url: given.url.trim(), events: given.events, job_types: namesIn(given.jobTypes), queues: namesIn(given.queues), include: given.withResult ? ["result"] : [] };
    close(webhook ? await patch(`v1/webhooks/${part(webhook.name)}`, body) : await post("v1/webhooks", { name: given.name.trim(), ...body }));
  };
  return html`<${DialogFrame} title=${webhook ? `Change ${webhook.name}` : "New webhook"} close=${close}>
    <${Form} action=${webhook ? "Save" : "Make the webhook"} paths=${PATHS} onCancel=${() => close()} onSubmit=${submitted}>${(/** @type {(path: string) => string | undefined} */ problem) => html`
      ${!webhook && html`<${TextField} label="Name" maxlength="128" value=${given.name} problem=${problem("/name")} onChange=${(/** @type {string} */ name) => set({ name })} />`}
      <${TextField} label="URL" type="url" maxlength="2048" hint="Where each message is POSTed." value=${given.url} problem=${problem("/url")} onChange=${(/** @type {string} */ url) => set({ url })} />
      <fieldset class="form scopes-field"><legend>It is told of</legend>
        ${EVENTS.map(([event, text]) => html`<${Checkbox} key=${event} label=${event} hint=${text} checked=${given.events.includes(event)}
          onChange=${(/** @type {boolean} */ on) => set({ events: EVENTS.map(([name]) => name).filter((name) => (name === event ? on : given.events.includes(name))) })} />`)}
        ${problem("/events") && html`<p class="problem">${problem("/events")}</p>`}</fieldset>
      <div class="form-row">
        <${TextField} label="Only job types" optional=${true} hint="Names, or a beginning and *: mail-*" value=${given.jobTypes} problem=${problem("/job_types")} onChange=${(/** @type {string} */ jobTypes) => set({ jobTypes })} />
        <${TextField} label="Only queues" optional=${true} value=${given.queues} problem=${problem("/queues")} onChange=${(/** @type {string} */ queues) => set({ queues })} />
      </div>
      <${Checkbox} label="With the result" hint="Of completed runs, up to 64 KiB." checked=${given.withResult} onChange=${(/** @type {boolean} */ withResult) => set({ withResult })} />`}<//>
  <//>`;
}
