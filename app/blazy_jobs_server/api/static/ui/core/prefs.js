/** What a person chose, kept in this browser. */
import { effect, signal } from "../vendor/preact.js";

/** @template T
 * @param {string} name
 * @param {T} initial
 * @param {(value: unknown) => boolean} isValid
 * @returns {import("../vendor/preact.js").Signal<T>} */
function kept(name, initial, isValid) {
  const key = `blazy-jobs.${name}`;
  let found = initial;
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? "null");
    if (isValid(stored)) found = stored;
  } catch {
    // storage may be forbidden, or hold what another version wrote
  }
  const value = signal(found);
  effect(() => {
    const text = JSON.stringify(value.value);
    try {
      localStorage.setItem(key, text);
    } catch {
      // the choice then holds for this page only
    }
  });
  return value;
}

/** @param {...unknown} values */
const oneOf = (...values) => (/** @type {unknown} */ value) => values.includes(value);

/** @type {import("../vendor/preact.js").Signal<"auto" | "light" | "dark">} */
export const theme = kept("theme", /** @type {"auto" | "light" | "dark"} */ ("auto"), oneOf("auto", "light", "dark"));

/** @type {import("../vendor/preact.js").Signal<"local" | "utc">} */
export const zone = kept("zone", /** @type {"local" | "utc"} */ ("local"), oneOf("local", "utc"));

/** Whether single letters are shortcuts (WCAG 2.1.4: they can be switched off). */
export const shortcuts = kept("shortcuts", true, oneOf(true, false));

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
