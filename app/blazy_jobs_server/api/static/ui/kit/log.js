import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { zone } from "../core/prefs.js";
import { clockTime, number, plural } from "../core/text.js";
import { Icon } from "./icons.js";
import { Button } from "./button.js";
import { openDialog, DialogFrame } from "./dialog.js";
import { Json } from "./json.js";

const LINE = 24;
const BEYOND = 10;

/** @typedef {{ seq: number, time: string, attempt: number, level: string, message: string, fields: any }} LogLine */

/** A log of any length: only the lines in sight are in the page. It follows its end until somebody scrolls up.
 * @param {{ lines: LogLine[], isLive: boolean }} props */
export function Log({ lines, isLive }) {
  const [search, setSearch] = useState("");
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(360);
  const follows = useRef(isLive);
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return wanted ? lines.filter((line) => `${line.level} ${line.message} ${line.fields ? JSON.stringify(line.fields) : ""}`.toLowerCase().includes(wanted)) : lines;
  }, [lines, search]);
  useEffect(() => {
    if (!ref.current) return;
    setHeight(ref.current.clientHeight);
    if (follows.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [shown.length]);
  const scrolled = () => {
    const box = /** @type {HTMLElement} */ (ref.current);
    follows.current = isLive && box.scrollHeight - box.scrollTop - box.clientHeight < LINE * 2;
    setTop(box.scrollTop);
    setHeight(box.clientHeight);
  };
  const first = Math.max(0, Math.floor(top / LINE) - BEYOND);
  const last = Math.min(shown.length, Math.ceil((top + height) / LINE) + BEYOND);
  return html`<div class="log">
    <div class="log-tools">
      <div class="search"><${Icon} name="search" /><input type="search" class="input" placeholder="Search the log" aria-label="Search the log" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></div>
      <span class="faint small num">${search ? `${number(shown.length)} of ${plural(lines.length, "line")}` : plural(lines.length, "line")}</span>
    </div>
    <div class="log-lines" ref=${ref} onScroll=${scrolled} tabindex="0" role="log" aria-label="Log" aria-live="off" style=${{ height: `${Math.min(Math.max(shown.length, 1) * LINE + 18, 416)}px` }}>
      ${shown.length === 0 && html`<p class="faint log-none">${lines.length === 0 ? "Nothing has been logged." : "No line matches."}</p>`}
      <div style=${{ height: `${shown.length * LINE}px` }}><div style=${{ transform: `translateY(${first * LINE}px)` }}>
        ${shown.slice(first, last).map((line) => html`<button type="button" class="log-line" key=${line.seq} data-level=${line.level} onClick=${() => whole(line)}>
          <time datetime=${line.time}>${clockTime(line.time, zone.value).slice(-8)}</time>
          <span class="log-level">${line.level}</span>
          <span class="log-text" dir="auto">${line.message.slice(0, 400)}${line.fields && Object.keys(line.fields).length > 0 && html`<span class="faint"> ${fieldsOf(line.fields)}</span>`}</span></button>`)}
      </div></div>
    </div>
  </div>`;
}

/** @param {any} fields */
const fieldsOf = (fields) => Object.entries(fields).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`).join(" ").slice(0, 300);

/** @param {LogLine} line */
function whole(line) {
  openDialog((close) => html`<${DialogFrame} title=${`Log line ${line.seq}`} close=${close} actions=${html`<${Button} kind="primary" onClick=${() => close()}>Close<//>`}>
    <div class="dialog-wide quiet small">${clockTime(line.time, zone.value, true)}, ${line.level}, attempt ${line.attempt}</div>
    <pre class="small" dir="auto">${line.message}</pre>
    ${line.fields && html`<${Json} value=${line.fields} what="The fields" />`}
  <//>`);
}
