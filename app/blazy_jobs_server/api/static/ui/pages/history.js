/** What was: the plots of the overview, and the bars above the list of runs. */
import { computed, html, useMemo, useState } from "../vendor/preact.js";
import { now } from "../core/clock.js";
import { memo } from "../core/memo.js";
import { query, setQuery } from "../core/router.js";
import { useRead } from "../core/read.js";
import { brief, duration, plural } from "../core/text.js";
import { Section } from "../kit/page.js";
import { Plot } from "../kit/plot.js";
import { Segments } from "../kit/tabs.js";

const SPANS = {
  hour: { text: "Hour", seconds: 3600, step: 60, every: 10_000 },
  day: { text: "Day", seconds: 86_400, step: 900, every: 60_000 },
  month: { text: "Month", seconds: 30 * 86_400, step: 21_600, every: 300_000 },
};
/** @typedef {keyof typeof SPANS} Span */
/** @typedef {{ step_seconds: number, data: any[], total: any }} AnySeries as GET /v1/stats/series describes it */
const CHOICES = Object.entries(SPANS).map(([value, { text }]) => ({ value, text }));

/** The history of a span up to now, read again as it grows.
 * @param {Span} span
 * @param {{ job_type?: string, queue?: string }} [filter]
 * @returns {AnySeries | undefined} */
export function useSeries(span, filter = {}) {
  const { seconds, step, every } = SPANS[span];
  const until = useMemo(() => computed(() => Math.floor(now.value / every) * every), [every]);
  const from = new Date(until.value - seconds * 1000).toISOString();
  return useKept(useRead("v1/stats/series", { from, step, ...filter }).data, span + JSON.stringify(filter));
}

/** The last answer stays while the next is read. @param {any} data @param {string} of */
function useKept(data, of) {
  const [kept, setKept] = useState(/** @type {{ data: any, of: string }} */ ({ data: undefined, of }));
  if (data && data !== kept.data) setKept({ data, of });
  return data ?? (kept.of === of ? kept.data : undefined);
}

/** @param {AnySeries} series */
const timesOf = (series) => series.data.map((point) => new Date(point.at).getTime() / 1000);

/** The counts are written so much later at most. */
const WRITTEN_LATE_SECONDS = 10;

/** A minute's share of a point, so that spans compare; of one that has only begun nothing is said. @param {AnySeries} series @param {"started" | "completed" | "failed" | "retried" | "lost" | "cancelled"} name */
const aMinute = (series, name) => {
  const step = series.step_seconds;
  return series.data.map((point) => {
    const counted = Math.min(step, (now.peek() - new Date(point.at).getTime()) / 1000 - WRITTEN_LATE_SECONDS);
    return point[name] === null || counted < Math.min(step, 120) ? null : (point[name] * 60) / counted;
  });
};

const rate = (/** @type {number} */ value) => brief(Math.round(value * 10) / 10);
const seconds = (/** @type {number} */ value) => (value === 0 ? "0" : duration(value).replace(/(\d+)\.0 /, "$1 "));

