import { html } from "../vendor/preact.js";
import { del, part } from "../core/api.js";
import { to } from "../core/base.js";
import { now } from "../core/clock.js";
import { may, session } from "../core/session.js";
import { duration, number } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Empty } from "../kit/empty.js";
import { confirm } from "../kit/dialog.js";
import { later } from "../kit/later.js";
import { Menu } from "../kit/menu.js";
import { Badge } from "../kit/state.js";
import { Time } from "../kit/time.js";
import { toast } from "../kit/toast.js";
import { ListPage, Patterns, useThings } from "./things.js";

const openKeyForm = later(() => import("./key-form.js"), (module) => module.openKeyForm);
const rotateKey = later(() => import("./key-form.js"), (module) => module.rotateKey);

/** @typedef {import("blazy-jobs").Key} Key */

const SOON_MS = 14 * 86_400_000;
/** @type {Record<string, string>} */
const MAKERS = { root: "the settings' key", command: "the command line", anyone: "anyone" };

export default function Keys() {
  const list = useThings("v1/keys", {}, { topics: ["keys"] });
  const nameOf = (/** @type {string} */ id) => MAKERS[id] ?? list.rows.find((key) => key.id === id)?.name ?? id;
  const isRestricted = list.rows.some((key) => key.job_types !== null || key.queues !== null || key.rate_limit !== null);
  /** @type {(import("../kit/table.js").Column | false)[]} */
  const columns = [
    { title: "Key", wide: true, cell: (key) => html`<span class="cell-2"><span class="row"><a class="clip" data-open href=${to("audit", { actor: key.id })} title="What was done with it" dir="auto">${key.name}</a>${key.id === session.value?.id && html`<${Badge} tone="accent">Yours<//>`}</span><span class="clip small faint mono">bjk_${key.id}_…</span></span>` },
    { title: "State", width: "1%", cell: (key) => html`<${KeyState} keyOf=${key} />` },
    { title: "May", width: "1%", cell: (key) => html`<span class="row wrap gap-1 scopes">${key.scopes.map((/** @type {string} */ scope) => html`<${Badge} key=${scope} tone=${scope === "admin" ? "warn" : ""}>${scope}<//>`)}</span>` },
    isRestricted && { title: "Only", drop: "middle", width: "1%", cell: (/** @type {Key} */ key) => html`<${Restrictions} keyOf=${key} />` },
    { title: "Made", align: "end", drop: "middle", width: "10rem", cell: (key) => html`<span class="cell-2"><span class="quiet"><${Time} at=${key.created_at} /></span><span class="small faint clip maker">by ${nameOf(key.created_by)}</span></span>` },
    { title: "Used", align: "end", width: "6rem", cell: (key) => html`<span class="quiet"><${Time} at=${key.last_used_at} none="never" /></span>` },
    { title: "Actions", hideTitle: true, actions: true, align: "end", width: "1%", cell: (key) => html`<${KeyActions} keyOf=${key} reload=${list.reload} />` },
  ];
  return html`<${ListPage} title="Keys" list=${list} one="key" columns=${columns.filter((column) => column !== false)} dim=${(/** @type {Key} */ key) => key.revoked_at !== null || hasEnded(key)}
    sub="What a key may do cannot be changed afterwards: make another, and revoke the old one."
    actions=${may("admin") && html`<${Button} kind="primary" icon="plus" onClick=${() => openKeyForm(list.reload)}>New key<//>`}
    empty=${html`<${Empty} icon="key" title="No keys yet">Once there has been one, nobody gets in without a key again.<//>`} />`;
}

/** @param {Key} key */
const hasEnded = (key) => key.expires_at !== null && new Date(key.expires_at).getTime() <= now.value;

/** @param {{ keyOf: Key }} props */
function KeyState({ keyOf }) {
  if (keyOf.revoked_at) return html`<${Badge} icon="cancelled" title=${`Revoked ${keyOf.revoked_at}`}>Revoked<//>`;
  if (hasEnded(keyOf)) return html`<${Badge} icon="cancelled" title=${`Expired ${keyOf.expires_at}`}>Expired<//>`;
  if (keyOf.expires_at && new Date(keyOf.expires_at).getTime() - now.value < SOON_MS) return html`<${Badge} tone="warn" icon="scheduled">Expires <${Time} at=${keyOf.expires_at} /><//>`;
  if (keyOf.previous_until && new Date(keyOf.previous_until).getTime() > now.value) return html`<${Badge} tone="warn" icon="replay" title=${`The secret before is valid until ${keyOf.previous_until}`}>Rotating<//>`;
  return html`<${Badge} tone="ok" icon="check">Active<//>`;
}

/** @param {{ keyOf: Key }} props */
function Restrictions({ keyOf }) {
  if (keyOf.job_types === null && keyOf.queues === null && keyOf.rate_limit === null) return html`<span class="faint">–</span>`;
  return html`<span class="restrictions">
    ${keyOf.job_types !== null && html`<${Patterns} names=${keyOf.job_types} all="" />`}
    ${keyOf.queues !== null && html`<span class="row wrap gap-1"><span class="faint small">in</span><${Patterns} names=${keyOf.queues} all="" /></span>`}
    ${keyOf.rate_limit !== null && html`<span class="small quiet nowrap">${number(keyOf.rate_limit.limit)} runs in ${duration(keyOf.rate_limit.per_seconds)}</span>`}</span>`;
}

/** @param {{ keyOf: Key, reload: () => void }} props */
function KeyActions({ keyOf, reload }) {
  if (!may("admin") || keyOf.revoked_at) return null;
  return html`<${Menu} label=${`Actions of ${keyOf.name}`} kind="quiet" items=${[
    { text: "Rotate…", icon: "replay", onClick: () => rotateKey(keyOf, reload) },
    { text: "Revoke…", icon: "trash", danger: true, onClick: () => revoke(keyOf, reload) },
  ]} />`;
}

/** @param {Key} key @param {() => void} reload */
async function revoke(key, reload) {
  const isOwn = key.id === session.value?.id;
  const isDone = await confirm({
    title: `Revoke ${key.name}?`,
    body: `Within two seconds it is refused everywhere, and its streams end. This cannot be undone.${isOwn ? " It is the key that you are logged in with: you will be logged out." : ""}`,
    action: "Revoke the key",
    danger: true,
    act: () => del(`v1/keys/${part(key.id)}`),
  });
  if (!isDone) return;
  toast(`${key.name} is revoked.`);
  reload();
}
