import { html } from "../vendor/preact.js";
import { shortcuts, theme, zone } from "../core/prefs.js";
import { NAVIGATION } from "../core/routes.js";
import { has, logOut, session } from "../core/session.js";
import { Button } from "./button.js";
import { DialogFrame, openDialog } from "./dialog.js";
import { Checkbox, SelectField } from "./form.js";

/** Who is logged in, preferences, and the keys. */
export function openSettings() {
  openDialog((close) => html`<${Settings} close=${close} />`);
}

const KEYS = [
  ["/", "Search"], ["j", "Next row"], ["k", "Row before"], ["Enter", "Open the row"], ["x", "Select the row"],
  ["p", "Pause what is live"], ["?", "This list"], ["Esc", "Close"],
];

/** @param {{ close: () => void }} props */
function Settings({ close }) {
  const pages = NAVIGATION.filter(({ scope }) => !scope || has(scope)).map(({ key, title }) => [`g ${key}`, title]);
  return html`<${DialogFrame} title="Settings and keys" close=${close} actions=${html`
      ${session.value?.expires_at && html`<${Button} icon="logout" onClick=${logOut}>Log out<//>`}
      <${Button} kind="primary" onClick=${() => close()}>Done<//>`}>
    <div class="settings">
      ${session.value?.name && html`<p class="quiet">Logged in as <strong>${session.value.name}</strong>.</p>`}
      <div class="form-row">
        <${SelectField} label="Colours" value=${theme.value} onChange=${(/** @type {any} */ value) => { theme.value = value; }} options=${[{ value: "auto", text: "As the system" }, { value: "light", text: "Light" }, { value: "dark", text: "Dark" }]} />
        <${SelectField} label="Times" value=${zone.value} onChange=${(/** @type {any} */ value) => { zone.value = value; }} options=${[{ value: "local", text: "Local time" }, { value: "utc", text: "UTC" }]} />
      </div>
      <${Checkbox} label="Single letters are shortcuts" checked=${shortcuts.value} onChange=${(/** @type {boolean} */ value) => { shortcuts.value = value; }} />
      <dl class="keys">${[...KEYS, ...pages].map(([key, text]) => html`<div key=${key}><dt>${key.split(" ").map((one) => html`<kbd key=${one}>${one}</kbd> `)}</dt><dd>${text}</dd></div>`)}</dl>
    </div>
  <//>`;
}
