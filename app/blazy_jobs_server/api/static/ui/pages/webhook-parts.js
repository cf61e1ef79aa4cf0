import { html } from "../vendor/preact.js";
import { later } from "../kit/later.js";
import { Badge, capital } from "../kit/state.js";

export const openWebhookForm = later(() => import("./webhook-form.js"), (module) => module.openWebhookForm);

/** @type {Record<string, string>} */
const DISABLED = { gone: "Disabled: gone", failing: "Disabled: failing" };
/** @type {Record<string, string>} */
const WHY = { gone: "Its endpoint answered 410.", failing: "It has not received anything for five days." };

/** @param {{ webhook: any }} props */
export function WebhookState({ webhook }) {
  if (!webhook.enabled) return html`<${Badge} tone=${webhook.disabled_reason ? "bad" : ""} icon="pause" title=${WHY[webhook.disabled_reason] ?? null}>${DISABLED[webhook.disabled_reason] ?? "Disabled"}<//>`;
  if (webhook.failing_since) return html`<${Badge} tone="bad" icon="warning" title=${`Since ${webhook.failing_since}`}>Failing<//>`;
  if (webhook.last_success_at === null) return html`<${Badge}>Nothing sent yet<//>`;
  return html`<${Badge} tone="ok" icon="check">Working<//>`;
}

/** The short names of events. @param {{ events: string[] }} props */
export const EventNames = ({ events }) => html`<span class="row wrap gap-1">${events.map((event) => html`<${Badge} key=${event}>${capital(event.replace(/^run\./, ""))}<//>`)}</span>`;

/** "Failed, completed"; all of them: "Everything". @param {string[]} events */
export const eventsText = (events) => (events.length >= 4 ? "Everything" : capital(events.map((event) => event.replace(/^run\./, "")).join(", ")));
