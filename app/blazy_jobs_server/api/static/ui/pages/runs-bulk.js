import { html } from "../vendor/preact.js";
import { part, post, del } from "../core/api.js";
import { to } from "../core/base.js";
import { may } from "../core/session.js";
import { plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { confirm } from "../kit/dialog.js";
import { isFinal } from "../kit/state.js";
import { toast } from "../kit/toast.js";

/** @typedef {{ name: string, verb: string, done: string, icon: string, danger?: boolean, fits: (run: any) => boolean, act: (run: any) => Promise<unknown> }} Action */

/** @type {Action[]} */
const ACTIONS = [
  { name: "cancel", verb: "Cancel", done: "cancelled", icon: "cancelled", danger: true, fits: (run) => !isFinal(run.state), act: (run) => post(`v1/runs/${part(run.id)}/cancel`) },
  { name: "replay", verb: "Replay", done: "dispatched anew", icon: "replay", fits: () => true, act: (run) => post(`v1/runs/${part(run.id)}/replay`) },
  { name: "erase", verb: "Erase", done: "erased", icon: "trash", danger: true, fits: (run) => isFinal(run.state), act: (run) => del(`v1/runs/${part(run.id)}`) },
];

/** What can be done with the selected runs.
 * @param {{ selected: Set<string>, rows: any[], clear: () => void, reload: () => void }} props */
export function BulkBar({ selected, rows, clear, reload }) {
  if (selected.size === 0) return null;
  const runs = rows.filter((run) => selected.has(run.id));
  return html`<div class="bulk-bar" role="region" aria-label="Selected runs">
    <strong class="num">${plural(selected.size, "run")} selected</strong>
    <span class="row wrap">
      ${may("runs:write") && ACTIONS.map((action) => {
        const fitting = runs.filter(action.fits);
        return html`<${Button} key=${action.name} icon=${action.icon} disabled=${fitting.length === 0} onClick=${() => ask(action, fitting, clear, reload)}>${action.verb}<//>`;
      })}
      ${selected.size === 2 && html`<${Button} icon="compare" href=${to("compare", { a: [...selected][0], b: [...selected][1] })}>Compare<//>`}
      <${Button} kind="quiet" onClick=${clear}>Clear<//>
    </span>
  </div>`;
}

/** @param {Action} action @param {any[]} runs @param {() => void} clear @param {() => void} reload */
async function ask(action, runs, clear, reload) {
  const isDone = await confirm({
    title: `${action.verb} ${plural(runs.length, "run")}?`,
    body: action.name === "erase" ? "Their events, payloads and results are deleted for good." : undefined,
    action: `${action.verb} ${plural(runs.length, "run")}`,
    danger: action.danger,
    act: async () => {
      for (const run of runs) await action.act(run);
    },
  });
  if (!isDone) return;
  toast(`${plural(runs.length, "run")} ${action.done}.`);
  clear();
  reload();
}
