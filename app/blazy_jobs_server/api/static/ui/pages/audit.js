import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { useList } from "../core/read.js";
import { query } from "../core/router.js";
import { number } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Empty } from "../kit/empty.js";
import { Filters, clear } from "../kit/filters.js";
import { Page } from "../kit/page.js";
import { Badge, capital } from "../kit/state.js";
import { Time } from "../kit/time.js";
import { ListBody } from "./things.js";

/** @type {import("../kit/filters.js").Filter[]} */
const FILTERS = [
  { name: "actor", title: "Key", placeholder: "The id of a key, or root" },
  { name: "action", title: "Action", placeholder: "job_type.update" },
  { name: "target", title: "Target", placeholder: "A name or an id" },
  { name: "outcome", title: "Outcome", kind: "choice", options: [{ value: "done", text: "Done" }, { value: "forbidden", text: "Refused: forbidden" }, { value: "unauthorized", text: "Refused: unauthorized" }, { value: "cross_site", text: "Refused: cross-site" }] },
];
const PAGES = /** @type {Record<string, string>} */ ({ job_type: "job-types", queue: "queues", schedule: "schedules", webhook: "webhooks", run: "runs" });
const REFUSED = "request.refuse";

export default function Audit() {
  /** @type {Record<string, string | null>} */
  const filter = Object.fromEntries(FILTERS.map(({ name }) => [name, query.value.get(name)]));
  const isFiltered = Object.values(filter).some((value) => value);
  const list = useList("v1/audit", { ...filter, limit: 50 }, { topics: ["audit"] });
  /** @type {import("../kit/table.js").Column[]} */
  const columns = [
    { title: "What", width: "1%", cell: (entry) => html`<${Deed} entry=${entry} />` },
    { title: "Target", wide: true, cell: (entry) => html`<${Target} entry=${entry} />` },
    { title: "By", width: "1%", cell: (entry) => html`<${By} entry=${entry} />` },
    { title: "From", width: "1%", drop: "middle", cell: (entry) => html`<span class="mono small quiet">${entry.address ?? ""}</span>` },
    { title: "When", align: "end", width: "6.5rem", cell: (entry) => html`<span class="quiet"><${Time} at=${entry.time} /></span>` },
  ];
  return html`<${Page} title="Audit" sub="Who changed what, and what was refused. Kept for 90 days.">
    <${Filters} filters=${FILTERS} />
    <div class="panel flush"><${ListBody} title="The audit log" list=${list} one="entry" columns=${columns}
      empty=${isFiltered ? html`<${Empty} icon="filter" title="No entry matches" actions=${html`<${Button} onClick=${() => clear(FILTERS)}>Show all<//>`} />` : html`<${Empty} icon="audit" title="Nothing has been changed yet" />`} /></div>
  <//>`;
}

/** @type {Record<string, string>} */
const DONE = { create: "created", update: "changed", delete: "deleted", retire: "retired", pause: "paused", resume: "resumed", revoke: "revoked", rotate: "rotated", cancel: "cancelled", erase: "erased", replay: "replayed", resolve: "resolved", drain: "drained", trigger: "triggered", retry: "retried", recover: "recovered", enable: "enabled", disable: "disabled", apply: "applied", test: "tested" };

/** job_type.update → Job type changed @param {string} action */
function words(action) {
  const at = action.lastIndexOf(".");
  const [kind, verb] = [action.slice(0, at), action.slice(at + 1)];
  return `${capital(kind.replace(/[._]/g, " "))} ${DONE[verb] ?? verb.replaceAll("_", " ")}`;
}

/** @param {{ entry: any }} props */
function Deed({ entry }) {
  if (entry.action !== REFUSED) return html`<span class="strong nowrap">${words(entry.action)}</span>`;
  return html`<span class="row"><${Badge} tone="bad" icon="failed">Refused<//><span class="quiet nowrap">${entry.outcome}</span></span>`;
}

/** @param {{ entry: any }} props */
function Target({ entry }) {
  if (entry.action === REFUSED) return html`<span class="quiet">${entry.count === 1 ? "one request" : `${number(entry.count)} requests`} in that minute</span>`;
  if (!entry.target) return null;
  const page = PAGES[entry.action.split(".")[0]];
  const isThere = page && !/\.(delete|retire|erase)$/.test(entry.action);
  return html`<span class="row"><span class="clip">${isThere ? html`<a data-open href=${to(`${page}/${part(entry.target)}`)} dir="auto">${entry.target}</a>` : html`<span dir="auto">${entry.target}</span>`}</span>
    ${entry.changed.length > 0 && html`<span class="clip small faint">${entry.changed.join(", ")}</span>`}</span>`;
}

/** @param {{ entry: any }} props */
function By({ entry }) {
  if (entry.actor) return html`<span class="clip by-cell" dir="auto" title=${entry.actor.id}>${entry.actor.name}</span>`;
  return html`<span class="faint">${entry.action === REFUSED ? "no valid key" : "the server"}</span>`;
}
