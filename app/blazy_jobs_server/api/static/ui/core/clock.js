/** The time, once a second for all that shows how long ago something was. It stands still while the page is hidden. */
import { signal } from "../vendor/preact.js";

/** What the server's clock is ahead of ours, in milliseconds: ages are counted on its clock. */
let ahead = 0;

export const now = signal(Date.now());

/** @param {string | Date} serverTime just read from an answer of the server */
export function setServerTime(serverTime) {
  const there = new Date(serverTime).getTime();
  if (Number.isNaN(there)) return;
  const difference = there - Date.now();
  ahead = Math.abs(difference) > 2000 ? difference : 0;
}

const tick = () => {
  if (!document.hidden) now.value = Date.now() + ahead;
};
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
