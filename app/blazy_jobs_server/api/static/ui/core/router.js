/** The page's own address, as a signal, and the way to another one without a load. */
import { computed, signal } from "../vendor/preact.js";
import { UI, queryOf } from "./base.js";

const address = signal(location.href);

addEventListener("popstate", () => {
  address.value = location.href;
});

/** The path below `/ui/`, decoded by part. */
export const path = computed(() => {
  const { origin, pathname } = new URL(address.value);
  return (origin + pathname).slice(UI.length).replace(/\/+$/, "");
});

export const query = computed(() => new URL(address.value).searchParams);

/** @param {string} url
 * @param {{ replace?: boolean }} [options] */
export function go(url, { replace = false } = {}) {
  const there = new URL(url, location.href).href;
  if (there === location.href) return;
  if (replace) history.replaceState(null, "", there);
  else history.pushState(null, "", there);
  const samePage = there.split(/[?#]/)[0] === address.value.split(/[?#]/)[0];
  address.value = there;
  if (!samePage) scrollTo(0, 0);
}

/** Changes some of the query's parameters: null and "" take one out. A list is one parameter several times.
 * @param {Record<string, unknown>} changes
 * @param {{ replace?: boolean }} [options] */
export function setQuery(changes, options = { replace: true }) {
  /** @type {Record<string, unknown>} */
  const all = {};
  for (const name of new Set(query.value.keys())) all[name] = query.value.getAll(name);
  Object.assign(all, changes);
  go(address.value.split(/[?#]/)[0] + queryOf(all), options);
}

addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
  if (!link.href.startsWith(UI) || link.href.includes("#")) return;
  event.preventDefault();
  go(link.href);
});

/**
 * @typedef {{ pattern: string, nav: string, load: () => Promise<{ default: (props: any) => any }> }} Route
 * `pattern` such as `runs/:id`; `nav` the entry of the navigation that it belongs to.
 */

/** The route of a path, with its parameters.
 * @param {Route[]} routes
 * @param {string} given
 * @returns {{ route: Route, params: Record<string, string> } | null} */
export function match(routes, given) {
  const parts = given.split("/");
  for (const route of routes) {
    const wanted = route.pattern.split("/");
    if (wanted.length !== parts.length) continue;
    /** @type {Record<string, string>} */
    const params = {};
    const fits = wanted.every((name, index) => {
      if (!name.startsWith(":")) return name === parts[index];
      try {
        params[name.slice(1)] = decodeURIComponent(parts[index]);
      } catch {
        return false;
      }
      return parts[index] !== "";
    });
    if (fits) return { route, params };
  }
  return null;
}
