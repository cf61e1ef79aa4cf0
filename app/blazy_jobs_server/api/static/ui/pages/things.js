/** What the pages of definitions share: their lists, and how an action is done and said. */
import { html, useEffect, useRef } from "../vendor/preact.js";
import { useList } from "../core/read.js";
import { Failure, Skeleton } from "../kit/empty.js";
import { Page } from "../kit/page.js";
import { Fresh, More, Table } from "../kit/table.js";
import { toast, toastError } from "../kit/toast.js";

const PAGE = 100;
const idOf = (/** @type {any} */ row) => row.id ?? row.name;

/**
 * A list of things that people make: as long as it is one page, what comes and goes is shown at once.
 * @param {string} path
 * @param {Record<string, unknown>} query
 * @param {{ topics?: string[], every?: number, id?: (row: any) => string, sort?: boolean }} [options] `sort`: by name, when all are there
 */
export function useThings(path, query, { sort = false, id = idOf, ...watch } = {}) {
  const list = useList(path, { limit: PAGE, ...query }, { id, ...watch });
  const isLonger = useRef(false);
  const names = (/** @type {any[]} */ rows) => rows.map(id).join("\n");
  useEffect(() => {
    if (!isLonger.current && list.answer && names(list.answer.data) !== names(list.rows)) list.showFresh();
  }, [list.answer]);
  const rows = sort && list.next === null ? [...list.rows].sort((a, b) => a.name.localeCompare(b.name)) : list.rows;
  return {
    ...list,
    rows,
    more() {
      isLonger.current = true;
      return list.more();
    },
  };
}

/**
 * A page that is a list.
 * @param {{ title: string, list: any, columns: import("../kit/table.js").Column[], one: string, empty: any, sub?: any,
 *   actions?: any, children?: any, id?: (row: any) => string, dim?: (row: any) => boolean }} props `children`: above the list
 */
export function ListPage({ title, list, columns, one, empty, sub, actions, children, id = idOf, dim }) {
  return html`<${Page} title=${title} sub=${sub} actions=${actions}>
    ${children}
    <div class="panel flush"><${ListBody} ...${{ title, list, columns, one, empty, id, dim }} /></div>
  <//>`;
}

/** @param {{ title: string, list: any, columns: import("../kit/table.js").Column[], one: string, empty: any, id?: (row: any) => string, dim?: (row: any) => boolean }} props */
export function ListBody({ title, list, columns, one, empty, id = idOf, dim }) {
  if (list.loading) return html`<${Skeleton} />`;
  if (list.error && list.rows.length === 0) return html`<${Failure} error=${list.error} what=${title.toLowerCase()} retry=${list.reload} />`;
  if (list.rows.length === 0) return empty;
  return html`
    <${Fresh} count=${list.fresh} one=${one} onClick=${list.showFresh} />
    <${Table} caption=${title} columns=${columns} rows=${list.rows} id=${id} stale=${list.stale} dim=${dim} />
    ${(list.next || list.rows.length >= PAGE) && html`<${More} list=${list} one=${one} />`}`;
}

/** Does something, and says that it is done, or what the server refused.
 * @param {() => Promise<any>} does
 * @param {string | ((answer: any) => string)} done
 * @param {() => void} [then] such as a new read
 * @returns {Promise<any>} the answer; undefined if it was refused */
export async function act(does, done, then) {
  try {
    const answer = await does();
    toast(typeof done === "string" ? done : done(answer));
    then?.();
    return answer ?? null;
  } catch (error) {
    toastError(error);
    return undefined;
  }
}

/** A number of runs that leads to them; 0 is faint.
 * @param {{ value: number | null | undefined, href: string, tone?: string, text: string, about: string }} props */
export function Count({ value, href, tone = "", text, about }) {
  if (value === null || value === undefined) return html`<span class="faint">–</span>`;
  if (value === 0) return html`<span class="faint">0</span>`;
  return html`<a class=${`soft ${tone}`} href=${href} aria-label=${`${about}: ${text}`}>${text}</a>`;
}

/** Names or prefixes that something is restricted to.
 * @param {{ names: string[] | null, all: string }} props */
export function Patterns({ names, all }) {
  if (names === null) return html`<span class="faint">${all}</span>`;
  if (names.length === 0) return html`<span class="faint">none</span>`;
  return html`<span class="row wrap gap-1">${names.map((name) => html`<span class="badge mono" key=${name}><span>${name}</span></span>`)}</span>`;
}

/** Lines or commas part names in a text field; empty is null.
 * @param {string} text
 * @returns {string[] | null} */
export function namesIn(text) {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  return names.length > 0 ? names : null;
}

/** A number as the server takes it; empty is null, and what is no number is left to its refusal. @param {string} text */
export const numberIn = (text) => (text.trim() === "" ? null : Number.isFinite(Number(text)) ? Number(text) : text);
