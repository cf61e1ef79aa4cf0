/** The runs of a list as a file: those selected, or all that match up to a bound. */
import { get } from "../core/api.js";
import { number, plural } from "../core/text.js";
import { announce, toast, toastError } from "../kit/toast.js";

const MOST = 10_000;
const PAGE = 200;
const COLUMNS = ["id", "job_type", "queue", "state", "priority", "key", "attempt", "max_attempts", "created_at", "due_at", "started_at", "finished_at", "error_code", "error_type", "error_message", "error_group", "resolved", "worker_id", "schedule", "replay_of", "tags"];

/** @param {"jsonl" | "csv"} kind
 * @param {Record<string, unknown>} filter of the list
 * @param {string[]} ids only these; empty: all that match */
export async function exportRuns(kind, filter, ids) {
  /** @type {any[]} */
  const runs = [];
  let isCut = false;
  announce("The export has begun.");
  try {
    const parts = ids.length > 0 ? chunks(ids) : [null];
    for (const part of parts) {
      let cursor = null;
      do {
        const fields = kind === "csv" ? "brief" : null;
        const page = await get("v1/runs", part ? { id: part, limit: PAGE, fields, cursor } : { ...filter, limit: PAGE, fields, cursor });
        runs.push(...page.data);
        cursor = page.next_cursor;
        isCut = cursor !== null && runs.length >= MOST;
      } while (cursor !== null && !isCut);
    }
  } catch (error) {
    toastError(error);
    return;
  }
  const text = kind === "csv" ? asCsv(runs) : runs.map((run) => `${JSON.stringify(run)}\n`).join("");
  save(`runs-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${kind}`, text, kind === "csv" ? "text/csv" : "application/x-ndjson");
  toast(isCut ? `The newest ${number(runs.length)} runs are in the file; narrow the filters for the rest.` : `${plural(runs.length, "run")} in the file.`);
}

/** @param {string[]} ids */
function chunks(ids) {
  const found = [];
  for (let index = 0; index < ids.length; index += 100) found.push(ids.slice(index, index + 100));
  return found;
}

/** @param {any[]} runs */
function asCsv(runs) {
  const rows = runs.map((run) => {
    const { error, tags, ...others } = run;
    const flat = { ...others, error_code: error?.code, error_type: error?.type, error_message: error?.message, error_group: error?.group, tags: (tags ?? []).join(" ") };
    return COLUMNS.map((name) => cell(flat[name])).join(",");
  });
  return [COLUMNS.join(","), ...rows].map((row) => `${row}\r\n`).join("");
}

/** RFC 4180; what a spreadsheet would take for a formula is text. @param {unknown} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {string} name @param {string} text @param {string} type */
function save(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