/** Throughput, failures and waiting; of a job type also how long its attempts took, and how many failed. */
export const History = memo(function History(/** @type {{ jobType?: string, queue?: string, withDurations?: boolean }} */ { jobType, queue, withDurations = false }) {
  const [span, setSpan] = useState(/** @type {Span} */ ("hour"));
  const series = useSeries(span, { job_type: jobType, queue });
  const plots = useMemo(() => series && {
    times: timesOf(series),
    done: [{ name: "completed", tone: "accent", area: true, values: aMinute(series, "completed") }],
    bad: [{ name: "failed", tone: "bad", area: true, values: aMinute(series, "failed") }, { name: "retried", tone: "warn", values: aMinute(series, "retried") }],
    waits: [{ name: "median", tone: "accent", area: true, values: series.data.map((point) => point.waited?.p50_seconds ?? null) }, { name: "p99", tone: "ink", values: series.data.map((point) => point.waited?.p99_seconds ?? null) }],
    runs: [{ name: "median", tone: "accent", area: true, values: series.data.map((point) => point.ran?.p50_seconds ?? null) }, { name: "p99", tone: "ink", values: series.data.map((point) => point.ran?.p99_seconds ?? null) }],
  }, [series]);
  return html`<${Section} title="History" aside=${html`<${Segments} label="Span" options=${CHOICES} value=${span} onChange=${setSpan} />`}>
    <div class=${`plots ${withDurations ? "four" : ""}`}>${plots ? html`
      <${Plot} label="Completed a minute" times=${plots.times} lines=${plots.done} format=${rate} />
      <${Plot} label="Failures a minute" times=${plots.times} lines=${plots.bad} format=${rate} />
      <${Plot} label="Wait" times=${plots.times} lines=${plots.waits} format=${seconds} isSeconds=${true} />
      ${withDurations && html`<${Plot} label="Time of an attempt" times=${plots.times} lines=${plots.runs} format=${seconds} isSeconds=${true} />`}` : html`<div class="plot-wait"></div>`}</div>
    ${withDurations && series && html`<p class="quiet small num">${inWords(series.total)}</p>`}
  <//>`;
});

/** How many failed, and how long they took, of the whole span. @param {any} total */
function inWords({ completed, failed, ran }) {
  const ended = (completed ?? 0) + (failed ?? 0);
  if (ended === 0) return "None ended in this span.";
  const share = (100 * (failed ?? 0)) / ended;
  const failures = !failed ? "none failed" : share < 0.1 ? "less than 0.1 % failed" : `${share < 10 ? share.toFixed(1) : Math.round(share)} % failed`;
  return `${plural(ended, "run")} ended in this span: ${failures}.${ran?.p50_seconds ? ` Half of the attempts took at most ${duration(ran.p50_seconds)}, 95 % at most ${duration(ran.p95_seconds)}.` : ""}`;
}

/** What a list of runs in these states counts. @param {string[]} states @returns {{ name: "started" | "completed" | "failed" | "cancelled", tone: string }} */
function counted(states) {
  const only = states.length === 1 ? states[0] : "";
  if (only === "completed") return { name: "completed", tone: "ok" };
  if (only === "failed") return { name: "failed", tone: "bad" };
  if (only === "cancelled") return { name: "cancelled", tone: "ink" };
  return { name: "started", tone: "accent" };
}

/** Bars over time: a span that is drawn over them becomes a filter.
 * @param {{ state: string[], jobType?: string, queue?: string }} props */
export function Histogram({ state, jobType, queue }) {
  const [span, setSpan] = useState(/** @type {Span} */ ("hour"));
  const series = useSeries(span, { job_type: jobType, queue });
  const { name, tone } = counted(state);
  const plot = useMemo(() => series && { times: timesOf(series), lines: [{ name, tone, values: series.data.map((point) => point[name]) }] }, [series, name]);
  const brush = (/** @type {number} */ from, /** @type {number} */ until) => {
    const end = series ? until + series.step_seconds / 2 : until;
    const at = name === "started" ? "created" : "finished";
    const text = (/** @type {number} */ time) => new Date(Math.round(time) * 1000).toISOString();
    setQuery({ created_after: null, created_before: null, finished_after: null, finished_before: null, [`${at}_after`]: text(from), [`${at}_before`]: text(end) });
  };
  const isBrushed = ["created_after", "created_before", "finished_after", "finished_before"].some((one) => query.value.has(one));
  return html`<div class="histogram">
    ${plot && html`<${Plot} label=${`${name[0].toUpperCase()}${name.slice(1)} a ${span === "hour" ? "minute" : span === "day" ? "quarter of an hour" : "quarter of a day"}`} times=${plot.times} lines=${plot.lines} height=${72} bars=${true} format=${brief} onBrush=${brush}
      aside=${html`<span class="faint tiny">${isBrushed ? "" : "Draw over the bars to filter by time"}</span><${Segments} label="Span of the bars" options=${CHOICES} value=${span} onChange=${setSpan} />`} />`}
  </div>`;
}
