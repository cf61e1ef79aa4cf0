/** The live digest: one stream a page, closed while the page is hidden or a person has paused it. */
import { batch, effect, signal } from "../vendor/preact.js";
import { readSession } from "./session.js";
import { Problem } from "./api.js";
import { ROOT } from "./base.js";
import { heardTime } from "./clock.js";

const TRY_AGAIN_MS = 3000;

/** @type {import("../vendor/preact.js").Signal<import("blazy-jobs").Digest | null>} the latest, as GET /v1/live describes it */
export const digest = signal(null);

/** `live`; `cut`: it comes back by itself; `paused` by a person.
 * @type {import("../vendor/preact.js").Signal<"connecting" | "live" | "cut" | "paused">} */
export const status = signal("connecting");

/** When the last digest came, in milliseconds. */
export const asOf = signal(Date.now());

/** @type {Set<{ topics: string[], run: () => void }>} */
const watchers = new Set();
/** @type {Record<string, unknown>} */
let versions = {};
let holds = 0;
let missed = new Set();
/** @type {Set<() => void>} */
const waiting = new Set();

/** Calls `run` when one of the topics changed: `runs`, or only those of a state (`runs:failed`), `errors`, `job_types`,
 * `queues`, `schedules`, `workers`, `servers`, `keys`, `webhooks`, `audit`, `bulk`.
 * @param {string[]} topics
 * @param {() => void} run
 * @returns {() => void} ends it */
export function onChange(topics, run) {
  const watcher = { topics, run };
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Nothing on the page moves until the returned function is called: a menu or a dialog is open, rows are selected. */
export function hold() {
  holds += 1;
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    holds -= 1;
    goOn();
  };
}

/** Once nothing holds the page any more: what was missed is made up for. */
function goOn() {
  if (isHeld()) return;
  const names = missed;
  missed = new Set();
  const runs = [...waiting];
  waiting.clear();
  for (const run of runs) run();
  if (names.size > 0) tell(names);
}

/** Calls `run` as soon as nothing holds the page.
 * @param {() => void} run */
export function onceFree(run) {
  waiting.add(run);
}

export const isHeld = () => holds > 0 || status.value === "paused";

/** @param {Set<string> | "all"} changed */
function tell(changed) {
  if (isHeld()) {
    for (const name of changed === "all" ? Object.keys(versions) : changed) missed.add(name);
    return;
  }
  for (const { topics, run } of watchers) {
    if (changed === "all" ? topics.length > 0 : topics.some((topic) => changed.has(topic))) run();
  }
}

/** @param {import("blazy-jobs").ListVersions} given
 * @returns {Record<string, unknown>} by topic */
function topicsOf({ runs, ...others }) {
  const states = Object.entries(runs);
  return { ...others, runs: states.map(([, version]) => version).join(), ...Object.fromEntries(states.map(([state, version]) => [`runs:${state}`, version])) };
}

/** @param {import("blazy-jobs").Digest} frame */
function take(frame) {
  const found = topicsOf(frame.versions);
  const changed = new Set(Object.keys(found).filter((name) => found[name] !== versions[name]));
  const isFirst = status.value !== "live" || digest.value?.server !== frame.server;
  versions = found;
  batch(() => {
    digest.value = frame;
    asOf.value = Date.now();
    status.value = "live";
    failures = 0;
    heardTime(frame.at);
  });
  if (isFirst) {
    goOn();
    tell("all");
  } else if (changed.size > 0) tell(changed);
}

/** @type {EventSource | undefined} */
let stream;
let failures = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
const isPaused = signal(false);
const isHidden = signal(document.hidden);

function open() {
  close();
  stream = new EventSource(`${ROOT}v1/live`);
  const heard = (/** @type {MessageEvent} */ event) => take(JSON.parse(event.data));
  stream.addEventListener("digest", heard);
  stream.addEventListener("error", () => {
    if (status.value === "live" || (status.value === "connecting" && ++failures > 1)) status.value = "cut";
    if (stream?.readyState === EventSource.CLOSED) retry = setTimeout(comeBack, TRY_AGAIN_MS);
  });
}

/** A stream that is refused says not why: the session may be over. */
async function comeBack() {
  try {
    await readSession();
    tell("all");
  } catch (error) {
    if (error instanceof Problem && error.status === 403) return;
  }
  if (!isPaused.value && !isHidden.value) open();
}

function close() {
  clearTimeout(retry);
  stream?.close();
  stream = undefined;
}

/** Begins with the page. */
export function start() {
  document.addEventListener("visibilitychange", () => {
    isHidden.value = document.hidden;
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (event.persisted && !isPaused.value) open();
  });
  effect(() => {
    const [paused, hidden] = [isPaused.value, isHidden.value];
    if (paused || hidden) {
      close();
      if (paused) status.value = "paused";
    } else {
      if (status.peek() !== "cut") status.value = "connecting";
      open();
    }
  });
}

export function togglePause() {
  isPaused.value = !isPaused.value;
}
