import { html, useState } from "../vendor/preact.js";
import { part, post } from "../core/api.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Checkbox, Form, SelectField, TextField } from "../kit/form.js";
import { askOverlap, showSecret } from "./secrets.js";
import { namesIn } from "./things.js";

/** @type {[string, string][]} */
const SCOPES = [
  ["runs:read", "See runs, queues, job types, schedules, workers, webhooks"],
  ["runs:write", "Dispatch, cancel, replay, erase runs; trigger schedules"],
  ["runs:reveal", "See what is redacted"],
  ["workers", "Be a worker: claim runs and report on them"],
  ["config", "Change job types, queues, schedules, webhooks"],
  ["metrics", "Read /metrics, nothing else"],
  ["admin", "Everything, also keys and the audit log"],
];
const DAY = 86_400;
const LIVES = [
  { value: "", text: "Never" },
  { value: String(7 * DAY), text: "In 7 days" },
  { value: String(30 * DAY), text: "In 30 days" },
  { value: String(90 * DAY), text: "In 90 days" },
  { value: String(365 * DAY), text: "In a year" },
];
const PATHS = ["/name", "/scopes", "/job_types", "/queues", "/rate_limit", "/expires_at"];

/** Makes a key, and shows it once. @param {() => void} reload */
export async function openKeyForm(reload) {
  const made = await openDialog((close) => html`<${KeyForm} close=${close} />`);
  if (!made) return;
  reload();
  await showSecret({ title: `The key ${made.name}`, secret: made.key, what: "the key" });
}

/** @param {import("blazy-jobs").Key} key @param {() => void} reload */
export async function rotateKey(key, reload) {
  const made = await askOverlap({ title: `Rotate ${key.name}?`, path: `v1/keys/${part(key.id)}/rotate`, meanwhile: "The key's id, scopes and restrictions remain." });
  if (!made) return;
  reload();
  await showSecret({ title: `The new key of ${key.name}`, secret: made.key, what: "the key" });
}

/** @param {{ close: (made?: any) => void }} props */
function KeyForm({ close }) {
  const [given, setGiven] = useState({ name: "", scopes: /** @type {string[]} */ (["runs:read"]), jobTypes: "", queues: "", limit: "", per: "60", life: "" });
  const set = (/** @type {Partial<typeof given>} */ changes) => setGiven({ ...given, ...changes });
  const isWhole = given.scopes.includes("admin") || given.scopes.includes("metrics");
  const submitted = async () => {
    close(await post("v1/keys", {
      name: given.name.trim(),
      scopes: given.scopes,
      job_types: isWhole ? null : namesIn(given.jobTypes),
      queues: isWhole ? null : namesIn(given.queues),
      rate_limit: given.limit.trim() ? { limit: Number(given.limit), per_seconds: Number(given.per) } : null,
      expires_at: given.life ? new Date(Date.now() + Number(given.life) * 1000).toISOString() : null,
    }));
  };
  return html`<${DialogFrame} title="New key" close=${close}>
    <${Form} action="Make the key" paths=${PATHS} onCancel=${() => close()} onSubmit=${submitted}>${(/** @type {(path: string) => string | undefined} */ problem) => html`
      <${TextField} label="Name" hint="What it is for, such as the service that will have it." maxlength="128" value=${given.name} problem=${problem("/name")} onChange=${(/** @type {string} */ name) => set({ name })} />
      <fieldset class="form scopes-field"><legend>It may</legend>
        ${SCOPES.map(([scope, text]) => html`<${Checkbox} key=${scope} label=${scope} hint=${text} checked=${given.scopes.includes(scope)}
          onChange=${(/** @type {boolean} */ on) => set({ scopes: SCOPES.map(([name]) => name).filter((name) => (name === scope ? on : given.scopes.includes(name))) })} />`)}
        ${problem("/scopes") && html`<p class="problem">${problem("/scopes")}</p>`}</fieldset>
      ${!isWhole && html`<div class="form-row">
        <${TextField} label="Only job types" optional=${true} hint="Names, or a beginning and *: mail-*" value=${given.jobTypes} problem=${problem("/job_types")} onChange=${(/** @type {string} */ jobTypes) => set({ jobTypes })} />
        <${TextField} label="Only queues" optional=${true} hint="The others do not exist for it." value=${given.queues} problem=${problem("/queues")} onChange=${(/** @type {string} */ queues) => set({ queues })} />
      </div>`}
      <div class="form-row">
        <${TextField} label="Most runs" optional=${true} inputmode="numeric" hint="That it makes, on each server." value=${given.limit} problem=${problem("/rate_limit")} onChange=${(/** @type {string} */ limit) => set({ limit })} />
        <${TextField} label="In seconds" inputmode="decimal" value=${given.per} disabled=${given.limit.trim() === ""} onChange=${(/** @type {string} */ per) => set({ per })} />
        <${SelectField} label="Expires" options=${LIVES} value=${given.life} problem=${problem("/expires_at")} onChange=${(/** @type {string} */ life) => set({ life })} />
      </div>`}<//>
  <//>`;
}
