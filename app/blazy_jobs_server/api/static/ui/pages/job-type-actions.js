import { html } from "../vendor/preact.js";
import { del, part, post } from "../core/api.js";
import { to } from "../core/base.js";
import { go } from "../core/router.js";
import { may } from "../core/session.js";
import { Button } from "../kit/button.js";
import { confirm } from "../kit/dialog.js";
import { later } from "../kit/later.js";
import { Menu } from "../kit/menu.js";
import { toast } from "../kit/toast.js";
import { act } from "./things.js";

const openDispatch = later(() => import("./dispatch.js"), (module) => module.openDispatch);
const openLimits = later(() => import("./job-type-limits.js"), (module) => module.openLimits);
const rotateSecret = later(() => import("./secrets.js"), (module) => module.rotateSecret);
const endPrevious = later(() => import("./secrets.js"), (module) => module.endPrevious);

/** @param {{ type: import("blazy-jobs").JobType, reload: () => void, small?: boolean }} props `small`: in a row */
export function TypeActions({ type, reload, small = false }) {
  const path = `v1/job-types/${part(type.name)}`;
  const mayDispatch = may("runs:write");
  const mayChange = may("config");
  const isHttp = type.handler.kind === "http";
  const toggle = mayChange && { text: type.paused ? "Resume" : "Pause", icon: type.paused ? "play" : "pause", onClick: () => (type.paused ? act(() => post(`${path}/resume`), `${type.name} goes on.`, reload) : pause(type, reload)) };
  const secrets = isHttp && may("admin") ? [
    { text: "Rotate the signing secret…", icon: "key", onClick: () => rotateSecret(path, type.name, reload) },
    { text: "End the previous secret", icon: "close", onClick: () => endPrevious(path, type.name, reload) },
  ] : [];
  const retire = mayChange && { text: "Retire…", icon: "trash", danger: true, onClick: () => remove(type) };
  if (small) return html`<${Menu} label=${`Actions of ${type.name}`} kind="quiet" items=${[mayDispatch && { text: "Dispatch…", icon: "play", onClick: () => openDispatch(type) }, toggle]} />`;
  return html`
    ${mayDispatch && html`<${Button} kind="primary" icon="play" onClick=${() => openDispatch(type)}>Dispatch<//>`}
    ${toggle && html`<${Button} icon=${toggle.icon} onClick=${toggle.onClick}>${toggle.text}<//>`}
    <${Menu} label="More actions" items=${[{ text: "Its runs", icon: "runs", href: to("runs", { job_type: type.name }) }, mayChange && { text: "Limits…", icon: "filter", onClick: () => openLimits(type, reload) }, ...secrets, retire]} />`;
}

/** @param {import("blazy-jobs").JobType} type @param {() => void} reload */
async function pause(type, reload) {
  const isDone = await confirm({
    title: `Pause ${type.name}?`,
    body: "Its runs wait until you let it go on; new ones are accepted, and what is running will finish.",
    action: "Pause the job type",
    act: () => post(`v1/job-types/${part(type.name)}/pause`),
  });
  if (!isDone) return;
  toast(`${type.name} is paused.`);
  reload();
}

/** @param {import("blazy-jobs").JobType} type */
async function remove(type) {
  const isDone = await confirm({
    title: `Retire ${type.name}?`,
    body: "No run of it can be dispatched then, until it is registered again. Its runs stay.",
    action: "Retire the job type",
    danger: true,
    act: () => del(`v1/job-types/${part(type.name)}`),
  });
  if (!isDone) return;
  toast(`${type.name} is retired.`);
  go(to("job-types"));
}
