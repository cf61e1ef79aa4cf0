import { html, useComputed } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { useRead } from "../core/read.js";
import { duration, number } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Failure, Skeleton } from "../kit/empty.js";
import { Facts, Page, Section } from "../kit/page.js";
import { STATES, capital } from "../kit/state.js";
import { History } from "./history.js";
import { Late, QueueState, lateness } from "./queues.js";
import { QueueActions } from "./queue-actions.js";
import { LatestRuns, Servers, Tile } from "./definition-parts.js";

const CRUMBS = [{ href: to("queues"), text: "Queues" }];

/** @param {{ name: string }} props */
export default function QueuePage({ name }) {
  const { data: queue, error, stale, reload } = useRead(`v1/queues/${part(name)}`, {}, { topics: ["queues", "runs"] });
  const types = useRead("v1/job-types", { limit: 200 }, { topics: ["job_types"] });
  const unserved = useComputed(() => lateness(name)?.unserved ?? 0).value;
  if (!queue) return html`<${Page} title=${name} crumbs=${CRUMBS}>${error ? html`<${Failure} error=${error} what="queue" retry=${reload} />` : html`<${Skeleton} />`}<//>`;
  const own = types.data?.data.filter((/** @type {any} */ type) => type.queue === name).map((/** @type {any} */ type) => type.name) ?? [];
  return html`<${Page} title=${queue.name} crumbs=${CRUMBS}
    heading=${html`<span class="row wrap gap-3">${queue.name}<${QueueState} queue=${queue} /></span>`}
    actions=${html`<${QueueActions} queue=${queue} reload=${reload} /><${Button} icon="runs" href=${to("runs", { queue: queue.name })}>Runs<//>`}>
    <div class=${`tiles ${stale ? "is-stale" : ""}`}>
      ${STATES.filter((state) => state !== "completed" && state !== "cancelled").map((state) => html`<${Tile} key=${state} name=${capital(state)} text=${number(queue.counts[state])}
        note=${state === "queued" && unserved > 0 ? `${number(unserved)} without a worker` : undefined} href=${to("runs", { queue: queue.name, state })} />`)}
      <${Tile} name="Oldest due" text=${html`<${Late} name=${queue.name} />`}  />
    </div>
    <${History} queue=${name} />
    <div class="run-page">
      <div class="stack gap-5">
        <${LatestRuns} query=${{ queue: queue.name, state: ["running", "queued", "retrying"] }} topics=${["runs"]} withQueue=${false} title="Running and waiting" none="Nothing runs or waits here" />
        <${LatestRuns} query=${{ queue: queue.name, state: "failed" }} topics=${["runs:failed"]} withQueue=${false} title="Latest failures" none="No run has failed here" />
      </div>
      <aside class="stack gap-5" aria-label="About this queue">
        <${Section} title="Settings" bare=${true}><${Facts} items=${[
          ["Stored in", queue.engine === "bullmq" ? "Redis, as BullMQ's" : "the database"],
          ["Redis keys", queue.bullmq && html`<span class="mono">${queue.bullmq.prefix}:${queue.name}</span>`],
          ["Processed by", queue.bullmq && (queue.bullmq.consume ? "this server's workers too" : "external workers only")],
          ["Concurrency", queue.concurrency ? `${number(queue.concurrency)} at a time` : html`<span class="faint">no limit</span>`],
          ["Rate", queue.rate_limit ? `${number(queue.rate_limit.limit)} starts in ${duration(queue.rate_limit.per_seconds)}` : html`<span class="faint">no limit</span>`],
          ["Waiting", queue.max_queued ? `at most ${number(queue.max_queued)}` : html`<span class="faint">no limit</span>`],
          ["Completed", html`<a href=${to("runs", { queue: queue.name, state: "completed" })}>${number(queue.counts.completed)}</a>`],
          ["Cancelled", html`<a href=${to("runs", { queue: queue.name, state: "cancelled" })}>${number(queue.counts.cancelled)}</a>`],
        ]} /><//>
        <${Section} title="Job types" bare=${true}><${Types} names=${own} /><//>
        <${Section} title="Served by" bare=${true}><${Servers} serves=${(/** @type {any} */ worker) => worker.queues?.includes(name) || (worker.queues === null && (own.length === 0 || own.some((/** @type {string} */ type) => worker.job_types.includes(type))))} /><//>
      </aside>
    </div>
  <//>`;
}

/** The job types whose runs go here unless a dispatch says otherwise. @param {{ names: string[] }} props */
function Types({ names }) {
  if (names.length === 0) return html`<span class="faint small">No job type has it as its own.</span>`;
  return html`<ul class="lines">${names.map((name) => html`<li key=${name}><a class="clip" href=${to(`job-types/${part(name)}`)}>${name}</a></li>`)}</ul>`;
}
