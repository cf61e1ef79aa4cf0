import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { useRead } from "../core/read.js";
import { number, plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Failure, Skeleton } from "../kit/empty.js";
import { Facts, Page, Section } from "../kit/page.js";
import { Elapsed, Time } from "../kit/time.js";
import { BulkActions, BulkProgress, BulkState, bulkFilters, bulkTitle } from "./bulk-parts.js";
import { Tile } from "./definition-parts.js";

const CRUMBS = [{ href: to("bulk"), text: "Bulk actions" }];
const EVERY_MS = 1000;

/** @param {{ id: string }} props */
export default function BulkActionPage({ id }) {
  const { data: bulk, error, stale, reload } = useRead(`v1/bulk/${part(id)}`, {}, { topics: ["bulk"], every: EVERY_MS });
  if (!bulk) return html`<${Page} title="Bulk action" crumbs=${CRUMBS}>${error ? html`<${Failure} error=${error} what="bulk action" retry=${reload} />` : html`<${Skeleton} />`}<//>`;
  const filters = bulkFilters(bulk);
  return html`<${Page} title=${bulkTitle(bulk)} crumbs=${CRUMBS}
    heading=${html`<span class="row wrap gap-3">${bulkTitle(bulk)}<${BulkState} bulk=${bulk} /></span>`}
    sub=${html`<span class="mono">${bulk.id}</span>`}
    actions=${html`<${BulkActions} bulk=${bulk} reload=${reload} />${bulk.filter && html`<${Button} icon="runs" href=${to("runs", bulk.filter)}>What matches now<//>`}`}>
    <div class=${`stack gap-5 ${stale ? "is-stale" : ""}`}>
      <div class="panel progress-panel bulk-progress row"><${BulkProgress} bulk=${bulk} /></div>
      <div class="tiles">
        <${Tile} name="Matched" text=${`${number(bulk.matched)}${bulk.at_least ? "+" : ""}`} />
        <${Tile} name="Done" text=${number(bulk.done)} />
        <${Tile} name="Skipped" text=${number(bulk.skipped)} />
        <${Tile} name="Failed" text=${number(bulk.failed)} tone=${bulk.failed ? "bad" : ""} />
      </div>
      <${Section} title="About it"><${Facts} columns=${true} items=${[
        ["Acts on", bulk.ids !== null && bulk.ids !== undefined ? `${plural(bulk.ids, "run")} by id` : filters.length === 0 ? "all runs" : html`<span class="row wrap gap-1">${filters.map(([name, value]) => html`<span class="badge" key=${name + value} dir="auto"><span>${name}: ${value}</span></span>`)}</span>`],
        ["Priority", bulk.priority === null || bulk.priority === undefined ? "" : String(bulk.priority)],
        ["By", bulk.created_by && html`<span dir="auto">${bulk.created_by.name}</span>`],
        ["Begun", html`<${Time} at=${bulk.created_at} exact=${true} />`],
        ["Ended", bulk.finished_at && html`<${Time} at=${bulk.finished_at} exact=${true} />`],
        ["Took", html`<${Elapsed} from=${bulk.created_at} to=${bulk.finished_at} />`],
      ]} /><//>
    </div>
  <//>`;
}
