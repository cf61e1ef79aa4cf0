import { html } from "../vendor/preact.js";
import { Problem, Unreachable } from "../core/api.js";
import { Icon } from "./icons.js";
import { Button } from "./button.js";

/** Where there is nothing: why, and what to do.
 * @param {{ icon?: string, title: string, children?: any, actions?: any }} props */
export function Empty({ icon = "info", title, children, actions }) {
  return html`<div class="empty"><span class="empty-icon"><${Icon} name=${icon} size=${20} /></span>
    <h2>${title}</h2>${children && html`<div class="quiet">${children}</div>`}${actions && html`<div class="row wrap">${actions}</div>`}</div>`;
}

/** Instead of what could not be read.
 * @param {{ error: Error, what?: string, retry?: () => void }} props */
export function Failure({ error, what = "this", retry }) {
  const again = retry && html`<${Button} icon="replay" onClick=${retry}>Try again<//>`;
  if (error instanceof Unreachable) return html`<${Empty} icon="warning" title="The server cannot be reached" actions=${again}>The page tries again by itself.<//>`;
  if (error instanceof Problem && error.status === 404) return html`<${Empty} icon="search" title=${`There is no ${what} here`}>It may have been erased, or be past its retention, or lie outside of what your key may see.<//>`;
  if (error instanceof Problem && error.status === 403) return html`<${Empty} icon="key" title=${`Your key may not see ${what}`}>${error.message}<//>`;
  if (error instanceof Problem && error.status === 503) return html`<${Empty} icon="warning" title="The server is not able to answer right now" actions=${again}>${error.message}<//>`;
  return html`<${Empty} icon="warning" title=${`Could not read ${what}`} actions=${again}>${error.message}<//>`;
}

/** In the place of what is being read: as many grey lines.
 * @param {{ lines?: number, height?: string }} props */
export function Skeleton({ lines = 6, height = "2.75rem" }) {
  return html`<div class="skeleton" aria-busy="true"><span class="hidden-text">Loading</span>
    ${Array.from({ length: lines }, (_, index) => html`<div key=${index} style=${{ height }}><span style=${{ width: `${[62, 48, 71, 55, 66, 43][index % 6]}%` }}></span></div>`)}</div>`;
}
