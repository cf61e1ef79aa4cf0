/** What the list of schedules and the page of one share. */
import { html } from "../vendor/preact.js";
import { del, part, post } from "../core/api.js";
import { to } from "../core/base.js";
import { triggerWords } from "../core/cron.js";
import { go } from "../core/router.js";
import { may } from "../core/session.js";
import { localTime } from "../core/zones.js";
import { Button } from "../kit/button.js";
import { confirm } from "../kit/dialog.js";
import { later } from "../kit/later.js";
import { Menu } from "../kit/menu.js";
import { Badge } from "../kit/state.js";
import { Time } from "../kit/time.js";
import { toast, toastError } from "../kit/toast.js";
import { act } from "./things.js";

export const openScheduleForm = later(() => import("./schedule-form.js"), (module) => module.openScheduleForm);

/** When it fires, in words. @param {any} schedule */
export const whenText = (schedule) => triggerWords(schedule.trigger, (at) => localTime(at, schedule.timezone));

/** Times by the clocks of a zone, each with how far it is.
 * @param {{ times: string[], timezone: string, none: string }} props */
export function Times({ times, timezone, none }) {
  if (times.length === 0) return html`<p class="faint small">${none}</p>`;
  return html`<ol class="times">${times.map((at) => html`<li key=${at}><span class="num">${localTime(at, timezone)}</span><span class="faint"><${Time} at=${at} /></span></li>`)}</ol>`;
}

/** @param {{ schedule: any }} props */
export function ScheduleState({ schedule }) {
  if (schedule.orphaned) return html`<${Badge} tone="warn" icon="pause" title="The code of its app no longer declares it">Orphaned<//>`;
  if (schedule.paused) return html`<${Badge} tone="warn" icon="pause">Paused<//>`;
  if (!schedule.next_fire_at) return html`<${Badge} icon="check">Over<//>`;
  return html`<${Badge} tone="ok" icon="scheduled">Active<//>`;
}

/** @param {{ schedule: any, reload: () => void, small?: boolean }} props `small`: in a row */
export function ScheduleActions({ schedule, reload, small = false }) {
  const path = `v1/schedules/${part(schedule.name)}`;
  const mayChange = may("config");
  const trigger = may("runs:write") && { text: "Trigger now", icon: "play", onClick: () => triggerNow(schedule) };
  const toggle = mayChange && { text: schedule.paused ? "Resume" : "Pause", icon: schedule.paused ? "play" : "pause", onClick: () => act(() => post(`${path}/${schedule.paused ? "resume" : "pause"}`), schedule.paused ? `${schedule.name} goes on.` : `${schedule.name} is paused.`, reload) };
  if (small) return html`<${Menu} label=${`Actions of ${schedule.name}`} kind="quiet" items=${[trigger, toggle]} />`;
  return html`
    ${trigger && html`<${Button} kind="primary" icon="play" onClick=${trigger.onClick}>Trigger now<//>`}
    ${toggle && html`<${Button} icon=${toggle.icon} onClick=${toggle.onClick}>${toggle.text}<//>`}
    <${Menu} label="More actions" items=${[
      { text: "Its runs", icon: "runs", href: to("runs", { schedule: schedule.name }) },
      mayChange && { text: "Change when it fires…", icon: "schedules", onClick: () => openScheduleForm(schedule, reload) },
      mayChange && { text: "Delete…", icon: "trash", danger: true, onClick: () => remove(schedule) },
    ]} />`;
}

/** @param {any} schedule */
async function triggerNow(schedule) {
  try {
    const run = await post(`v1/schedules/${part(schedule.name)}/trigger`);
    toast(`${schedule.name} made a run.`, { link: { href: to(`runs/${run.id}`), text: "Open it" } });
  } catch (error) {
    toastError(error);
  }
}

/** @param {any} schedule */
async function remove(schedule) {
  const isDone = await confirm({
    title: `Delete ${schedule.name}?`,
    body: "It fires no more. The runs that it made stay.",
    action: "Delete the schedule",
    danger: true,
    act: () => del(`v1/schedules/${part(schedule.name)}`),
  });
  if (!isDone) return;
  toast(`${schedule.name} is deleted.`);
  go(to("schedules"));
}
