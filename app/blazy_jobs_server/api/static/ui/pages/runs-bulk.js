import { html } from "../vendor/preact.js";
import { to } from "../core/base.js";
import { may } from "../core/session.js";
import { plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { later } from "../kit/later.js";
import { isFinal } from "../kit/state.js";

const askBulk = later(() => import("./bulk-ask.js"), (module) => module.askBulk);

/** @type {{ action: import("./bulk-ask.js").BulkAction, text: string, icon: string, fits: (run: any) => boolean, isRare?: boolean }[]} */
const ACTIONS = [
  { action: "replay", text: "Replay", icon: "replay", fits: () => true },
  { action: "cancel", text: "Cancel", icon: "cancelled", fits: (run) => !isFinal(run.state) },
  { action: "run_now", text: "Run now", icon: "play", fits: (run) => run.state === "scheduled" || run.state === "retrying", isRare: true },
  { action: "resolve", text: "Resolve", icon: "check", fits: (run) => run.state === "failed" && !run.resolved, isRare: true },
  { action: "reprioritise", text: "Priority", icon: "priority", fits: (run) => !isFinal(run.state), isRare: true },
  { action: "erase", text: "Erase", icon: "trash", fits: (run) => isFinal(run.state) },
];

/** @param {import("./bulk-ask.js").BulkAction} action @param {string[]} ids @param {() => void} clear @param {() => void} reload */
async function ask(action, ids, clear, reload) {
  await askBulk(action, { ids }, (isDone) => {
    if (isDone) clear();
    reload();
  });
}

/** What can be done with the selected runs.
 * @param {{ selected: Set<string>, rows: any[], clear: () => void, reload: () => void }} props */
export function BulkBar({ selected, rows, clear, reload }) {
  if (selected.size === 0) return null;
  const runs = rows.filter((run) => selected.has(run.id));
  const [a, b] = runs.length === 2 ? [runs[1].id, runs[0].id] : [];
  return html`<div class="bulk-bar" role="region" aria-label="Selected runs">
    <strong class="num">${plural(selected.size, "run")} selected</strong>
    <span class="row wrap">
      ${may("runs:write") && ACTIONS.map(({ action, text, icon, fits, isRare }) => {
        const ids = runs.filter(fits).map((run) => run.id);
        if (isRare && ids.length === 0) return null;
        return html`<${Button} key=${action} icon=${icon} disabled=${ids.length === 0} onClick=${() => ask(action, ids, clear, reload)}>${text}<//>`;
      })}
      ${a && html`<${Button} icon="compare" href=${to("compare", { a, b })}>Compare<//>`}
      <${Button} kind="quiet" icon="close" label="Select none" onClick=${clear} />
    </span>
  </div>`;
}
