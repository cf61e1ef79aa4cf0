import { html, useState } from "../vendor/preact.js";
import { Icon } from "./icons.js";
import { toast } from "./toast.js";

/** Puts text on the clipboard, also where the page is not on TLS.
 * @param {string} text
 * @param {string} [what] such as "The id" */
export async function copy(text, what = "It") {
  let isDone = false;
  try {
    await navigator.clipboard.writeText(text);
    isDone = true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden-text";
    document.body.append(area);
    area.select();
    isDone = document.execCommand("copy");
    area.remove();
  }
  if (isDone) toast(`${what} is on the clipboard.`);
  else toast("The browser does not let the page copy.", { tone: "bad" });
}

/** @param {{ text: string, what?: string }} props */
export function Copy({ text, what = "It" }) {
  const [isDone, setDone] = useState(false);
  const clicked = async () => {
    await copy(text, what);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button type="button" class="button quiet icon-only small-button" aria-label=${`Copy ${what.toLowerCase()}`} title="Copy" onClick=${clicked}><${Icon} name=${isDone ? "check" : "copy"} size=${14} /></button>`;
}
