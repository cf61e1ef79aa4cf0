import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { number, plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Empty } from "../kit/empty.js";
import { Time } from "../kit/time.js";
import { BulkActions, BulkProgress, BulkState, bulkFilters, bulkTitle } from "./bulk-parts.js";
import { ListPage, useThings } from "./things.js";

const EVERY_MS = 2000;

export default function Bulk() {
  const list = useThings("v1/bulk", {}, { topics: ["bulk"], every: EVERY_MS });
  /** @type {import("../kit/table.js").Column[]} */
  const columns = [
    { title: "What", wide: true, cell: (bulk) => html`<span class="cell-2"><a data-open class="clip" href=${to(`bulk/${part(bulk.id)}`)}>${bulkTitle(bulk)}</a>
      <span class="clip small faint" dir="auto">${bulk.ids !== null && bulk.ids !== undefined ? `${plural(bulk.ids, "run")} by id` : bulkFilters(bulk).map(([name, value]) => `${name} ${value}`).join(", ") || "all runs"}</span></span>` },
    { title: "State", width: "1%", cell: (bulk) => html`<${BulkState} bulk=${bulk} />` },
    { title: "Progress", width: "1%", cell: (bulk) => html`<span class="row"><${BulkProgress} bulk=${bulk} /></span>` },
    { title: "Done", align: "end", width: "5rem", cell: (bulk) => number(bulk.done) },
    { title: "Skipped", align: "end", width: "5rem", drop: "middle", cell: (bulk) => html`<span class="quiet">${number(bulk.skipped)}</span>` },
    { title: "Failed", align: "end", width: "5rem", drop: "middle", cell: (bulk) => html`<span class=${bulk.failed ? "bad" : "quiet"}>${number(bulk.failed)}</span>` },
    { title: "By", width: "1%", drop: "middle", cell: (bulk) => html`<span class="clip by-cell quiet" dir="auto">${bulk.created_by?.name ?? "–"}</span>` },
    { title: "Begun", align: "end", width: "6.5rem", cell: (bulk) => html`<span class="quiet"><${Time} at=${bulk.created_at} /></span>` },
    { title: "Actions", hideTitle: true, actions: true, align: "end", width: "1%", cell: (bulk) => html`<${BulkActions} bulk=${bulk} reload=${list.reload} small=${true} />` },
  ];
  return html`<${ListPage} title="Bulk actions" list=${list} one="bulk action" columns=${columns}
    sub="One goes on where it was after a restart, and acts on each run at most once."
    empty=${html`<${Empty} icon="bulk" title="No bulk actions yet" actions=${html`<${Button} icon="runs" href=${to("runs")}>Runs<//>`}>Filter the list of runs, and act on all that match.<//>`} />`;
}
