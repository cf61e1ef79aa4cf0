import { html, useEffect, useState } from "../vendor/preact.js";
import { part, post } from "../core/api.js";
import { to } from "../core/base.js";
import { now } from "../core/clock.js";
import { useRead } from "../core/read.js";
import { duration, number } from "../core/text.js";
import { localTime, nextChange } from "../core/zones.js";
import { Failure, Skeleton } from "../kit/empty.js";
import { Icon } from "../kit/icons.js";
import { Json } from "../kit/json.js";
import { Facts, Page, Section } from "../kit/page.js";
import { Time } from "../kit/time.js";
import { LatestRuns, SOURCES } from "./definition-parts.js";
import { ScheduleActions, ScheduleState, Times, whenText } from "./schedule-parts.js";

const CRUMBS = [{ href: to("schedules"), text: "Schedules" }];
const NEXT = 5;
const DAY_MS = 86_400_000;
const BEFORE_MS = 26 * 3_600_000;
const AROUND = 120;
/** @type {Record<string, string>} */
const OVERLAPS = { allow: "starts beside it", skip: "is skipped", cancel_running: "starts, and the one before is cancelled" };
/** @type {Record<string, string>} */
const CATCH_UPS = { none: "are left out", latest: "the latest is made up for", all: "are all made up for" };

/** @param {{ name: string }} props */
export default function SchedulePage({ name }) {
  const { data: schedule, error, stale, reload } = useRead(`v1/schedules/${part(name)}`, {}, { topics: ["schedules"] });
  const next = useRead(schedule ? `v1/schedules/${part(name)}/next` : null, { count: NEXT, at: undefined }, { topics: ["schedules"] });
  if (!schedule) return html`<${Page} title=${name} crumbs=${CRUMBS}>${error ? html`<${Failure} error=${error} what="schedule" retry=${reload} />` : html`<${Skeleton} />`}<//>`;
  return html`<${Page} title=${schedule.name} crumbs=${CRUMBS}
    heading=${html`<span class="row wrap gap-3">${schedule.name}<${ScheduleState} schedule=${schedule} /></span>`}
    sub=${html`<p class="lead">${whenText(schedule)}, by the clocks of ${schedule.timezone}</p>`}
    actions=${html`<${ScheduleActions} schedule=${schedule} reload=${reload} />`}>
    <div class=${`run-page ${stale ? "is-stale" : ""}`}>
      <div class="stack gap-5">
        <${Section} title=${schedule.paused ? "The next five times, if it were not paused" : "The next five times"}>
          ${next.data ? html`<${Times} times=${next.data.data} timezone=${schedule.timezone} none="It will not fire again." />` : next.error ? html`<p class="quiet">${next.error.message}</p>` : html`<${Skeleton} lines=${3} />`}
          <${ClockChange} schedule=${schedule} /><//>
        <${LatestRuns} title="Latest runs" query=${{ schedule: schedule.name }} topics=${["runs"]} withType=${false} none="It has not made a run yet" />
        <${Section} title="Payload"><${Json} value=${schedule.payload} what="The payload" /><//>
      </div>
      <aside class="stack gap-5" aria-label="About this schedule">
        <${Section} title="Makes" bare=${true}><${Facts} items=${[
          ["Job type", html`<a href=${to(`job-types/${part(schedule.job_type)}`)}>${schedule.job_type}</a>`],
          ["Queue", schedule.queue && html`<a href=${to(`queues/${part(schedule.queue)}`)}>${schedule.queue}</a>`],
          ["Priority", schedule.priority === null ? "" : String(schedule.priority)],
          ["Tags", schedule.tags.length > 0 && html`<span class="row wrap gap-1">${schedule.tags.map((/** @type {string} */ tag) => html`<span class="badge" key=${tag} dir="auto"><span>${tag}</span></span>`)}</span>`],
        ]} /><//>
        <${Section} title="When" bare=${true}><${Facts} items=${[
          ["Cron", schedule.trigger.kind === "cron" && html`<code>${schedule.trigger.expression}</code>`],
          ["Zone", schedule.timezone],
          ["Jitter", schedule.jitter_seconds > 0 && `up to ${duration(schedule.jitter_seconds)}`],
          ["Begins", schedule.start_at && html`<${Time} at=${schedule.start_at} exact=${true} />`],
          ["Ends", schedule.end_at && html`<${Time} at=${schedule.end_at} exact=${true} />`],
          ["If one is open", `it ${OVERLAPS[schedule.overlap] ?? schedule.overlap}`],
          ["Missed times", CATCH_UPS[schedule.catch_up] ?? schedule.catch_up],
        ]} /><//>
        <${Section} title="So far" bare=${true}><${Facts} items=${[
          ["Last fired", html`<${Time} at=${schedule.last_fire_at} none="never" />`],
          ["Last run", schedule.last_run_id && html`<a class="mono" href=${to(`runs/${schedule.last_run_id}`)}>${schedule.last_run_id}</a>`],
          ["Last skipped", html`<${Time} at=${schedule.last_skipped_at} none="never" />`],
          ["Missed", number(schedule.missed)],
          ["Defined by", SOURCES[schedule.source] ?? schedule.source],
          ["Changed", html`<${Time} at=${schedule.updated_at} />`],
        ]} /><//>
      </aside>
    </div>
  <//>`;
}

/** What becomes of its times on the day when the clocks of its zone change: asked of the server, not guessed.
 * @param {{ schedule: any }} props */
function ClockChange({ schedule }) {
  const isLocal = schedule.trigger.kind === "cron" || schedule.trigger.kind === "calendar";
  const change = isLocal ? nextChange(schedule.timezone, Math.floor(now.peek() / DAY_MS) * DAY_MS) : null;
  const [times, setTimes] = useState(/** @type {string[]} */ ([]));
  const asked = change && JSON.stringify({ trigger: schedule.trigger, timezone: schedule.timezone, after: new Date(change.at - BEFORE_MS).toISOString(), count: AROUND, start_at: schedule.start_at, end_at: schedule.end_at });
  useEffect(() => {
    if (!asked) return;
    post("v1/schedules/preview", JSON.parse(asked)).then((answer) => setTimes(answer.data), () => setTimes([]));
  }, [asked]);
  if (!change) return null;
  const hours = duration(Math.abs(change.minutes) * 60);
  const after = times.findIndex((at) => new Date(at).getTime() >= change.at);
  const near = after === -1 ? [] : times.slice(Math.max(0, after - 1), after + 2).filter((at) => Math.abs(new Date(at).getTime() - change.at) < DAY_MS * 1.5);
  return html`<p class="note"><${Icon} name="info" /><span>Clocks go ${change.minutes > 0 ? "forward" : "back"} by ${hours} on ${localTime(change.at, schedule.timezone)}.
    ${near.length > 0 ? html` Around it, this fires on ${near.map((at, index) => html`<span key=${at}>${index > 0 ? (index === near.length - 1 ? " and " : ", ") : ""}<span class="num">${localTime(at, schedule.timezone)}</span></span>`)}.` : times.length === AROUND ? " It fires as often before as after." : " It does not fire near that time."}</span></p>`;
}
