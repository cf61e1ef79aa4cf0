/** A run's events, from the first on and live: gapless, by their `seq`. */
import { useEffect, useState } from "../vendor/preact.js";
import { ROOT } from "./base.js";
import { part } from "./api.js";
import { status } from "./live.js";

const TYPES = ["queued", "updated", "started", "progress", "log", "retrying", "interrupted", "cancelling", "completed", "failed", "cancelled"];

/** @typedef {{ seq: number, type: string, time: string, attempt: number, state: string, data: any }} RunEvent */

/** @param {string} id
 * @returns {{ events: RunEvent[], isWhole: boolean }} `isWhole`: the final event is among them */
export function useRunEvents(id) {
  const [state, setState] = useState(/** @type {{ of: string, events: RunEvent[], isWhole: boolean }} */ ({ of: id, events: [], isWhole: false }));
  const isPaused = status.value === "paused";
  useEffect(() => {
    if (isPaused) return undefined;
    /** @type {RunEvent[]} */
    let events = state.of === id ? state.events : [];
    /** @type {RunEvent[]} */
    let coming = [];
    /** @type {EventSource | undefined} */
    let stream;
    let frame = 0;
    let isWhole = false;
    const flush = () => {
      frame = 0;
      if (coming.length === 0) return;
      events = events.concat(coming);
      coming = [];
      setState({ of: id, events, isWhole });
    };
    const heard = (/** @type {MessageEvent} */ message) => {
      const event = JSON.parse(message.data);
      const last = coming.length > 0 ? coming[coming.length - 1].seq : events.length > 0 ? events[events.length - 1].seq : 0;
      if (event.seq <= last) return;
      coming.push(event);
      if (["completed", "failed", "cancelled"].includes(event.type)) {
        isWhole = true;
        close();
      }
      frame ||= requestAnimationFrame(flush);
    };
    const open = () => {
      if (stream || isWhole || document.hidden) return;
      const after = events.length > 0 ? events[events.length - 1].seq : 0;
      stream = new EventSource(`${ROOT}v1/runs/${part(id)}/events${after ? `?after=${after}` : ""}`);
      for (const type of TYPES) stream.addEventListener(type, heard);
    };
    const close = () => {
      stream?.close();
      stream = undefined;
    };
    const changed = () => {
      if (document.hidden) {
        flush();
        close();
      } else open();
    };
    document.addEventListener("visibilitychange", changed);
    open();
    return () => {
      document.removeEventListener("visibilitychange", changed);
      cancelAnimationFrame(frame);
      close();
    };
  }, [id, isPaused]);
  return state.of === id ? state : { events: [], isWhole: false };
}
