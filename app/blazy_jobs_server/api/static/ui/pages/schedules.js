import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { may } from "../core/session.js";
import { Button } from "../kit/button.js";
import { Empty } from "../kit/empty.js";
import { Time } from "../kit/time.js";
import { ScheduleActions, ScheduleState, openScheduleForm, whenText } from "./schedule-parts.js";
import { ListPage, useThings } from "./things.js";

export default function Schedules() {
  const list = useThings("v1/schedules", {}, { topics: ["schedules"], sort: true });
  /** @type {import("../kit/table.js").Column[]} */
  const columns = [
    { title: "Schedule", wide: true, cell: (schedule) => html`<span class="cell-2"><a data-open class="clip" href=${to(`schedules/${part(schedule.name)}`)}>${schedule.name}</a>
      <span class="clip small quiet">${whenText(schedule)}</span></span>` },
    { title: "State", width: "1%", cell: (schedule) => html`<${ScheduleState} schedule=${schedule} />` },
    { title: "Job type", width: "1%", drop: "middle", cell: (schedule) => html`<a class="soft clip type-link" href=${to(`job-types/${part(schedule.job_type)}`)}>${schedule.job_type}</a>` },
    { title: "Zone", width: "1%", drop: "middle", cell: (schedule) => html`<span class="quiet">${schedule.timezone}</span>` },
    { title: "Last", align: "end", width: "6.5rem", cell: (schedule) => (schedule.last_run_id ? html`<a class="soft" href=${to(`runs/${schedule.last_run_id}`)}><${Time} at=${schedule.last_fire_at} /></a>` : html`<${Time} at=${schedule.last_fire_at} none="never" />`) },
    { title: "Next", align: "end", width: "6.5rem", cell: (schedule) => html`<${Time} at=${schedule.next_fire_at} />` },
    { title: "Actions", hideTitle: true, actions: true, align: "end", width: "1%", cell: (schedule) => html`<${ScheduleActions} schedule=${schedule} reload=${list.reload} small=${true} />` },
  ];
  return html`<${ListPage} title="Schedules" list=${list} one="schedule" columns=${columns} dim=${(/** @type {any} */ schedule) => schedule.paused}
    actions=${html`<${Button} kind=${may("config") ? "primary" : ""} icon=${may("config") ? "plus" : "schedules"} onClick=${() => openScheduleForm(null, list.reload)}>${may("config") ? "New schedule" : "Try a trigger"}<//>`}
    empty=${html`<${Empty} icon="schedules" title="No schedules yet">Declare them in code beside their job, or make one here.<//>`} />`;
}
