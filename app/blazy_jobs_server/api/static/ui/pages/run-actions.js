/** What can be done with one run. */
import { html } from "../vendor/preact.js";
import { del, get, part, post } from "../core/api.js";
import { ROOT, to } from "../core/base.js";
import { go } from "../core/router.js";
import { may, session } from "../core/session.js";
import { shellQuoted } from "../core/text.js";
import { Button } from "../kit/button.js";
import { copy } from "../kit/copy.js";
import { confirm } from "../kit/dialog.js";
import { later } from "../kit/later.js";
import { Menu } from "../kit/menu.js";
import { isFinal } from "../kit/state.js";
import { toast, toastError } from "../kit/toast.js";

const cancel = later(() => import("./run-forms.js"), (module) => module.cancel);
const edit = later(() => import("./run-forms.js"), (module) => module.edit);
const compare = later(() => import("./run-forms.js"), (module) => module.compare);

/** @param {{ run: any, reload: () => void }} props */
export function RunActions({ run, reload }) {
  const isOver = isFinal(run.state);
  const mayWrite = may("runs:write");
  const waits = run.state === "scheduled" || run.state === "retrying";
  return html`
    ${mayWrite && !isOver && html`<${Button} icon="cancelled" disabled=${run.cancel_requested} onClick=${() => cancel(run, reload)}>${run.cancel_requested ? "Cancel asked" : "Cancel"}<//>`}
    ${mayWrite && waits && html`<${Button} icon="play" onClick=${() => runNow(run, reload)}>Run now<//>`}
    ${mayWrite && isOver && html`<${Button} icon="replay" kind=${run.state === "failed" && !run.resolved ? "primary" : ""} onClick=${() => replay(run)}>Replay<//>`}
    <${Menu} label="More actions" items=${[
      mayWrite && { text: "Edit and replay…", icon: "replay", onClick: () => edit(run) },
      mayWrite && !isOver && { text: "Replay now as another run", icon: "replay", onClick: () => replay(run) },
      mayWrite && run.state === "failed" && run.resolved === false && { text: "Mark as resolved", icon: "check", onClick: () => resolve(run, reload) },
      run.replay_of && { text: "Compare with the original", icon: "compare", href: to("compare", { a: run.replay_of, b: run.id }) },
      { text: "Compare with the last that completed", icon: "compare", onClick: () => compareWithCompleted(run) },
      { text: "Compare with another…", icon: "compare", onClick: () => compare(run) },
      { text: "Copy as curl", icon: "copy", onClick: () => copy(asCurl(run), "The command") },
      { text: "Copy as JSON", icon: "copy", onClick: () => copy(JSON.stringify(run, null, 2), "The run") },
      mayWrite && isOver && { text: "Erase…", icon: "trash", danger: true, onClick: () => erase(run) },
    ]} />`;
}

/** What a person may do with the run, by the last part of the call's path. @param {any} run @param {() => void} reload
 * @returns {Record<string, () => unknown>} */
export const actionsOn = (run, reload) => (may("runs:write")
  ? { replay: () => replay(run), resolve: () => resolve(run, reload), cancel: () => cancel(run, reload), "run-now": () => runNow(run, reload) }
  : {});

/** @param {any} run @param {() => void} reload */
async function runNow(run, reload) {
  try {
    await post(`v1/runs/${part(run.id)}/run-now`);
    toast("The run is due now.");
    reload();
  } catch (error) {
    toastError(error);
  }
}

/** @param {any} run @param {() => void} reload */
async function resolve(run, reload) {
  try {
    await post(`v1/runs/${part(run.id)}/resolve`);
    toast("The failure is marked as resolved.");
    reload();
  } catch (error) {
    toastError(error);
  }
}

/** @param {any} run */
async function replay(run) {
  try {
    const made = await post(`v1/runs/${part(run.id)}/replay`);
    toast("Replayed as a new run.");
    go(to(`runs/${made.id}`));
  } catch (error) {
    toastError(error);
  }
}

/** @param {any} run */
async function erase(run) {
  const isDone = await confirm({
    title: "Erase this run?",
    body: "The run, its events, payload and result are deleted for good.",
    action: "Erase the run",
    danger: true,
    act: () => del(`v1/runs/${part(run.id)}`),
  });
  if (!isDone) return;
  toast("The run is erased.");
  go(to("runs"));
}

/** What a person who asks why it failed wants beside it. @param {any} run */
async function compareWithCompleted(run) {
  try {
    const { data } = await get("v1/runs", { job_type: run.job_type, state: "completed", fields: "brief", limit: 2 });
    const other = data.find((/** @type {{ id: string }} */ one) => one.id !== run.id);
    if (other) go(to("compare", { a: run.id, b: other.id }));
    else toast(`No other run of ${run.job_type} that completed is kept.`, { tone: "bad" });
  } catch (error) {
    toastError(error);
  }
}

/** The command that dispatches the same. @param {any} run */
function asCurl(run) {
  /** @type {Record<string, unknown>} */
  const body = { payload: run.payload, queue: run.queue, priority: run.priority };
  if (run.key) body.key = run.key;
  if (run.tags.length > 0) body.tags = run.tags;
  if (Object.keys(run.metadata).length > 0) body.metadata = run.metadata;
  return [
    `curl ${shellQuoted(`${ROOT}v1/job-types/${part(run.job_type)}/runs`)} \\`,
    ...(session.value?.id === "anyone" ? [] : ['  -H "Authorization: Bearer $JOBS_API_KEY" \\']),
    "  -H 'Content-Type: application/json' \\",
    `  -d ${shellQuoted(JSON.stringify(body))}`,
  ].join("\n");
}
