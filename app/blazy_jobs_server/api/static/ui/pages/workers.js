import { html, useComputed, useMemo } from "../vendor/preact.js";
import { del, part, post } from "../core/api.js";
import { to } from "../core/base.js";
import { digest } from "../core/live.js";
import { may } from "../core/session.js";
import { number, plural } from "../core/text.js";
import { Empty } from "../kit/empty.js";
import { confirm } from "../kit/dialog.js";
import { Menu } from "../kit/menu.js";
import { Page } from "../kit/page.js";
import { Badge } from "../kit/state.js";
import { Tabs } from "../kit/tabs.js";
import { Elapsed, Time } from "../kit/time.js";
import { toast } from "../kit/toast.js";
import { ListBody, useThings } from "./things.js";

const NAMED = 3;

/** The two pages that belong together. @param {{ current: "workers" | "servers" }} props */
export function MachineTabs({ current }) {
  return html`<${Tabs} label="Workers and servers" tabs=${[
    { text: "Workers", href: to("workers"), current: current === "workers", count: digest.value?.workers.connected },
    { text: "Servers", href: to("servers"), current: current === "servers" },
  ]} />`;
}

export default function Workers() {
  const list = useThings("v1/workers", {}, { topics: ["workers", "runs:running"] });
  const columns = useMemo(() => columnsOf(list.reload), []);
  return html`<${Page} title="Workers" sub=${useComputed(busyText).value}>
    <${MachineTabs} current="workers" />
    <div class="panel flush"><${ListBody} title="Workers" list=${list} one="worker" columns=${columns}
      empty=${html`<${Empty} icon="workers" title="No worker is connected"><p>Nothing starts until one is. On any machine:</p><br /><pre>blazy-jobs worker your_module</pre><//>`} /></div>
  <//>`;
}

function busyText() {
  const { slots = 0, busy = 0, draining = 0 } = digest.value?.workers ?? {};
  return slots > 0 && `${number(busy)} of ${plural(slots, "slot")} busy${draining ? `, ${plural(draining, "worker")} draining` : ""}`;
}

/** @param {() => void} reload
 * @returns {import("../kit/table.js").Column[]} */
function columnsOf(reload) {
  return [
    { title: "Worker", wide: true, cell: (worker) => html`<span class="cell-2"><a class="clip" data-open href=${to("runs", { worker_id: worker.id })} dir="auto">${worker.name}</a><span class="clip small faint">${origin(worker)}</span></span>` },
    { title: "State", width: "1%", cell: (worker) => html`<${WorkerState} worker=${worker} />` },
    { title: "Slots", width: "9rem", cell: (worker) => html`<${Slots} worker=${worker} />` },
    { title: "Runs now", width: "15rem", cell: (worker) => html`<${InHand} worker=${worker} />` },
    { title: "Serves", drop: "middle", width: "1%", cell: (worker) => html`<${Serves} worker=${worker} />` },
    { title: "Heard", align: "end", width: "6rem", cell: (worker) => html`<span class="quiet"><${Time} at=${worker.last_seen_at} /></span>` },
    { title: "Actions", hideTitle: true, actions: true, align: "end", width: "1%", cell: (worker) => html`<${WorkerActions} worker=${worker} reload=${reload} />` },
  ];
}

/** Where it runs. @param {any} worker */
const origin = (worker) => [worker.host, worker.pid && `process ${worker.pid}`, worker.version && `version ${worker.version}`].filter(Boolean).join(" · ") || worker.id;

/** @param {{ worker: any }} props */
function WorkerState({ worker }) {
  if (worker.draining) return html`<${Badge} tone="warn" icon="interrupted">Draining<//>`;
  if (worker.busy >= worker.slots) return html`<${Badge} tone="accent" icon="running">Full<//>`;
  if (worker.busy > 0) return html`<${Badge} tone="accent" icon="running">Busy<//>`;
  return html`<${Badge} icon="check">Idle<//>`;
}

/** @param {{ worker: any }} props */
function Slots({ worker }) {
  const percent = worker.slots > 0 ? Math.min(100, (worker.busy / worker.slots) * 100) : 0;
  return html`<span class="row"><span class="bar slots" role="meter" aria-label=${`Busy slots of ${worker.name}`} aria-valuenow=${worker.busy} aria-valuemin="0" aria-valuemax=${worker.slots}><span style=${{ width: `${percent}%` }}></span></span>
    <span class="num small quiet nowrap">${number(worker.busy)} <span class="faint">of ${number(worker.slots)}</span></span></span>`;
}

/** @param {{ worker: any }} props */
function InHand({ worker }) {
  const runs = worker.running.slice(0, NAMED);
  if (runs.length === 0) return html`<span class="faint">–</span>`;
  return html`<span class="in-hand">${runs.map((/** @type {any} */ run) => html`<a key=${run.run_id} class="row" href=${to(`runs/${run.run_id}`)}><span class="clip">${run.job_type}</span><span class="faint small"><${Elapsed} from=${run.started_at} /></span></a>`)}
    ${worker.busy > runs.length && html`<a class="soft small" href=${to("runs", { state: "running", worker_id: worker.id })}>and ${number(worker.busy - runs.length)} more</a>`}</span>`;
}

/** @param {{ worker: any }} props */
function Serves({ worker }) {
  const types = worker.job_types.join(", ");
  return html`<span class="cell-2 small"><span class="clip serves-cell quiet" title=${types}>${worker.job_types.length === 1 ? types : plural(worker.job_types.length, "job type")}</span>
    <span class="clip serves-cell faint" title=${worker.queues?.join(", ") ?? ""}>${worker.queues === null ? "in all queues" : `in ${worker.queues.join(", ")}`}</span></span>`;
}

/** @param {{ worker: any, reload: () => void }} props */
function WorkerActions({ worker, reload }) {
  if (!may("workers")) return null;
  return html`<${Menu} label=${`Actions of ${worker.name}`} kind="quiet" items=${[
    !worker.draining && { text: "Drain…", icon: "interrupted", onClick: () => drain(worker, reload) },
    { text: "Remove…", icon: "trash", danger: true, onClick: () => remove(worker, reload) },
  ]} />`;
}

/** @param {any} worker @param {() => void} reload */
async function drain(worker, reload) {
  const isDone = await confirm({
    title: `Drain ${worker.name}?`,
    body: `It gets no more runs, finishes ${worker.busy === 0 ? "what it has" : `the ${plural(worker.busy, "run")} that it has`}, and stops. A worker of the server's own pool is replaced by a new one.`,
    action: "Drain the worker",
    act: () => post(`v1/workers/${part(worker.id)}/drain`),
  });
  if (!isDone) return;
  toast(`${worker.name} drains.`);
  reload();
}

/** @param {any} worker @param {() => void} reload */
async function remove(worker, reload) {
  const isDone = await confirm({
    title: `Remove ${worker.name}?`,
    body: worker.busy > 0 ? `It is taken for lost: ${plural(worker.busy, "run")} that it has ${worker.busy === 1 ? "is" : "are"} given to others. Drain it instead, to let it finish.` : "If it still is there, it registers anew.",
    action: "Remove the worker",
    danger: true,
    act: () => del(`v1/workers/${part(worker.id)}`),
  });
  if (!isDone) return;
  toast(`${worker.name} is removed.`);
  reload();
}
