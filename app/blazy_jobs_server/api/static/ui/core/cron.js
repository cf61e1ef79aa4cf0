/** When a schedule fires, in plain words. What cannot be said exactly is not said. */
import { duration } from "./text.js";

/** @type {Record<string, string>} */
const NICKNAMES = { "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *" };
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MOST_TIMES = 4;
const ORDINALS = ["", "first", "second", "third", "fourth", "fifth"];

/**
 * @typedef {{ kind: "any" } | { kind: "step", step: number } | { kind: "values", parts: Part[], values: number[] }} Field
 * @typedef {{ from: number, to: number, step: number } | { last: true } | { day: number, nth: number | "last" }} Part
 */

/** @param {string} text @param {number} least @param {number} most @param {string[]} names
 * @returns {number} NaN if it is none */
function valueOf(text, least, most, names) {
  const at = names.findIndex((name) => name.slice(0, 3).toLowerCase() === text.toLowerCase());
  const value = at !== -1 ? at + (names === MONTHS ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : NaN;
}

/** @param {string} text @param {number} least @param {number} most @param {string[]} [names]
 * @returns {Field | null} */
function fieldOf(text, least, most, names = []) {
  if (text === "*" || text === "*/1") return { kind: "any" };
  const step = /^\*\/(\d+)$/.exec(text);
  if (step) return Number(step[1]) > 0 ? { kind: "step", step: Number(step[1]) } : null;
  /** @type {Part[]} */
  const parts = [];
  const values = new Set();
  for (const term of text.split(",")) {
    if (names !== DAYS && names !== MONTHS && most === 31 && term.toUpperCase() === "L") {
      parts.push({ last: true });
      continue;
    }
    const nth = names === DAYS ? /^([a-z]+|\d)(?:#([1-5])|(L))$/i.exec(term) : null;
    if (nth) {
      const day = valueOf(nth[1], 0, 7, names);
      if (Number.isNaN(day)) return null;
      parts.push({ day: day % 7, nth: nth[3] ? "last" : Number(nth[2]) });
      continue;
    }
    const found = /^([a-z]+|\d+|\*)(?:-([a-z]+|\d+))?(?:\/(\d+))?$/i.exec(term);
    if (!found) return null;
    const by = found[3] === undefined ? 1 : Number(found[3]);
    const from = found[1] === "*" ? least : valueOf(found[1], least, most, names);
    const to = found[2] !== undefined ? valueOf(found[2], least, most, names) : found[3] !== undefined || found[1] === "*" ? most : from;
    if (Number.isNaN(from) || Number.isNaN(to) || to < from || by < 1) return null;
    parts.push({ from, to, step: by });
    for (let value = from; value <= to; value += by) values.add(names === DAYS ? value % 7 : value);
  }
  return { kind: "values", parts, values: [...values].sort((a, b) => a - b) };
}

/** a, b and c @param {string[]} words @param {string} [last] */
const joined = (words, last = "and") => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words[words.length - 1]}`);
const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
const ordinal = (/** @type {number} */ value) => `${value}${value % 10 === 1 && value !== 11 ? "st" : value % 10 === 2 && value !== 12 ? "nd" : value % 10 === 3 && value !== 13 ? "rd" : "th"}`;

/** @param {Part[]} parts @param {(value: number) => string} word @param {number} most */
const ranges = (parts, word, most) =>
  joined(parts.map((part) => {
    if ("last" in part) return "the last day";
    if ("day" in part) return part.nth === "last" ? `the last ${DAYS[part.day]}` : `the ${ORDINALS[part.nth]} ${DAYS[part.day]}`;
    if (part.from === part.to) return word(part.from);
    const span = part.to === most && part.step > 1 ? `from ${word(part.from)}` : part.to - part.from === 1 && part.step === 1 ? `${word(part.from)} and ${word(part.to)}` : `${word(part.from)} to ${word(part.to)}`;
    return part.step === 1 ? span : `every ${ordinal(part.step)} of ${span}`;
  }));

/** @param {Field} minute @param {Field} hour
 * @returns {{ text: string, isOften: boolean } | null} `isOften`: more than at some times of a day */
function timeOf(minute, hour) {
  const minuteSteps = minute.kind === "step" ? (60 % minute.step === 0 ? `Every ${minute.step} minutes` : `Every ${minute.step} minutes of each hour`) : "";
  const hourSpan = hour.kind === "values" && hour.parts.length === 1 && "from" in hour.parts[0] && hour.parts[0].step === 1 ? hour.parts[0] : null;
  const hours = hour.kind === "values" ? ranges(hour.parts, (value) => `${two(value)}:00`, 23) : "";
  if (minute.kind === "any" || minute.kind === "step") {
    const often = minute.kind === "any" ? "Every minute" : minuteSteps;
    if (hour.kind === "any") return { text: often, isOften: true };
    if (hour.kind === "step") return { text: `${often}, in every ${ordinal(hour.step)} hour`, isOften: true };
    if (hourSpan) return { text: `${often} from ${two(hourSpan.from)}:00 to ${two(hourSpan.to)}:59`, isOften: true };
    return { text: `${often} in the hours of ${hours}`, isOften: true };
  }
  const past = minute.values.length === 1 && minute.values[0] === 0 ? "on the hour" : `at ${ranges(minute.parts, String, 59)} ${minute.values.length === 1 && minute.values[0] === 1 ? "minute" : "minutes"} past`;
  if (hour.kind === "any") return { text: past === "on the hour" ? "Every hour, on the hour" : `Every hour, ${past}`, isOften: true };
  if (hour.kind === "step") return { text: `Every ${hour.step} hours${24 % hour.step === 0 ? "" : " from midnight"}, ${past}`, isOften: true };
  if (minute.values.length * hour.values.length <= MOST_TIMES) {
    const times = hour.values.flatMap((h) => minute.values.map((m) => `${two(h)}:${two(m)}`));
    return { text: `At ${joined(times)}`, isOften: false };
  }
  if (hourSpan) return { text: hourSpan.from === hourSpan.to ? `From ${two(hourSpan.from)}:00 to ${two(hourSpan.to)}:59 ${past}` : `Every hour from ${two(hourSpan.from)}:00 to ${two(hourSpan.to)}:59, ${past}`, isOften: true };
  return { text: `${past[0].toUpperCase()}${past.slice(1)}, in the hours of ${hours}`, isOften: true };
}

/** @param {Field} field @returns {number} the only value that it has; NaN if there are others */
const only = (field) => (field.kind === "values" && field.values.length === 1 && field.parts.every((part) => "from" in part) ? field.values[0] : NaN);

/** @param {Field} day @param {Field} month @param {Field} weekday @param {boolean} isOften */
function daysOf(day, month, weekday, isOften) {
  const isAll = (/** @type {Field} */ field) => field.kind === "any";
  const weekdays = weekday.kind === "values" ? (weekday.parts.every((part) => "from" in part) && [1, 2, 3, 4, 5].join() === weekday.values.join() ? "Monday to Friday" : weekday.parts.every((part) => "from" in part) && weekday.values.length === 1 ? DAYS[weekday.values[0]] : ranges(weekday.parts, (value) => DAYS[value % 7], 7)) : weekday.kind === "step" ? `every ${ordinal(weekday.step)} weekday from Sunday` : "";
  const monthDays = day.kind === "values" ? (day.parts.length === 1 && "last" in day.parts[0] ? "the last day of the month" : `day ${ranges(day.parts, String, 31)} of the month`) : day.kind === "step" ? `every ${ordinal(day.step)} day of the month from the 1st` : "";
  const months = isAll(month) ? "" : ` in ${month.kind === "step" ? `every ${ordinal(month.step)} month from January` : month.kind === "values" ? ranges(month.parts, (value) => MONTHS[value - 1], 12) : ""}`;
  if (isAll(day) && isAll(weekday)) return months || (isOften ? "" : " every day");
  if (isAll(day)) return `${!Number.isNaN(only(weekday)) ? ` every ${weekdays}` : isOften ? `, ${weekdays}` : ` on ${weekdays}`}${months}`;
  if (isAll(weekday) && only(day) && only(month)) return ` on ${only(day)} ${MONTHS[only(month) - 1]}`;
  if (isAll(weekday)) return ` on ${monthDays}${months}`;
  // A day field that begins with `*` must match as well; otherwise either does.
  const both = day.kind === "step" || weekday.kind === "step";
  return both ? ` on ${monthDays} if it is ${weekdays}${months}` : ` on ${monthDays} or on ${weekdays}${months}`;
}

/** A cron expression in words; null if it says something that these words cannot.
 * @param {string} expression
 * @returns {string | null} */
export function cronWords(expression) {
  const trimmed = expression.trim();
  const fields = (NICKNAMES[trimmed.toLowerCase()] ?? trimmed).split(/[ \t]+/);
  if (fields.length !== 5) return null;
  const [minute, hour, day, month, weekday] = [fieldOf(fields[0], 0, 59), fieldOf(fields[1], 0, 23), fieldOf(fields[2], 1, 31), fieldOf(fields[3], 1, 12, MONTHS), fieldOf(fields[4], 0, 7, DAYS)];
  if (!minute || !hour || !day || !month || !weekday) return null;
  const time = timeOf(minute, hour);
  return time && time.text + daysOf(day, month, weekday, time.isOften);
}

/** When it fires, in words.
 * @param {any} trigger
 * @param {(at: string) => string} clock an instant as text
 * @returns {string} */
export function triggerWords(trigger, clock) {
  if (trigger.kind === "cron") return cronWords(trigger.expression) ?? `By the cron expression ${trigger.expression}`;
  if (trigger.kind === "interval") {
    const seconds = trigger.every_seconds;
    const [count, unit] = seconds % 3600 === 0 ? [seconds / 3600, "hour"] : seconds % 60 === 0 ? [seconds / 60, "minute"] : [seconds, "second"];
    return count === 1 ? `Every ${unit}` : seconds > 120 && unit === "second" ? `Every ${duration(seconds)}` : `Every ${count} ${unit}s`;
  }
  if (trigger.kind === "calendar") {
    const every = /** @type {[string, number][]} */ ([["month", trigger.every.months], ["week", trigger.every.weeks], ["day", trigger.every.days]]).filter(([, count]) => count > 0);
    const words = joined(every.map(([unit, count]) => (count === 1 ? (every.length === 1 ? unit : `1 ${unit}`) : `${count} ${unit}s`)));
    return `Every ${words} at ${two(trigger.hour)}:${two(trigger.minute)}`;
  }
  return `Once, on ${clock(trigger.at)}`;
}
