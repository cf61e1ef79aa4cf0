/** Numbers, durations and sizes as people read them. */

const whole = new Intl.NumberFormat("en");

/** Formats of times: making one takes a hundred times as long as using it.
 * @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** The format of these options, made once.
 * @param {string} locale
 * @param {Intl.DateTimeFormatOptions} options
 * @returns {Intl.DateTimeFormat} raises RangeError where the browser does not know the time zone */
export function dateFormat(locale, options) {
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, options)));
  return format;
}

/** @type {Record<"local" | "utc", { time: Intl.DateTimeFormat, day: Intl.DateTimeFormat }>} */
const CLOCKS = {
  local: clock(undefined),
  utc: clock("UTC"),
};

/** @param {string | undefined} timeZone */
function clock(timeZone) {
  return {
    time: dateFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    day: dateFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }),
  };
}

/** 12,345
 * @param {number} value */
export const number = (value) => whole.format(value);

/** 12.3k: at most four characters, for places where exactness is noise.
 * @param {number} value */
export function brief(value) {
  if (value < 1000) return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 1 : 0);
  const [size, unit] = value < 1e6 ? [1e3, "k"] : value < 1e9 ? [1e6, "M"] : [1e9, "G"];
  const scaled = value / size;
  return `${scaled < 10 ? scaled.toFixed(1) : Math.floor(scaled)}${unit}`;
}

/** 840 ms · 4.2 s · 3 min 12 s · 5 h 2 min · 3 d 4 h
 * @param {number} seconds */
export function duration(seconds) {
  const size = Math.abs(seconds);
  if (size < 0.0005) return "0 ms";
  if (size < 1) return `${size < 0.01 ? (size * 1000).toFixed(1) : Math.round(size * 1000)} ms`;
  if (size < 10) return `${size.toFixed(1)} s`;
  const rounded = Math.round(size);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return two(Math.floor(rounded / 60), "min", rounded % 60, "s");
  const minutes = Math.round(size / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(size / 3600);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** @param {number} a @param {string} unitA @param {number} b @param {string} unitB */
const two = (a, unitA, b, unitB) => (b ? `${a} ${unitA} ${b} ${unitB}` : `${a} ${unitA}`);

/** 3 min ago · in 20 s · just now. What was more than ten seconds ago is told in tens: a page full of it stands still.
 * @param {number} milliseconds from now: negative is past */
export function relative(milliseconds) {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds < 2) return milliseconds > 1500 ? "in 2 s" : "just now";
  const [value, unit] =
    seconds < 60 ? [milliseconds > 0 || seconds < 10 ? seconds : seconds - (seconds % 10), "s"] : seconds < 3600 ? [Math.floor(seconds / 60), "min"]
    : seconds < 86_400 ? [Math.floor(seconds / 3600), "h"] : [Math.floor(seconds / 86_400), "d"];
  return milliseconds > 0 ? `in ${value} ${unit}` : `${value} ${unit} ago`;
}

/** 1.2 MiB
 * @param {number} value */
export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${index === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[index]}`;
}

/** 12:03:07, today; else with its date.
 * @param {string | number | Date} at
 * @param {"local" | "utc"} zone
 * @param {boolean} [always] with the date */
export function clockTime(at, zone, always = false) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const { time, day } = CLOCKS[zone];
  const shown = day.format(date);
  return !always && shown === day.format(Date.now()) ? time.format(date) : `${shown} ${time.format(date)}`;
}

/** "1 run", "1,234 runs"
 * @param {number} count
 * @param {string} one
 * @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** The first line, at most so many characters.
 * @param {string | null | undefined} text
 * @param {number} [most] */
export function firstLine(text, most = 200) {
  const line = (text ?? "").trimStart().split("\n", 1)[0];
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** Text put in single quotes for a POSIX shell.
 * @param {string} text */
export const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
