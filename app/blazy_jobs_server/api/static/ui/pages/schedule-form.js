/** When a schedule fires: written with its next times in sight, as the server counts them. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { Problem, call, get, part, patch, post } from "../core/api.js";
import { to } from "../core/base.js";
import { triggerWords } from "../core/cron.js";
import { go } from "../core/router.js";
import { may } from "../core/session.js";
import { ZONES, localTime } from "../core/zones.js";
import { Button } from "../kit/button.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Form, JsonField, SelectField, TextField, parsed } from "../kit/form.js";
import { toast } from "../kit/toast.js";
import { Times } from "./schedule-parts.js";

const SHOWN = 5;
const AFTER_MS = 300;
const KINDS = [
  { value: "cron", text: "By a cron expression" },
  { value: "interval", text: "Each so many seconds" },
  { value: "calendar", text: "Each so many days, weeks or months" },
  { value: "date", text: "Once" },
];
const PATHS = ["/name", "/job_type", "/timezone", "/trigger", "/payload", "/overlap"];

/** @param {any} schedule null: a new one, or only a trigger that is tried
 * @param {() => void} reload */
export function openScheduleForm(schedule, reload) {
  return openDialog((close) => html`<${ScheduleForm} schedule=${schedule} reload=${reload} close=${close} />`);
}

/** @param {any} schedule */
const begin = (schedule) => {
  const trigger = schedule?.trigger ?? { kind: "cron", expression: "0 3 * * *" };
  const every = trigger.every ?? { months: 0, weeks: 0, days: 1 };
  return {
    kind: trigger.kind, expression: trigger.expression ?? "0 3 * * *", seconds: String(trigger.every_seconds ?? 3600),
    months: String(every.months), weeks: String(every.weeks), days: String(every.days), hour: String(trigger.hour ?? 6), minute: String(trigger.minute ?? 0),
    at: trigger.at ?? "", timezone: schedule?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC",
    name: "", jobType: "", payload: "{}", overlap: "allow",
  };
};

/** @param {ReturnType<typeof begin>} given */
function triggerOf(given) {
  if (given.kind === "cron") return { kind: "cron", expression: given.expression };
  if (given.kind === "interval") return { kind: "interval", every_seconds: Number(given.seconds) };
  if (given.kind === "calendar") return { kind: "calendar", every: { months: Number(given.months), weeks: Number(given.weeks), days: Number(given.days) }, hour: Number(given.hour), minute: Number(given.minute) };
  return { kind: "date", at: given.at };
}

/** @param {{ schedule: any, reload: () => void, close: () => void }} props */
function ScheduleForm({ schedule, reload, close }) {
  const [given, setGiven] = useState(() => begin(schedule));
  const set = (/** @type {Partial<typeof given>} */ changes) => setGiven({ ...given, ...changes });
  const mayWrite = may("config");
  const isNew = schedule === null;
  const trigger = triggerOf(given);
  const submitted = async () => {
    if (!mayWrite) return;
    if (!isNew) {
      await patch(`v1/schedules/${part(schedule.name)}`, { trigger, timezone: given.timezone });
      toast(`${schedule.name} is changed.`);
    } else {
      const payload = parsed(given.payload);
      if (payload.problem) throw new Error("The payload is not JSON.");
      const made = await post("v1/schedules", { name: given.name.trim(), job_type: given.jobType.trim(), payload: payload.value, trigger, timezone: given.timezone, overlap: given.overlap });
      toast(`${made.name} is made.`);
      go(to(`schedules/${part(made.name)}`));
    }
    close();
    reload();
  };
  const fields = (/** @type {(path: string) => string | undefined} */ problem) => html`
    ${isNew && mayWrite && html`<${NewFields} given=${given} set=${set} problem=${problem} />`}
    <div class="form-row">
      <${SelectField} label="When" options=${KINDS} value=${given.kind} onChange=${(/** @type {string} */ kind) => set({ kind })} />
      <${TextField} label="Time zone" list="zones" value=${given.timezone} problem=${problem("/timezone")} onChange=${(/** @type {string} */ timezone) => set({ timezone })} />
      <datalist id="zones">${ZONES.map((zone) => html`<option key=${zone} value=${zone}></option>`)}</datalist>
    </div>
    <${TriggerFields} given=${given} set=${set} problem=${problem} />
    <${Preview} trigger=${trigger} timezone=${given.timezone} />`;
  const title = !isNew ? `When ${schedule.name} fires` : mayWrite ? "New schedule" : "Try a trigger";
  return html`<${DialogFrame} title=${title} close=${close} actions=${!mayWrite && html`<${Button} kind="primary" onClick=${() => close()}>Done<//>`}>
    <div class="dialog-wide">${mayWrite
      ? html`<${Form} action=${isNew ? "Make the schedule" : "Save"} paths=${PATHS} onCancel=${() => close()} onSubmit=${submitted}>${fields}<//>`
      : html`<div class="form">${fields(() => undefined)}</div>`}</div>
  <//>`;
}

