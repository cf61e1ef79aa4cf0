import { html, useState } from "../vendor/preact.js";
import { bytes, plural } from "../core/text.js";
import { Copy } from "./copy.js";
import { Button } from "./button.js";

const AT_ONCE = 100;
const OPEN_CHILDREN = 40;
const LONG_TEXT = 800;

/** A JSON value as a tree: what is large is closed at first, and opened by so many at a time.
 * @param {{ value: any, what?: string }} props */
export function Json({ value, what = "The JSON" }) {
  if (value === null || value === undefined || typeof value !== "object") return html`<div class="json"><div class="json-tools"><${CopyValue} value=${value} what=${what} /></div><${Scalar} value=${value} /></div>`;
  return html`<div class="json"><div class="json-tools"><${CopyValue} value=${value} what=${what} /></div><${Node} value=${value} depth=${0} /></div>`;
}

/** @param {{ value: any, what: string }} props */
const CopyValue = ({ value, what }) => html`<${Copy} text=${JSON.stringify(value, null, 2) ?? "null"} what=${what} />`;

/** @param {{ name?: string | number, value: any, depth: number }} props */
function Node({ name, value, depth }) {
  const isList = Array.isArray(value);
  const size = isList ? value.length : Object.keys(value).length;
  const [isOpen, setOpen] = useState(depth < 3 && size <= OPEN_CHILDREN);
  const [shown, setShown] = useState(AT_ONCE);
  const label = name === undefined ? null : html`<span class="json-name">${name}</span>`;
  if (size === 0) return html`<div class="json-line">${label}<span class="faint">${isList ? "[ ]" : "{ }"}</span></div>`;
  const entries = isOpen ? (isList ? value.slice(0, shown).map((/** @type {any} */ one, /** @type {number} */ index) => [index, one]) : Object.entries(value).slice(0, shown)) : [];
  return html`<div class="json-node">
    <button type="button" class="json-toggle" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>${label}<span class="faint">${isList ? `[ ${plural(size, "item")} ]` : `{ ${plural(size, "field")} }`}</span></button>
    ${isOpen && html`<div class="json-children">
      ${entries.map(([key, one]) => (one !== null && typeof one === "object"
        ? html`<${Node} key=${key} name=${key} value=${one} depth=${depth + 1} />`
        : html`<div class="json-line" key=${key}><span class="json-name">${key}</span><${Scalar} value=${one} /></div>`))}
      ${size > shown && html`<${Button} kind="quiet" onClick=${() => setShown(shown + AT_ONCE * 5)}>${`${plural(size - shown, "more")}`.replace("mores", "more")}<//>`}
    </div>`}
  </div>`;
}

/** @param {{ value: any }} props */
function Scalar({ value }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== "string") return html`<span class="json-value" data-type=${value === null ? "null" : typeof value}>${String(value)}</span>`;
  const isLong = value.length > LONG_TEXT && !isWhole;
  return html`<span class="json-value" data-type="string" dir="auto">${isLong ? value.slice(0, LONG_TEXT) : value}${isLong && html`… <button type="button" class="link" onClick=${() => setWhole(true)}>show all ${bytes(value.length)}</button>`}</span>`;
}
