import { html } from "../vendor/preact.js";
import { part, post } from "../core/api.js";
import { later } from "../kit/later.js";
import { may } from "../core/session.js";
import { plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { confirm } from "../kit/dialog.js";
import { toast } from "../kit/toast.js";
import { act } from "./things.js";

const openQueueLimits = later(() => import("./queue-limits.js"), (module) => module.openQueueLimits);

/** Pauses a queue, or lets it go on; on its page also changes its limits.
 * @param {{ queue: import("blazy-jobs").Queue, reload: () => void, small?: boolean }} props `small`: in a row, without a word */
export function QueueActions({ queue, reload, small = false }) {
  if (!may("config")) return null;
  const name = small ? undefined : queue.paused ? "Resume" : "Pause";
  const label = `${queue.paused ? "Resume" : "Pause"} ${queue.name}`;
  return html`${!small && html`<${Button} icon="filter" label=${`Limits of ${queue.name}`} onClick=${() => openQueueLimits(queue, reload)}>Limits<//>`}
    <${Button} icon=${queue.paused ? "play" : "pause"} kind=${small ? "quiet" : ""} label=${label} onClick=${() => (queue.paused ? resume(queue, reload) : pause(queue, reload))}>${name}<//>`;
}

/** @param {import("blazy-jobs").Queue} queue @param {() => void} reload */
const resume = (queue, reload) => act(() => post(`v1/queues/${part(queue.name)}/resume`), `${queue.name} goes on.`, reload);

/** @param {import("blazy-jobs").Queue} queue @param {() => void} reload */
async function pause(queue, reload) {
  const running = queue.counts.running;
  const isDone = await confirm({
    title: `Pause ${queue.name}?`,
    body: `Its runs wait until you let it go on; new ones are accepted.${running > 0 ? ` ${plural(running, "run")} that ${running === 1 ? "is" : "are"} running will finish.` : ""}`,
    action: "Pause the queue",
    act: () => post(`v1/queues/${part(queue.name)}/pause`),
  });
  if (!isDone) return;
  toast(`${queue.name} is paused.`);
  reload();
}
