/** The definitions that a job type has had, and what each changed. */
import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { useList } from "../core/read.js";
import { difference } from "../core/lines.js";
import { duration } from "../core/text.js";
import { Failure, Skeleton } from "../kit/empty.js";
import { Badge } from "../kit/state.js";
import { More } from "../kit/table.js";
import { Time } from "../kit/time.js";

const SECONDS = /_seconds$/;
const LONGEST = 20_000;

/** @param {{ type: any }} props */
export function Versions({ type }) {
  const list = useList(`v1/job-types/${part(type.name)}/versions`, { limit: 20 }, { topics: ["job_types"], id: (one) => String(one.version) });
  if (list.loading) return html`<${Skeleton} />`;
  if (list.error && list.rows.length === 0) return html`<${Failure} error=${list.error} what="versions" retry=${list.reload} />`;
  const rows = list.fresh > 0 ? list.answer.data : list.rows;
  return html`<ol class="versions">${rows.map((/** @type {any} */ one, /** @type {number} */ index) => html`<${Version} key=${one.version} version=${one} before=${rows[index + 1]} isPresent=${one.version === type.version} />`)}</ol>
    ${list.next && html`<${More} list=${list} one="version" />`}`;
}

/** @param {{ version: any, before: any, isPresent: boolean }} props `before`: the version before it, if that is there */
function Version({ version, before, isPresent }) {
  return html`<li class="panel version">
    <header class="row wrap"><h2>Version ${version.version}</h2>${isPresent && html`<${Badge} tone="accent">Present<//>`}
      ${version.created_at && html`<span class="quiet small"><${Time} at=${version.created_at} />${version.created_by && html` by <span dir="auto">${version.created_by.name}</span>`}</span>`}
      <span class="quiet small">${version.version === 1 ? "the first" : version.changed.length === 0 ? "nothing that is shown changed" : ""}</span></header>
    ${version.changed.length > 0 && html`<dl class="changed">${version.changed.map((/** @type {string} */ name) => html`<div key=${name}>
      <dt>${name.replace(/_seconds$/, "").replaceAll("_", " ")}</dt>
      <dd><${Change} about=${`What changed in ${name.replaceAll("_", " ")}`} before=${before && text(name, before[name])} after=${text(name, version[name])} /></dd></div>`)}</dl>`}
    ${version.version === 1 && html`<p class="small quiet">In <a href=${to(`queues/${part(version.queue)}`)}>${version.queue}</a>, ${version.retry.max_attempts} attempts, ${duration(version.timeout_seconds)} each.</p>`}
  </li>`;
}

const SIGNS = { out: "−", in: "+", same: " ", gap: " " };
const SAID = { out: "before: ", in: "now: ", same: "", gap: "" };

/** From one text to another; of long ones, the lines that differ. @param {{ about: string, before?: string, after: string }} props */
function Change({ about, before, after }) {
  const isLong = before !== undefined && before.includes("\n") && after.includes("\n");
  const lines = isLong ? difference(before, after) : null;
  /** @type {import("../core/lines.js").Line[]} */
  const shown = lines ?? [...(before === undefined ? [] : [{ kind: /** @type {const} */ ("out"), text: before }]), { kind: "in", text: after }];
  return html`<div class="difference" tabindex="0" role="group" aria-label=${about}>${shown.map((line, index) => html`<div key=${index} data-kind=${line.kind}><span aria-hidden="true">${SIGNS[line.kind]}</span><span class="hidden-text">${SAID[line.kind]}</span><span dir="auto">${line.text}</span></div>`)}</div>`;
}

/** A setting as text. @param {string} name @param {any} value */
function text(name, value) {
  if (value === null || value === undefined) return "none";
  if (SECONDS.test(name) && typeof value === "number") return duration(value);
  if (typeof value === "string") return value || "empty";
  const json = typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
  return json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json;
}
