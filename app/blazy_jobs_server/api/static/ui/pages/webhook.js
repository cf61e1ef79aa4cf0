import { html, useState } from "../vendor/preact.js";
import { del, part, patch, post } from "../core/api.js";
import { to } from "../core/base.js";
import { useList, useRead } from "../core/read.js";
import { go, query } from "../core/router.js";
import { may } from "../core/session.js";
import { duration, plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { DialogFrame, confirm, openDialog } from "../kit/dialog.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Form, SelectField } from "../kit/form.js";
import { later } from "../kit/later.js";
import { Menu } from "../kit/menu.js";
import { Facts, Page, Section } from "../kit/page.js";
import { Badge } from "../kit/state.js";
import { Tabs } from "../kit/tabs.js";
import { Time } from "../kit/time.js";
import { toast, toastError } from "../kit/toast.js";
import { SOURCES } from "./definition-parts.js";
import { ListBody, Patterns, act } from "./things.js";
import { EventNames, WebhookState, openWebhookForm } from "./webhook-parts.js";

const rotateSecret = later(() => import("./secrets.js"), (module) => module.rotateSecret);
const endPrevious = later(() => import("./secrets.js"), (module) => module.endPrevious);

const CRUMBS = [{ href: to("webhooks"), text: "Webhooks" }];

/** @param {{ name: string }} props */
export default function WebhookPage({ name }) {
  const { data: webhook, error, stale, reload } = useRead(`v1/webhooks/${part(name)}`, {}, { topics: ["webhooks"] });
  if (!webhook) return html`<${Page} title=${name} crumbs=${CRUMBS}>${error ? html`<${Failure} error=${error} what="webhook" retry=${reload} />` : html`<${Skeleton} />`}<//>`;
  return html`<${Page} title=${webhook.name} crumbs=${CRUMBS}
    heading=${html`<span class="row wrap gap-3">${webhook.name}<${WebhookState} webhook=${webhook} /></span>`}
    sub=${html`<p class="mono" dir="ltr">${webhook.url}</p>`}
    actions=${may("config") && html`<${Actions} webhook=${webhook} reload=${reload} />`}>
    <div class=${`run-page ${stale ? "is-stale" : ""}`}>
      <div class="stack gap-5"><${Deliveries} webhook=${webhook} /></div>
      <aside class="stack gap-5" aria-label="About this webhook">
        <${Section} title="It is told of" bare=${true}><${Facts} items=${[
          ["Events", html`<${EventNames} events=${webhook.events} />`],
          ["Job types", html`<${Patterns} names=${webhook.job_types} all="all" />`],
          ["Queues", html`<${Patterns} names=${webhook.queues} all="all" />`],
          ["Besides", webhook.include.includes("result") && "the result"],
        ]} /><//>
        <${Section} title="So far" bare=${true}><${Facts} items=${[
          ["Last received", html`<${Time} at=${webhook.last_success_at} none="never" />`],
          ["Failing since", webhook.failing_since && html`<span class="bad"><${Time} at=${webhook.failing_since} /></span>`],
          ["Old secret", webhook.previous_secret_until && html`signs until <${Time} at=${webhook.previous_secret_until} exact=${true} />`],
          ["Defined by", SOURCES[webhook.source] ?? webhook.source],
          ["Made", html`<${Time} at=${webhook.created_at} />`],
          ["Changed", html`<${Time} at=${webhook.updated_at} />`],
        ]} /><//>
      </aside>
    </div>
  <//>`;
}

/** @param {{ webhook: any, reload: () => void }} props */
function Actions({ webhook, reload }) {
  const path = `v1/webhooks/${part(webhook.name)}`;
  const turn = () => act(() => patch(path, { enabled: !webhook.enabled }), webhook.enabled ? `${webhook.name} is disabled.` : `${webhook.name} is enabled.`, reload);
  return html`
    <${Button} kind="primary" icon="bolt" onClick=${() => test(path, reload)}>Send a test<//>
    <${Button} icon=${webhook.enabled ? "pause" : "play"} onClick=${turn}>${webhook.enabled ? "Disable" : "Enable"}<//>
    <${Menu} label="More actions" items=${[
      { text: "Change…", icon: "types", onClick: () => openWebhookForm(webhook, reload) },
      { text: "Send again what was not received…", icon: "replay", onClick: () => openDialog((close) => html`<${Recover} webhook=${webhook} close=${close} reload=${reload} />`) },
      { text: "Rotate the secret…", icon: "key", onClick: () => rotateSecret(path, webhook.name, reload) },
      webhook.previous_secret_until && { text: "End the previous secret", icon: "close", onClick: () => endPrevious(path, webhook.name, reload) },
      { text: "Delete…", icon: "trash", danger: true, onClick: () => remove(webhook) },
    ]} />`;
}

/** @param {string} path @param {() => void} reload */
async function test(path, reload) {
  try {
    const answer = await post(`${path}/test`);
    reload();
    await openDialog((close) => html`<${DialogFrame} title=${answer.delivered ? "The test was received" : "The test was not received"} close=${close} actions=${html`<${Button} kind="primary" onClick=${() => close()}>Done<//>`}>
      <p class="row wrap">${answer.delivered ? html`<${Badge} tone="ok" icon="check">Received<//>` : html`<${Badge} tone="bad" icon="failed">${answer.error?.code ?? "failed"}<//>`}
        ${answer.status !== null && html`<span>Status ${answer.status}</span>`}<span class="faint">after ${duration(answer.duration_seconds)}</span></p>
      ${answer.error && html`<p class="error-message" dir="auto">${answer.error.message}</p>`}<//>`);
  } catch (error) {
    toastError(error);
  }
}

const SPANS = [
  { value: "3600", text: "the last hour" },
  { value: "86400", text: "the last day" },
  { value: "604800", text: "the last week" },
  { value: "2592000", text: "the last 30 days" },
];

/** @param {{ webhook: any, close: () => void, reload: () => void }} props */
function Recover({ webhook, close, reload }) {
  const [seconds, setSeconds] = useState("86400");
  const submitted = async () => {
    const answer = await post(`v1/webhooks/${part(webhook.name)}/recover`, { since: new Date(Date.now() - Number(seconds) * 1000).toISOString() });
    close();
    toast(answer.deliveries === 0 ? "There is nothing to send again." : `${plural(answer.deliveries, "message")} will be sent again.`);
    reload();
  };
  return html`<${DialogFrame} title="Send again what was not received?" close=${close}>
    <p class="quiet">Messages whose first attempt failed within the time below are tried anew, soon.</p>
    <${Form} action="Send again" paths=${["/since"]} onCancel=${() => close()} onSubmit=${submitted}>${(/** @type {(path: string) => string | undefined} */ problem) => html`
      <${SelectField} label="Those of" options=${SPANS} value=${seconds} onChange=${setSeconds} problem=${problem("/since")} />`}<//>
  <//>`;
}

/** @param {any} webhook */
async function remove(webhook) {
  const isDone = await confirm({
    title: `Delete ${webhook.name}?`,
    body: "It is told of nothing more, and what waits to be delivered is dropped.",
    action: "Delete the webhook",
    danger: true,
    act: () => del(`v1/webhooks/${part(webhook.name)}`),
  });
  if (!isDone) return;
  toast(`${webhook.name} is deleted.`);
  go(to("webhooks"));
}

/** What was not received at the first try. @param {{ webhook: any }} props */
function Deliveries({ webhook }) {
  const path = `v1/webhooks/${part(webhook.name)}`;
  const state = query.value.get("state") ?? "";
  const list = useList(`${path}/deliveries`, { state, limit: 50 }, { topics: ["webhooks"], every: 10_000 });
  const retry = (/** @type {any} */ one) => act(() => post(`${path}/deliveries/${part(one.id)}/retry`), "It will be sent again now.", list.reload);
  const tab = (/** @type {string} */ value, /** @type {string} */ text) => ({ text, href: to(`webhooks/${part(webhook.name)}`, { state: value }), current: state === value });
  /** @type {import("../kit/table.js").Column[]} */
  const columns = [
    { title: "Run", width: "1%", cell: (one) => html`<a data-open class="mono run-id" href=${to(`runs/${one.run_id}`)}>${one.run_id}</a>` },
    { title: "Event", drop: "middle", width: "1%", cell: (one) => html`<${EventNames} events=${[one.type]} />` },
    { title: "State", width: "1%", cell: (one) => (one.state === "failed" ? html`<${Badge} tone="bad" icon="failed">Given up<//>` : html`<${Badge} tone="warn" icon="retrying">Again <${Time} at=${one.next_attempt_at} /><//>`) },
    { title: "Error", wide: true, cell: (one) => html`<span class="clip gist" dir="auto"><span class="faint">${one.error.status ?? one.error.code}</span> ${one.error.message}</span>` },
    { title: "Tries", align: "end", width: "1%", cell: (one) => html`<span class="quiet">${one.attempts}<span class="faint"> of 10</span></span>` },
    { title: "Last", align: "end", width: "6rem", cell: (one) => html`<span class="quiet"><${Time} at=${one.last_attempt_at} /></span>` },
    { title: "Actions", hideTitle: true, actions: true, align: "end", width: "1%", cell: (one) => may("config") && html`<${Button} kind="quiet" icon="replay" label=${`Send ${one.id} again now`} onClick=${() => retry(one)} />` },
  ];
  return html`<${Section} title="Deliveries that failed" bare=${true}>
    <${Tabs} label="Deliveries by state" tabs=${[tab("", "All"), tab("pending", "To be tried again"), tab("failed", "Given up")]} />
    <div class="panel flush"><${ListBody} title="Deliveries" list=${list} one="delivery" columns=${columns}
      empty=${html`<${Empty} icon="completed" title="Nothing waits">What is received at the first try is not kept; what is not appears here.<//>`} /></div>
  <//>`;
}