/** @param {{ given: ReturnType<typeof begin>, set: (changes: any) => void, problem: (path: string) => string | undefined }} props */
function NewFields({ given, set, problem }) {
  const [types, setTypes] = useState(/** @type {string[]} */ ([]));
  useEffect(() => {
    get("v1/job-types", { limit: 200 }).then((page) => setTypes(page.data.map((/** @type {any} */ type) => type.name)), () => setTypes([]));
  }, []);
  return html`<div class="form-row">
      <${TextField} label="Name" maxlength="128" value=${given.name} problem=${problem("/name")} onChange=${(/** @type {string} */ name) => set({ name })} />
      <${TextField} label="Job type" list="job-types" value=${given.jobType} problem=${problem("/job_type")} onChange=${(/** @type {string} */ jobType) => set({ jobType })} />
      <datalist id="job-types">${types.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
    </div>
    <${JsonField} label="Payload" rows=${3} value=${given.payload} problem=${problem("/payload")} onChange=${(/** @type {string} */ payload) => set({ payload })} />
    <${SelectField} label="If the run before is not finished" value=${given.overlap} problem=${problem("/overlap")} onChange=${(/** @type {string} */ overlap) => set({ overlap })}
      options=${[{ value: "allow", text: "Start another beside it" }, { value: "skip", text: "Skip this time" }, { value: "cancel_running", text: "Cancel it, and start another" }]} />`;
}

/** @param {{ given: ReturnType<typeof begin>, set: (changes: any) => void, problem: (path: string) => string | undefined }} props */
function TriggerFields({ given, set, problem }) {
  const field = (/** @type {keyof ReturnType<typeof begin>} */ name, /** @type {string} */ label, /** @type {string} */ path) =>
    html`<${TextField} label=${label} inputmode="numeric" value=${given[name]} problem=${problem(path)} onChange=${(/** @type {string} */ value) => set({ [name]: value })} />`;
  if (given.kind === "cron") return html`<${TextField} label="Cron expression" class="mono" maxlength="256" hint="Minute, hour, day of the month, month, day of the week; or @daily and its kin." value=${given.expression} problem=${problem("/trigger/expression")} onChange=${(/** @type {string} */ expression) => set({ expression })} />`;
  if (given.kind === "interval") return field("seconds", "Seconds between two times", "/trigger/every_seconds");
  if (given.kind === "date") return html`<${TextField} label="At" placeholder="2027-01-31T12:00:00Z" hint="With its offset to UTC, such as 2027-01-31T12:00:00+01:00." value=${given.at} problem=${problem("/trigger/at")} onChange=${(/** @type {string} */ at) => set({ at })} />`;
  return html`<div class="form-row numbers">${field("months", "Months", "/trigger/every/months")}${field("weeks", "Weeks", "/trigger/every/weeks")}${field("days", "Days", "/trigger/every/days")}${field("hour", "Hour", "/trigger/hour")}${field("minute", "Minute", "/trigger/minute")}</div>`;
}

/** What the server would do with it. @param {{ trigger: any, timezone: string }} props */
export function Preview({ trigger, timezone }) {
  const [times, setTimes] = useState(/** @type {string[]} */ ([]));
  const [refused, setRefused] = useState("");
  const asked = JSON.stringify({ trigger, timezone, count: SHOWN });
  useEffect(() => {
    const leaving = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const { data } = await call("POST", "v1/schedules/preview", { body: JSON.parse(asked), signal: leaving.signal });
        setTimes(data.data);
        setRefused("");
      } catch (error) {
        if (leaving.signal.aborted) return;
        setTimes([]);
        setRefused(error instanceof Problem && error.errors.length > 0 ? error.errors.map((one) => one.message).join("; ") : /** @type {Error} */ (error).message);
      }
    }, AFTER_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [asked]);
  return html`<div class="preview" aria-live="polite">
    ${refused ? html`<p class="problem">${refused}</p>` : html`<p class="strong">${triggerWords(trigger, (at) => localTime(at, timezone))}</p><${Times} times=${times} timezone=${timezone} none="It never fires." />`}</div>`;
}
