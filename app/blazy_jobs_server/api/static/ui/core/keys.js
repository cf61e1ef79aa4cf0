/** Keys of the whole page. Single letters can be switched off, and do nothing where text is written. */
import { go } from "./router.js";
import { to } from "./base.js";
import { shortcuts } from "./prefs.js";
import { has } from "./session.js";
import { NAVIGATION } from "./routes.js";
import { togglePause } from "./live.js";

const CHORD_MS = 1200;
let chordUntil = 0;
/** @type {() => void} */
let showHelp = () => {};

const isWriting = (/** @type {EventTarget | null} */ target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select"));

const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("main [data-row]")]);

/** @param {number} step */
function moveRow(step) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at === -1 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  const link = /** @type {HTMLElement | null} */ (next.querySelector("a[data-open], button[data-open]"));
  if (!link) next.tabIndex = -1;
  (link ?? next).focus();
  next.scrollIntoView({ block: "nearest" });
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return;
  if (document.querySelector("dialog[open]") || !shortcuts.value) return;
  if (performance.now() < chordUntil) {
    chordUntil = 0;
    const page = NAVIGATION.find(({ key, scope }) => key === event.key && (!scope || has(scope)));
    if (page) {
      event.preventDefault();
      go(to(page.path));
    }
    return;
  }
  /** @type {Record<string, () => void>} */
  const actions = {
    g: () => {
      chordUntil = performance.now() + CHORD_MS;
    },
    j: () => moveRow(1),
    k: () => moveRow(-1),
    x: () => {
      const row = rows().find((one) => one.contains(document.activeElement));
      /** @type {HTMLElement | null | undefined} */ (row?.querySelector("input[type=checkbox]"))?.click();
    },
    p: togglePause,
    "/": () => /** @type {HTMLElement | null} */ (document.querySelector("main [data-search]"))?.focus(),
    "?": () => showHelp(),
  };
  const action = actions[event.key];
  if (!action) return;
  if (event.key === "/" || event.key === "?") event.preventDefault();
  action();
}

/** @param {() => void} help opens the list of keys */
export function startKeys(help) {
  showHelp = help;
  addEventListener("keydown", pressed);
}
