/** All pages. A page is a module in pages/ whose default export is a component; it is loaded when it is first opened. */

/** @type {import("./router.js").Route[]} */
export const ROUTES = [
  { pattern: "", nav: "overview", load: () => import("../pages/overview.js") },
  { pattern: "runs", nav: "runs", load: () => import("../pages/runs.js") },
  { pattern: "runs/:id", nav: "runs", load: () => import("../pages/run.js") },
  { pattern: "compare", nav: "runs", load: () => import("../pages/compare.js") },
  { pattern: "errors", nav: "errors", load: () => import("../pages/errors.js") },
  { pattern: "errors/:group", nav: "errors", load: () => import("../pages/error.js") },
];

/** The navigation. `key` is pressed after `g`; `scope` is what the key needs to see the page at all.
 * @type {{ name: string, title: string, path: string, icon: string, key: string, group: number, scope?: import("blazy-jobs").KeyScope }[]} */
export const NAVIGATION = [
  { name: "overview", title: "Overview", path: "", icon: "overview", key: "o", group: 0 },
  { name: "runs", title: "Runs", path: "runs", icon: "runs", key: "r", group: 0 },
  { name: "errors", title: "Errors", path: "errors", icon: "errors", key: "e", group: 0 },
];
