import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { may } from "../core/session.js";
import { Button } from "../kit/button.js";
import { Empty } from "../kit/empty.js";
import { Time } from "../kit/time.js";
import { WebhookState, eventsText, openWebhookForm } from "./webhook-parts.js";
import { ListPage, useThings } from "./things.js";

export default function Webhooks() {
  const list = useThings("v1/webhooks", {}, { topics: ["webhooks"], sort: true });
  /** @type {import("../kit/table.js").Column[]} */
  const columns = [
    { title: "Webhook", wide: true, cell: (webhook) => html`<span class="cell-2"><a data-open class="clip" href=${to(`webhooks/${part(webhook.name)}`)}>${webhook.name}</a><span class="clip small faint" dir="ltr">${webhook.url}</span></span>` },
    { title: "State", width: "1%", cell: (webhook) => html`<${WebhookState} webhook=${webhook} />` },
    { title: "Told of", width: "1%", cell: (webhook) => html`<span class="quiet">${eventsText(webhook.events)}</span>` },
    { title: "Last received", align: "end", width: "7.5rem", cell: (webhook) => html`<span class="quiet"><${Time} at=${webhook.last_success_at} none="never" /></span>` },
  ];
  return html`<${ListPage} title="Webhooks" list=${list} one="webhook" columns=${columns} dim=${(/** @type {any} */ webhook) => !webhook.enabled}
    actions=${may("config") && html`<${Button} kind="primary" icon="plus" onClick=${() => openWebhookForm(null, list.reload)}>New webhook<//>`}
    empty=${html`<${Empty} icon="webhooks" title="No webhooks yet">A webhook tells another service what became of runs, signed and at least once.<//>`} />`;
}
