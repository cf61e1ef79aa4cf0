import { html, useCallback, useEffect, useRef } from "../vendor/preact.js";
import { hold } from "../core/live.js";
import { memo } from "../core/memo.js";
import { announce } from "./toast.js";
import { Button } from "./button.js";
import { plural } from "../core/text.js";

/**
 * @typedef {{ title: string, cell: (row: any) => any, align?: "end", width?: string, drop?: "narrow" | "middle" | "between", name?: string, hideTitle?: boolean, wide?: boolean, actions?: boolean }} Column
 * `drop`: left out on a narrow (below 640 px), also on a middle (below 1100 px), or only `between`; `wide`: takes what is left;
 * `name`: a class of its cells.
 * `actions`: what can be done with the row, at its end, on a narrow screen at its top.
 * On a narrow screen a row is a card: its first column is the card's head, the others follow with their titles.
 */

/**
 * A table of things. The first column holds the link with `data-open`, which j and k go to. A row is rendered again only
 * when it, its selection or `columns` is another one, or a signal that its cells read.
 * @param {{ caption: string, columns: Column[], rows: any[], id: (row: any) => string, selected?: Set<string>,
 *   onSelect?: (selected: Set<string>) => void, stale?: boolean, dim?: (row: any) => boolean }} props
 */
export function Table({ caption, columns, rows, id, selected, onSelect, stale = false, dim }) {
  const lastTouched = useRef("");
  const pick = useRef(/** @type {(key: string, event: MouseEvent) => void} */ (() => {}));
  pick.current = (key, event) => {
    const next = new Set(selected);
    const on = !next.has(key);
    const ids = rows.map(id);
    const from = ids.indexOf(lastTouched.current);
    const to = ids.indexOf(key);
    const touched = event.shiftKey && from !== -1 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [key];
    for (const one of touched) on ? next.add(one) : next.delete(one);
    lastTouched.current = key;
    onSelect?.(next);
  };
  const onPick = useCallback((/** @type {string} */ key, /** @type {MouseEvent} */ event) => pick.current(key, event), []);
  const all = rows.length > 0 && rows.every((row) => selected?.has(id(row)));
  const some = !all && rows.some((row) => selected?.has(id(row)));
  const toggleAll = () => onSelect?.(new Set(all ? [] : rows.map(id)));
  return html`<div class=${`table-wrap ${stale ? "is-stale" : ""}`}>
    <table class="table">
      <caption class="hidden-text">${caption}</caption>
      <thead><tr>
        ${onSelect && html`<th class="pick"><input type="checkbox" aria-label="Select all that are shown" checked=${all} indeterminate=${some} onChange=${toggleAll} /></th>`}
        ${columns.map((column) => html`<th scope="col" key=${column.title} class=${classOf(column)} style=${widthOf(column)}>
          ${column.hideTitle ? html`<span class="hidden-text">${column.title}</span>` : column.title}</th>`)}
      </tr></thead>
      <tbody>
        ${rows.map((row) => html`<${Row} key=${id(row)} name=${id(row)} row=${row} columns=${columns} isDim=${Boolean(dim?.(row))}
          isSelected=${selected ? selected.has(id(row)) : null} onPick=${onSelect ? onPick : null} />`)}
      </tbody>
    </table>
  </div>`;
}

/** @param {{ name: string, row: any, columns: Column[], isDim: boolean, isSelected: boolean | null, onPick: ((name: string, event: MouseEvent) => void) | null }} props */
const Row = memo(function Row({ name, row, columns, isDim, isSelected, onPick }) {
  return html`<tr data-row class=${isDim ? "dim" : null} aria-selected=${isSelected}>
    ${onPick && html`<td class="pick"><input type="checkbox" aria-label=${`Select ${name}`} checked=${isSelected} onClick=${(/** @type {MouseEvent} */ event) => onPick(name, event)} /></td>`}
    ${columns.map((/** @type {Column} */ column) => html`<td key=${column.title} class=${classOf(column)} data-title=${column.hideTitle ? null : column.title}>${column.cell(row)}</td>`)}
  </tr>`;
});

/** @param {Column} column */
const classOf = (column) =>
  [column.align === "end" ? "end" : "", column.drop ? `drop-${column.drop}` : "", column.wide ? "wide" : "", column.name ?? "", column.actions ? "actions" : ""].filter(Boolean).join(" ") || null;

/** @param {Column} column */
const widthOf = (column) => (column.width ? { width: column.width } : null);

/** While rows are selected, nothing moves. @param {Set<string>} selected */
export function useHoldWhileSelected(selected) {
  const isSelecting = selected.size > 0;
  useEffect(() => (isSelecting ? hold() : undefined), [isSelecting]);
}

/** "7 new", to click on. @param {{ count: number, one: string, most?: number, onClick: () => void }} props */
export function Fresh({ count, one, most = Infinity, onClick }) {
  const text = count >= most ? `${most}+ new ${one}s` : `${plural(count, `new ${one}`)}`;
  useEffect(() => {
    if (count > 0) announce(text);
  }, [count > 0]);
  if (count === 0) return null;
  return html`<button type="button" class="fresh" onClick=${onClick}>${text}</button>`;
}

/** The end of a list: more of it, or that it was all.
 * @param {{ list: { next: string | null, loadingMore: boolean, more: () => Promise<void>, rows: any[] }, one: string }} props */
export function More({ list, one }) {
  if (list.rows.length === 0) return null;
  return html`<div class="list-end">
    ${list.next
      ? html`<${Button} onClick=${list.more} busy=${list.loadingMore}>${list.loadingMore ? "Loading…" : "Show more"}<//>`
      : html`<span class="faint small">${plural(list.rows.length, one)} shown, that is all.</span>`}
  </div>`;
}
