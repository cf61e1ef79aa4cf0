import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { query, setQuery } from "../core/router.js";
import { now } from "../core/clock.js";
import { hold } from "../core/live.js";
import { Icon } from "./icons.js";
import { Button } from "./button.js";

/**
 * @typedef {{ name: string, title: string, kind?: "text" | "time" | "number" | "choice", options?: { value: string, text: string }[], suggest?: () => Promise<string[]>, many?: boolean, placeholder?: string }} Filter
 * `name` is the query parameter; `many`: it may be given several times; `suggest`: values to choose from.
 */

/** Search and filters, all of them in the address. What is set is a chip; a click takes it out.
 * @param {{ filters: Filter[], search?: { name: string, placeholder: string, label: string }, children?: any }} props */
export function Filters({ filters, search, children }) {
  const set = filters.flatMap((filter) => query.value.getAll(filter.name).map((value) => ({ filter, value })));
  const remove = (/** @type {Filter} */ filter, /** @type {string} */ value) =>
    setQuery({ [filter.name]: query.value.getAll(filter.name).filter((one) => one !== value) });
  return html`<div class="filters">
    <div class="row wrap">
      ${search && html`<${Search} ...${search} />`}
      <${AddFilter} filters=${filters} />
      ${children}
    </div>
    ${set.length > 0 && html`<ul class="chips" aria-label="Filters that are set">
      ${set.map(({ filter, value }) => html`<li key=${filter.name + value}><button type="button" class="chip" onClick=${() => remove(filter, value)} aria-label=${`Take out ${filter.title}: ${value}`}>
        <span class="faint">${filter.title}</span><span class="clip">${textOf(filter, value)}</span><${Icon} name="close" size=${12} /></button></li>`)}
      <li><${Button} kind="quiet" onClick=${() => clear(filters, search?.name)}>Clear all<//></li></ul>`}
  </div>`;
}

/** Takes all filters out of the address.
 * @param {Filter[]} filters
 * @param {string} [searchName] */
export function clear(filters, searchName) {
  setQuery(Object.fromEntries([...filters.map(({ name }) => name), ...(searchName ? [searchName] : [])].map((name) => [name, null])));
}

/** @param {Filter} filter @param {string} value */
const textOf = (filter, value) =>
  filter.options?.find((option) => option.value === value)?.text ?? (filter.kind === "time" ? value.replace("T", " ").replace(/(:\d\d)(\.\d+)?Z$/, "$1 UTC") : value);

/** A search field that is applied when its writer pauses, or on Enter.
 * @param {{ name: string, placeholder: string, label: string }} props */
export function Search({ name, placeholder, label }) {
  const applied = query.value.get(name) ?? "";
  const [text, setText] = useState(applied);
  /** @type {{ current: ReturnType<typeof setTimeout> | undefined }} */
  const timer = useRef(undefined);
  useEffect(() => setText(applied), [applied]);
  const apply = (/** @type {string} */ value) => {
    clearTimeout(timer.current);
    setQuery({ [name]: value.trim() });
  };
  const written = (/** @type {any} */ event) => {
    const value = event.target.value;
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => apply(value), 400);
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") apply(text);
    if (event.key === "Escape") {
      setText("");
      apply("");
    }
  };
  return html`<div class="search"><${Icon} name="search" />
    <input data-search type="search" class="input" aria-label=${label} placeholder=${placeholder} value=${text} maxlength="200" autocomplete="off" spellcheck=${false} onInput=${written} onKeyDown=${pressed} />
    <kbd aria-hidden="true">/</kbd></div>`;
}

/** Beginnings that are asked for most. @type {[string, number][]} */
const RECENT = [["15 minutes ago", 900], ["An hour ago", 3600], ["A day ago", 86_400]];

/** @param {{ filters: Filter[] }} props */
function AddFilter({ filters }) {
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(/** @type {Filter | null} */ (null));
  const [suggestions, setSuggestions] = useState(/** @type {string[]} */ ([]));
  const [text, setText] = useState("");
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!isOpen) return undefined;
    const release = hold();
    const outside = (/** @type {Event} */ event) => {
      if (event.target instanceof Node && !ref.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      release();
      document.removeEventListener("pointerdown", outside);
    };
  }, [isOpen]);
  useEffect(() => {
    if (isOpen) /** @type {HTMLElement | null | undefined} */ (ref.current?.querySelector(".menu input, .menu button"))?.focus();
  }, [isOpen, chosen]);
  const close = () => {
    setOpen(false);
    setChosen(null);
    /** @type {HTMLElement | null | undefined} */ (ref.current?.querySelector("button"))?.focus();
  };
  const choose = (/** @type {Filter} */ filter) => {
    setText("");
    setSuggestions([]);
    setChosen(filter);
    filter.suggest?.().then(setSuggestions, () => setSuggestions([]));
  };
  const apply = (/** @type {string} */ value) => {
    if (!chosen || value.trim() === "") return;
    const given = chosen.kind === "time" ? new Date(value).toISOString() : value.trim();
    const before = chosen.many ? query.value.getAll(chosen.name).filter((one) => one !== given) : [];
    setQuery({ [chosen.name]: [...before, given] });
    close();
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (!isOpen) return;
    if (event.key === "Escape") {
      close();
      event.stopPropagation();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = /** @type {HTMLElement[]} */ ([...(ref.current?.querySelectorAll(".menu input, .menu .menu-item") ?? [])]);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
    event.preventDefault();
  };
  const recent = chosen?.kind === "time" && chosen.name.endsWith("_after") ? RECENT.map(([name, seconds]) => ({ value: new Date(now.value - seconds * 1000).toISOString(), text: name })) : undefined;
  const options = chosen?.options ?? recent ?? suggestions.filter((value) => value.toLowerCase().includes(text.toLowerCase())).slice(0, 12).map((value) => ({ value, text: value }));
  const types = { time: "datetime-local", number: "number", text: "text", choice: "text" };
  return html`<div class="menu-wrap" ref=${ref} onKeyDown=${pressed}>
    <button type="button" class="button" aria-expanded=${isOpen} onClick=${() => { setChosen(null); setOpen(!isOpen); }}><${Icon} name="filter" /><span>Filter</span></button>
    ${isOpen && !chosen && html`<div class="menu start">${filters.map((filter) => html`
      <button key=${filter.name} type="button" class="menu-item" onClick=${() => choose(filter)}><span>${filter.title}</span></button>`)}</div>`}
    ${isOpen && chosen && html`<form class="menu start filter-form" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); apply(text); }}>
      ${chosen.options ? html`<div class="menu-title">${chosen.title}</div>` : html`<label class="menu-title"><span>${chosen.title}</span>
        <input class="input" type=${types[chosen.kind ?? "text"]} step=${chosen.kind === "time" ? "1" : null} min=${chosen.kind === "number" ? "0" : null} value=${text} placeholder=${chosen.placeholder ?? ""} maxlength="200" autocomplete="off" spellcheck=${false} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /></label>`}
      ${options.map((option) => html`<button key=${option.value} type="button" class="menu-item" onClick=${() => apply(option.value)}><span class="clip">${option.text}</span></button>`)}
      ${!chosen.options && html`<div class="menu-foot"><${Button} type="submit" kind="primary" disabled=${text.trim() === ""}>Apply<//></div>`}
    </form>`}
  </div>`;
}
