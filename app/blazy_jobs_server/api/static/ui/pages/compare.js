import { html, useMemo, useState } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { query } from "../core/router.js";
import { useRead } from "../core/read.js";
import { duration, plural } from "../core/text.js";
import { Button } from "../kit/button.js";
import { Empty, Failure, Skeleton } from "../kit/empty.js";
import { Checkbox } from "../kit/form.js";
import { Page, Section } from "../kit/page.js";
import { State, isFinal } from "../kit/state.js";
import { Time } from "../kit/time.js";
import { setQuery } from "../core/router.js";

const CRUMBS = [{ href: to("runs"), text: "Runs" }];
const MOST_ROWS = 1000;
const MOST_TEXT = 600;

export default function Compare() {
  const [a, b] = [query.value.get("a") ?? "", query.value.get("b") ?? ""];
  const [first, second] = [useRun(a), useRun(b)];
  const swap = html`<${Button} icon="compare" onClick=${() => setQuery({ a: b, b: a })}>Swap<//>`;
  const error = first.error ?? second.error;
  return html`<${Page} title="Compare" heading="Compare two runs" crumbs=${CRUMBS} actions=${first.data && second.data && swap}>
    ${!a || !b ? html`<${Empty} icon="compare" title="Two runs are needed" actions=${html`<${Button} href=${to("runs")}>Choose two runs<//>`}>Select two in the list, then Compare.<//>`
      : error && !(first.data && second.data) ? html`<${Failure} error=${error} what="run" retry=${() => { first.reload(); second.reload(); }} />`
      : first.data && second.data ? html`<${Both} a=${first.data} b=${second.data} />` : html`<${Skeleton} />`}
  <//>`;
}

/** @param {string} id */
const useRun = (id) => useRead(id ? `v1/runs/${part(id)}` : null, {}, { topics: ["runs"], settled: (run) => isFinal(run.state) });

/** @param {{ a: any, b: any }} props */
function Both({ a, b }) {
  const [isShort, setShort] = useState(true);
  return html`
    <${Checkbox} label="Only what differs" checked=${isShort} onChange=${setShort} />
    <${Pairs} title="Runs" rows=${RUN.map(([name, of]) => [name, of(a), of(b)])} a=${a} b=${b} isShort=${isShort} withHead=${true} />
    <${Values} title="Payload" a=${a.payload} b=${b.payload} isShort=${isShort} />
    ${(a.result !== null || b.result !== null) && html`<${Values} title="Result" a=${a.result} b=${b.result} isShort=${isShort} />`}
    ${(a.error || b.error) && html`<${Values} title="Error" a=${a.error} b=${b.error} isShort=${isShort} />`}
    <${Values} title="Metadata" a=${a.metadata} b=${b.metadata} isShort=${isShort} />`;
}

const seconds = (/** @type {string | null} */ from, /** @type {string | null} */ until) =>
  from && until ? duration((new Date(until).getTime() - new Date(from).getTime()) / 1000) : "–";

/** @type {[string, (run: any) => string][]} */
const RUN = [
  ["Job type", (run) => run.job_type],
  ["Version", (run) => String(run.job_type_version)],
  ["Queue", (run) => run.queue],
  ["Key", (run) => run.key ?? "–"],
  ["Priority", (run) => String(run.priority)],
  ["Attempt", (run) => `${run.attempt} of ${run.max_attempts}`],
  ["Losses", (run) => String(run.losses)],
  ["Timeout", (run) => duration(run.timeout_seconds)],
  ["Waited", (run) => seconds(run.due_at, run.started_at)],
  ["Took", (run) => (isFinal(run.state) ? seconds(run.started_at, run.finished_at) : "–")],
  ["Worker", (run) => run.worker_id ?? "–"],
  ["Schedule", (run) => run.schedule ?? "–"],
  ["Created by", (run) => run.created_by?.name ?? "–"],
  ["Tags", (run) => run.tags.join(", ") || "–"],
];

/** Values by their place, so that what is beside each other is the same part.
 * @param {any} value
 * @returns {Map<string, string>} */
export function flat(value) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const visit = (/** @type {any} */ one, /** @type {string} */ place) => {
    if (one !== null && typeof one === "object" && Object.keys(one).length > 0) {
      for (const [name, inner] of Object.entries(one)) visit(inner, place ? `${place}.${name}` : name);
    } else found.set(place, typeof one === "string" ? one : JSON.stringify(one));
  };
  if (value !== null && value !== undefined) visit(value, "");
  return found;
}

/** @param {{ title: string, a: any, b: any, isShort: boolean }} props */
function Values({ title, a, b, isShort }) {
  const rows = useMemo(() => {
    const [first, second] = [flat(a), flat(b)];
    return [...new Set([...first.keys(), ...second.keys()])].map((place) => /** @type {[string, string | undefined, string | undefined]} */ ([place || "value", first.get(place), second.get(place)]));
  }, [a, b]);
  return html`<${Pairs} title=${title} rows=${rows} isShort=${isShort} />`;
}

/** @param {{ title: string, rows: [string, string | undefined, string | undefined][], isShort: boolean, withHead?: boolean, a?: any, b?: any }} props */
function Pairs({ title, rows, isShort, withHead = false, a, b }) {
  const differing = rows.filter(([, first, second]) => first !== second);
  const all = isShort ? differing : rows;
  const shown = all.slice(0, MOST_ROWS);
  const head = (/** @type {any} */ run) => html`<span class="cell-2"><a class="mono" href=${to(`runs/${run.id}`)}>${run.id}</a><span class="row wrap"><${State} state=${run.state} /><span class="faint small"><${Time} at=${run.created_at} /></span></span></span>`;
  return html`<${Section} title=${title} flush=${true} aside=${html`<span class="faint small">${differing.length === 0 ? "the same" : `${plural(differing.length, "difference")}`}</span>`}>
    <table class=${`table pairs ${isShort ? "short" : ""}`}><caption class="hidden-text">${title} of both runs</caption><colgroup><col /><col /><col /></colgroup>
      ${withHead ? html`<thead><tr><th scope="col"><span class="hidden-text">Field</span></th><th scope="col">${head(a)}</th><th scope="col">${head(b)}</th></tr></thead>`
        : html`<thead class="hidden-text"><tr><th scope="col">Field</th><th scope="col">First run</th><th scope="col">Second run</th></tr></thead>`}
      <tbody>${shown.map(([name, first, second]) => html`<tr key=${name} class=${first === second ? null : "differs"}>
        <th scope="row" class=${withHead ? null : "mono"}>${name}</th><td data-title="First"><${Side} text=${first} /></td><td data-title="Second"><${Side} text=${second} /></td></tr>`)}
      ${shown.length === 0 && html`<tr><td colspan="3" class="faint">Nothing differs.</td></tr>`}</tbody></table>
    ${all.length > shown.length && html`<p class="list-end faint small">${plural(all.length - shown.length, "more row")} not shown.</p>`}
  <//>`;
}

/** @param {{ text: string | undefined }} props */
function Side({ text }) {
  if (text === undefined) return html`<span class="faint">not there</span>`;
  return html`<span class="side-text" dir="auto">${text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text}</span>`;
}
