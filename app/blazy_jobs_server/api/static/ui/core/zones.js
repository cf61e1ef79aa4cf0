/** Local times of a zone, and when its clocks change. */
import { dateFormat } from "./text.js";

/** @param {string} zone @param {Intl.DateTimeFormatOptions} options
 * @returns {Intl.DateTimeFormat | null} null: this browser does not know the zone */
function formatter(zone, options) {
  try {
    return dateFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
  } catch {
    return null;
  }
}

/** Sat 28 Nov 2026, 03:00, by the clocks of a zone.
 * @param {string | number} at
 * @param {string} zone */
export function localTime(at, zone) {
  const shown = formatter(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: new Date(at).getUTCSeconds() ? "2-digit" : undefined });
  return shown ? shown.format(new Date(at)) : `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** What a zone is ahead of UTC then, in minutes.
 * @param {number} at @param {Intl.DateTimeFormat} shown */
function offset(at, shown) {
  const found = Object.fromEntries(shown.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Math.round((Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute) - Math.floor(at / 60_000) * 60_000) / 60_000);
}

const DAY_MS = 86_400_000;

/** The next change of a zone's clocks within a year.
 * @param {string} zone
 * @param {number} from
 * @returns {{ at: number, minutes: number } | null} when, and by how much they go forward */
export function nextChange(zone, from) {
  const shown = formatter(zone, { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" });
  if (!shown) return null;
  const now = offset(from, shown);
  for (let day = from; day < from + 366 * DAY_MS; day += DAY_MS) {
    if (offset(day + DAY_MS, shown) === now) continue;
    let [before, after] = [day, day + DAY_MS];
    while (after - before > 60_000) {
      const middle = Math.floor((before + after) / 2);
      if (offset(middle, shown) === now) before = middle;
      else after = middle;
    }
    const at = Math.floor(after / 60_000) * 60_000;
    return { at, minutes: offset(after, shown) - now };
  }
  return null;
}

/** Zones to choose from. */
export const ZONES = /** @type {string[]} */ (typeof Intl.supportedValuesOf === "function" ? ["UTC", ...Intl.supportedValuesOf("timeZone")] : ["UTC"]);
