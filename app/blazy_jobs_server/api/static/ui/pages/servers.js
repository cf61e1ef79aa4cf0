import { html } from "../vendor/preact.js";
import { useRead } from "../core/read.js";
import { bytes, duration, number } from "../core/text.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Facts, Page, Section } from "../kit/page.js";
import { Badge } from "../kit/state.js";
import { Elapsed, Time } from "../kit/time.js";
import { MachineTabs } from "./workers.js";

const EVERY_MS = 5000;

export default function ServersPage() {
  const { data, error, stale, reload } = useRead("v1/servers", {}, { topics: ["servers"], every: EVERY_MS });
  return html`<${Page} title="Servers">
    <${MachineTabs} current="servers" />
    ${!data ? (error ? html`<${Failure} error=${error} what="servers" retry=${reload} />` : html`<${Skeleton} />`)
      : data.data.length === 0 ? html`<${Empty} icon="workers" title="No server says that it is here" />`
      : html`<div class=${`stack gap-5 ${stale ? "is-stale" : ""}`}>${data.data.map((/** @type {any} */ server) => html`<${Server} key=${server.id} server=${server} />`)}</div>`}
  <//>`;
}

/** @param {{ server: any }} props */
function Server({ server }) {
  const { database, commits, loop_lag_p99_seconds: lag } = server;
  const heading = html`<span class="row wrap">${server.draining && html`<${Badge} tone="warn" icon="interrupted">Stopping<//>`}${server.self && html`<${Badge} tone="accent">You are here<//>`}</span>`;
  return html`<${Section} title=${server.host} aside=${heading}>
    <div class="stack gap-5">
      <${Facts} columns=${true} items=${[
        ["Version", server.version],
        ["Process", String(server.pid)],
        ["Up for", html`<${Elapsed} from=${server.started_at} />`],
        ["Heard", html`<${Time} at=${server.last_seen_at} />`],
        ["Workers", number(server.workers)],
        ["Open streams", number(server.streams)],
        ["Loop lag, p99", lag === null ? html`<span class="faint">not measured yet</span>` : html`<span class=${lag > 0.1 ? "warn" : ""}>${duration(lag)}</span>`],
        ["Commits", commits && html`${number(commits.count)}${commits.mean_requests !== null && html` <span class="faint">of ${number(Math.round(commits.mean_requests * 10) / 10)} requests each</span>`}`],
        ["Database", database && html`${database.kind === "sqlite" ? "SQLite" : "PostgreSQL"}, <span class="num">${bytes(database.bytes)}</span>`],
        ["Log ahead", database && database.kind === "sqlite" && bytes(database.wal_bytes)],
        ["Free in the file", database && database.kind === "sqlite" && bytes(database.free_bytes)],
        ["Id", html`<span class="mono">${server.id}</span>`],
      ]} />
      ${server.settings && html`<details class="more-settings"><summary>Settings</summary><${Facts} columns=${true} items=${Object.entries(server.settings).map(([name, value]) => [name, html`<span class="mono">${value === null ? "–" : String(value)}</span>`])} /></details>`}
    </div><//>`;
}
