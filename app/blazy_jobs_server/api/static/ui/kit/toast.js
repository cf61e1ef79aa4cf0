import { html, signal } from "../vendor/preact.js";
import { Icon } from "./icons.js";

/** @type {import("../vendor/preact.js").Signal<{ id: number, text: string, tone: string, link?: { href: string, text: string } }[]>} */
const toasts = signal([]);
const announced = signal("");
let last = 0;

const LASTS_MS = 6000;

/** Says briefly what was done. `bad` ones stay until they are closed.
 * @param {string} text
 * @param {{ tone?: "ok" | "bad", link?: { href: string, text: string } }} [options] */
export function toast(text, { tone = "ok", link } = {}) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-3), { id, text, tone, link }];
  announce(text);
  if (tone === "ok") setTimeout(() => dismiss(id), LASTS_MS);
}

/** Says an error of an action: the server's own words.
 * @param {unknown} error */
export function toastError(error) {
  toast(error instanceof Error ? error.message : String(error), { tone: "bad" });
}

/** Says something to screen readers only: there is one polite live region.
 * @param {string} text */
export function announce(text) {
  announced.value = text === announced.value ? `${text}\u00a0` : text;
}

/** @param {number} id */
function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return html`
    <div class="hidden-text" role="status" aria-live="polite">${announced.value}</div>
    <div class="toasts">
      ${toasts.value.map((one) => html`
        <div class="toast" key=${one.id} data-tone=${one.tone}>
          <${Icon} name=${one.tone === "bad" ? "failed" : "completed"} />
          <span class="grow">${one.text}</span>
          ${one.link && html`<a href=${one.link.href}>${one.link.text}</a>`}
          <button type="button" class="button quiet icon-only" aria-label="Close" onClick=${() => dismiss(one.id)}><${Icon} name="close" /></button>
        </div>`)}
    </div>`;
}
