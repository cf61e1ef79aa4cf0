/** What can be done with all failures of a kind. */
import { html } from "../vendor/preact.js";
import { to } from "../core/base.js";
import { may } from "../core/session.js";
import { Button } from "../kit/button.js";
import { later } from "../kit/later.js";
import { Menu } from "../kit/menu.js";

const askBulk = later(() => import("./bulk-ask.js"), (module) => module.askBulk);

/** @param {any} group @param {string} state */
const filterOf = (group, state) => (state === "failed" ? { state: ["failed"], error_group: group.group, resolved: false } : { state: ["retrying"], error_group: group.group });

/** In a row of the list. @param {{ group: any, state: string, reload: () => void }} props */
export function GroupMenu({ group, state, reload }) {
  const filter = filterOf(group, state);
  return html`<${Menu} kind="quiet" label=${`Actions on ${group.type || group.code}`} items=${[
    may("runs:write") && state === "failed" && { text: "Replay all…", icon: "replay", onClick: () => askBulk("replay", { filter }, reload) },
    may("runs:write") && state === "failed" && { text: "Resolve all…", icon: "check", onClick: () => askBulk("resolve", { filter }, reload) },
    may("runs:write") && state === "retrying" && { text: "Retry all now…", icon: "play", onClick: () => askBulk("run_now", { filter }, reload) },
    may("runs:write") && state === "retrying" && { text: "Cancel all…", icon: "cancelled", danger: true, onClick: () => askBulk("cancel", { filter }, reload) },
    { text: "Show the runs", icon: "runs", href: to("runs", { state, error_group: group.group }) },
    { text: "Show one of them", icon: "chevron", href: to(`runs/${group.sample_run_id}`) },
  ]} />`;
}

/** On the page of a kind. @param {{ group: any, state: string, reload: () => void }} props */
export function GroupActions({ group, state, reload }) {
  const filter = filterOf(group, state);
  if (!may("runs:write")) return null;
  if (state === "retrying") {
    return html`<${Button} icon="cancelled" onClick=${() => askBulk("cancel", { filter }, reload)}>Cancel all<//>
      <${Button} icon="play" kind="primary" onClick=${() => askBulk("run_now", { filter }, reload)}>Retry all now<//>`;
  }
  return html`<${Button} icon="check" onClick=${() => askBulk("resolve", { filter }, reload)}>Resolve all<//>
    <${Button} icon="replay" kind="primary" onClick=${() => askBulk("replay", { filter }, reload)}>Replay all<//>`;
}
