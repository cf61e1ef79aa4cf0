/** Where the server is, found from this module's own address: `<root>/ui/-/<version>/core/base.js`. */
export const ROOT = new URL("../../../../", import.meta.url).href;

/** Where the dashboard is. */
export const UI = `${ROOT}ui/`;

/** `read`: the page offers nothing that changes anything (JOBS_UI=read). */
export const MODE = document.documentElement.dataset.ui === "read" ? "read" : "write";

/** Query parameters as a string with its `?`; null, undefined, "" and empty lists are left out.
 * @param {Record<string, unknown>} [given] */
export function queryOf(given = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") query.append(name, String(one));
    }
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The address of a page: `to("runs", { state: "failed" })`.
 * @param {string} path
 * @param {Record<string, unknown>} [query] */
export function to(path, query) {
  return UI + path + queryOf(query);
}
