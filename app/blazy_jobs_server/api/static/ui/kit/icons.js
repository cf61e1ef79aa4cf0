import { html } from "../vendor/preact.js";

/** Drawn on a grid of 16, with lines of 1.5. */
const PATHS = {
  bolt: "M9.2 1.8 3.6 8.9h3.9l-.7 5.3 5.6-7.1H8.5z",
  overview: "M2.5 2.5h4.5v5H2.5zM9 2.5h4.5v3H9zM9 7.5h4.5v6H9zM2.5 9.5h4.5v4H2.5z",
  runs: "M2.5 4h11M2.5 8h11M2.5 12h7",
  errors: "M8 2.2 14.3 13H1.7zM8 6.5v3M8 11.3v.1",
  queues: "M2.5 4.5 8 2l5.5 2.5L8 7zM2.5 8 8 10.5 13.5 8M2.5 11.5 8 14l5.5-2.5",
  types: "M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4",
  schedules: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3",
  workers: "M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11zM5 4.8v.1M5 11.3v.1",
  key: "M10.5 8.5a3 3 0 1 0-2.8-2L2.5 11.7v1.8h2v-1.6h1.6v-1.6h1.6l.9-.9c.5.2 1.1.3 1.9.1zM11 5.2v.1",
  webhooks: "M6.6 6.3A2.6 2.6 0 1 1 10 5.6L12 9M5.6 8.3A2.6 2.6 0 1 0 7 12h4M12.2 9.2A2.6 2.6 0 1 1 10.4 13M8 4.5l-2.4 4",
  audit: "M3.5 2h6l3 3v9h-9zM9.5 2v3h3M5.5 8h5M5.5 11h5",
  bulk: "M2.5 5.5h8v8h-8zM5.5 5.5v-3h8v8h-3M4.7 9.5l1.4 1.4L8.6 8.3",
  scheduled: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 5v3.2l2 1.3",
  queued: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM5.3 8v.1M8 8v.1M10.7 8v.1",
  running: "M8 2.2a5.8 5.8 0 1 0 5.8 5.8M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  retrying: "M13.5 8a5.5 5.5 0 1 1-1.7-4M12.2 1.6v2.7H9.5",
  completed: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM5.4 8.2l1.8 1.8 3.5-3.8",
  failed: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2",
  cancelled: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM5.2 8h5.6",
  interrupted: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM6.4 5.8v4.4M9.6 5.8v4.4",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2",
  filter: "M2 4h12M4.5 8h7M6.5 12h3",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.2 3.2L13 4.8",
  chevron: "M6 3.5 10.5 8 6 12.5",
  down: "M3.5 6 8 10.5 12.5 6",
  more: "M2.9 8a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M7.4 8a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M11.9 8a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  replay: "M2.5 8a5.5 5.5 0 1 0 1.7-4M3.8 1.6v2.7h2.7",
  play: "M4.5 2.8 12.5 8l-8 5.2z",
  pause: "M5.5 3v10M10.5 3v10",
  trash: "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4",
  compare: "M2.5 3h4.5v10H2.5zM9 3h4.5v10H9z",
  link: "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  plus: "M8 3v10M3 8h10",
  info: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 7.4v3.4M8 5.2v.1",
  warning: "M8 2.2 14.3 13H1.7zM8 6.5v3M8 11.3v.1",
  user: "M8 2.5a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM2.8 13.5c.4-2.4 2.5-3.8 5.2-3.8s4.8 1.4 5.2 3.8",
  priority: "M3 13V9.5M8 13V6M13 13V2.5",
  sun: "M8 5.3a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  logout: "M6.5 2.5h-4v11h4M9.5 5l3 3-3 3M12.5 8H6",
};

/** @typedef {keyof typeof PATHS} IconName */

/** Without a label it is an ornament beside a word.
 * @param {{ name: string, size?: number, label?: string, class?: string }} props */
export function Icon({ name, size = 16, label, class: className = "" }) {
  return html`<svg class=${className} width=${size} height=${size} viewBox="0 0 16 16" fill="none" stroke="currentColor"
    stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" role=${label ? "img" : null}
    aria-label=${label ?? null} aria-hidden=${label ? null : "true"} focusable="false">
    <path d=${PATHS[/** @type {IconName} */ (name)] ?? PATHS.info} />
  </svg>`;
}
