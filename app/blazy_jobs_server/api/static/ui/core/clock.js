/** The time, once a second for all that shows how long ago something was. It stands still while the page is hidden. */
import { signal } from "../vendor/preact.js";

const EACH_MS = 1000;
/** While digests come, they are the seconds: what they change and what the clock changes is drawn once. */
const AFTER_DIGEST_MS = 1500;

/** What the server's clock is ahead of ours, in milliseconds: ages are counted on its clock. */
let ahead = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

export const now = signal(Date.now());

/** A second is over, as the server says by its own time.
 * @param {string} serverTime just read from its digest */
export function heardTime(serverTime) {
  const difference = Date.parse(serverTime) - Date.now();
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) > 2000 ? difference : 0;
  tick(AFTER_DIGEST_MS);
}

function tick(next = EACH_MS) {
  if (!document.hidden) now.value = Date.now() + ahead;
  clearTimeout(timer);
  timer = setTimeout(tick, next);
}

tick();
document.addEventListener("visibilitychange", () => tick());
