/** Why a run is where it is, in the server's words, which name things in backticks and calls of the API by their paths.
 * A call on the run itself is a button that does it. */
import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { UI, to } from "../core/base.js";
import { useRead } from "../core/read.js";
import { capital } from "../kit/state.js";
import { Icon } from "../kit/icons.js";

const READ_EVERY_MS = 5000;
const MOST = 400;
const NAMED = /`([^`]+)`|(?:GET|POST|PUT|PATCH|DELETE) \/v1\/([A-Za-z0-9._/-]*[A-Za-z0-9_-])/g;

/** @param {{ run: any, actions: Record<string, () => unknown> }} props `actions`: what can be done with the run, by the last part of the call's path */
export function Explain({ run, actions }) {
  const isOver = run.state === "completed" || run.state === "cancelled";
  const { data } = useRead(isOver ? null : `v1/runs/${part(run.id)}/explain`, {}, { topics: ["queues", "workers", `runs:${run.state}`], every: READ_EVERY_MS });
  if (!data) return null;
  const isFailed = run.state === "failed"; // the error itself is below
  const facts = [...(isFailed ? [] : data.blocking.slice(1).map((/** @type {any} */ one) => one.detail)), ...data.facts, data.next].filter(Boolean);
  if (isFailed && facts.length === 0) return null;
  return html`<div class="panel explain"><${Icon} name="info" /><div class="stack gap-1 grow">
    ${!isFailed && html`<p class="strong"><${Plain} text=${data.summary} /></p>`}
    ${facts.length > 0 && html`<ul>${facts.map((/** @type {string} */ fact) => html`<li key=${fact} class="quiet small"><${Plain} text=${fact} /></li>`)}</ul>`}
    ${data.suggestions.length > 0 && html`<ul>${data.suggestions.map((/** @type {string} */ one) => html`<li key=${one} class="small"><${Plain} text=${one} run=${run.id} actions=${actions} /></li>`)}</ul>`}
    <${Links} blocking=${data.blocking} />
  </div></div>`;
}

/** Where what holds the run is to be seen. @param {{ blocking: { link: string | null, name: string | null, scope: string }[] }} props */
function Links({ blocking }) {
  const links = blocking.filter((one) => one.link?.startsWith("/v1/"));
  if (links.length === 0) return null;
  return html`<p class="row wrap small">${links.map((one) => html`<a key=${one.link} href=${UI + String(one.link).slice(4)}>${one.name ?? capital(one.scope)}</a>`)}</p>`;
}

/** @param {{ text: string, run?: string, actions?: Record<string, () => unknown> }} props */
function Plain({ text, run = "", actions = {} }) {
  const shown = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  const parts = [];
  let last = 0;
  for (const found of shown.matchAll(NAMED)) {
    parts.push(shown.slice(last, found.index), found[1] === undefined ? html`<${Call} path=${found[2]} run=${run} actions=${actions} />` : html`<code>${found[1]}</code>`);
    last = found.index + found[0].length;
  }
  return html`<span dir="auto">${parts}${shown.slice(last)}</span>`;
}

/** A call that this dashboard offers as an action: the way to where it does. @param {{ path: string, run: string, actions: Record<string, () => unknown> }} props */
function Call({ path, run, actions }) {
  const [kind, name, verb] = path.split("/");
  if (kind === "runs" && name === run && verb) {
    const act = actions[verb];
    return act ? html`<button type="button" class="link" onClick=${act}>${verb.replaceAll("-", " ")}</button>` : html`<span>${verb.replaceAll("-", " ")}</span>`;
  }
  return html`<a href=${to(name ? `${kind}/${name}` : kind)}>${verb ?? kind}</a>`;
}
