/** All pages. A page is a module in pages/ whose default export is a component; it is loaded when it is first opened. */

/** @type {import("./router.js").Route[]} */
export const ROUTES = [
  { pattern: "", nav: "overview", load: () => import("../pages/overview.js") },
  { pattern: "runs", nav: "runs", load: () => import("../pages/runs.js") },
  { pattern: "runs/:id", nav: "runs", load: () => import("../pages/run.js") },
  { pattern: "compare", nav: "runs", load: () => import("../pages/compare.js") },
  { pattern: "errors", nav: "errors", load: () => import("../pages/errors.js") },
  { pattern: "errors/:group", nav: "errors", load: () => import("../pages/error.js") },
  { pattern: "queues", nav: "queues", load: () => import("../pages/queues.js") },
  { pattern: "queues/:name", nav: "queues", load: () => import("../pages/queue.js") },
  { pattern: "job-types", nav: "job-types", load: () => import("../pages/job-types.js") },
  { pattern: "job-types/:name", nav: "job-types", load: () => import("../pages/job-type.js") },
  { pattern: "schedules", nav: "schedules", load: () => import("../pages/schedules.js") },
  { pattern: "schedules/:name", nav: "schedules", load: () => import("../pages/schedule.js") },
  { pattern: "workers", nav: "workers", load: () => import("../pages/workers.js") },
  { pattern: "servers", nav: "workers", load: () => import("../pages/servers.js") },
  { pattern: "keys", nav: "keys", load: () => import("../pages/keys.js") },
  { pattern: "webhooks", nav: "webhooks", load: () => import("../pages/webhooks.js") },
  { pattern: "webhooks/:name", nav: "webhooks", load: () => import("../pages/webhook.js") },
  { pattern: "audit", nav: "audit", load: () => import("../pages/audit.js") },
  { pattern: "bulk", nav: "bulk", load: () => import("../pages/bulk.js") },
  { pattern: "bulk/:id", nav: "bulk", load: () => import("../pages/bulk-action.js") },
];

/** The navigation. `key` is pressed after `g`; `scope` is what the key needs to see the page at all.
 * @type {{ name: string, title: string, path: string, icon: string, key: string, group: number, scope?: import("blazy-jobs").KeyScope }[]} */
export const NAVIGATION = [
  { name: "overview", title: "Overview", path: "", icon: "overview", key: "o", group: 0 },
  { name: "runs", title: "Runs", path: "runs", icon: "runs", key: "r", group: 0 },
  { name: "errors", title: "Errors", path: "errors", icon: "errors", key: "e", group: 0 },
  { name: "queues", title: "Queues", path: "queues", icon: "queues", key: "q", group: 1 },
  { name: "job-types", title: "Job types", path: "job-types", icon: "types", key: "j", group: 1 },
  { name: "schedules", title: "Schedules", path: "schedules", icon: "schedules", key: "s", group: 1 },
  { name: "workers", title: "Workers", path: "workers", icon: "workers", key: "w", group: 1 },
  { name: "webhooks", title: "Webhooks", path: "webhooks", icon: "webhooks", key: "h", group: 2 },
  { name: "keys", title: "Keys", path: "keys", icon: "key", key: "k", group: 2, scope: "admin" },
  { name: "audit", title: "Audit", path: "audit", icon: "audit", key: "a", group: 2, scope: "admin" },
  { name: "bulk", title: "Bulk actions", path: "bulk", icon: "bulk", key: "b", group: 2 },
];
