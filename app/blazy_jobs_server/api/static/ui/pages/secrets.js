/** Secrets: shown once, rotated with an overlap. */
import { html, useState } from "../vendor/preact.js";
import { del, post } from "../core/api.js";
import { Button } from "../kit/button.js";
import { Copy } from "../kit/copy.js";
import { DialogFrame, openDialog } from "../kit/dialog.js";
import { Form, SelectField } from "../kit/form.js";
import { Icon } from "../kit/icons.js";
import { act } from "./things.js";

const OVERLAPS = [
  { value: "0", text: "None: the old one ends at once" },
  { value: "3600", text: "1 hour" },
  { value: "86400", text: "1 day" },
  { value: "604800", text: "7 days" },
  { value: "2592000", text: "30 days" },
];

/** Shows a secret that cannot be read again. It is left only by its button.
 * @param {{ title: string, secret: string, what: string, children?: any }} shown */
export function showSecret({ title, secret, what, children }) {
  return openDialog((close) => html`<${DialogFrame} title=${title} close=${close} actions=${html`<${Button} kind="primary" onClick=${() => close()}>I have stored it<//>`}>
    <p class="form-warning"><${Icon} name="warning" /><span>This is the only time that ${what} is shown. Store it now; nobody can read it again.</span></p>
    <div class="secret"><code>${secret}</code><${Copy} text=${secret} what=${`The ${what.replace(/^the /, "")}`} /></div>
    ${children}
  <//>`);
}

/** Asks for how long the old secret holds besides, and shows the new one.
 * @param {string} path of the thing whose secret it is
 * @param {string} name
 * @param {() => void} reload */
export async function rotateSecret(path, name, reload) {
  const made = await askOverlap({ title: `Rotate the secret of ${name}?`, path: `${path}/secret/rotate`, meanwhile: "Meanwhile both sign what is sent." });
  if (!made) return;
  reload();
  await showSecret({ title: `New secret of ${name}`, secret: made.secret, what: "the secret" });
}

/** @param {{ title: string, path: string, meanwhile: string }} asked
 * @returns {Promise<any>} the answer; undefined if it was left */
export const askOverlap = (asked) => openDialog((close) => html`<${Overlap} ...${asked} close=${close} />`);

/** @param {{ title: string, path: string, meanwhile: string, close: (made?: any) => void }} props */
function Overlap({ title, path, meanwhile, close }) {
  const [seconds, setSeconds] = useState("86400");
  return html`<${DialogFrame} title=${title} close=${close}>
    <p class="quiet">A new one is made and shown once.</p>
    <${Form} action="Rotate" paths=${["/overlap_seconds"]} onCancel=${() => close()} onSubmit=${async () => close(await post(path, { overlap_seconds: Number(seconds) }))}>${(/** @type {(path: string) => string | undefined} */ problem) => html`
      <${SelectField} label="The old one remains valid for" hint=${meanwhile} options=${OVERLAPS} value=${seconds} onChange=${setSeconds} problem=${problem("/overlap_seconds")} />`}<//>
  <//>`;
}

/** @param {string} path @param {string} name @param {() => void} reload */
export async function endPrevious(path, name, reload) {
  await act(() => del(`${path}/secret/previous`), `Only the new secret of ${name} signs now.`, reload);
}
