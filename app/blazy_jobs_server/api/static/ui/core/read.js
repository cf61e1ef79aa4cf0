/** Reads the API for what is on the screen, and again when the live digest says that it changed. */
import { useCallback, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { get, passes } from "./api.js";
import { isHeld, onChange, onceFree } from "./live.js";
import { kept } from "./memo.js";

const AT_MOST_EACH_MS = 2000;
const TRY_AGAIN_MS = 3000;

/**
 * @typedef {{ topics?: string[], every?: number, isOver?: () => boolean }} Watch
 * `topics` of the digest that call for a new read; `every` so many milliseconds besides; none of both once `isOver`.
 */

/**
 * Calls `read` at once and on each change, never twice at a time and at most each two seconds.
 * @param {(signal: AbortSignal) => Promise<void>} read
 * @param {unknown[]} inputs a change of these starts anew
 * @param {Watch} watch
 */
function useRepeated(read, inputs, { topics = [], every, isOver = () => false }) {
  const latest = useRef(read);
  latest.current = read;
  const over = useRef(isOver);
  over.current = isOver;
  const again = useRef(() => {});
  useLayoutEffect(() => { // at once: an effect would wait until the page without data has been drawn
    const leaving = new AbortController();
    let isReading = false;
    let isWanted = false;
    let isUrgent = false;
    let last = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const start = async () => {
      timer = undefined;
      if (leaving.signal.aborted) return;
      if (document.hidden) {
        isWanted = true;
        return;
      }
      if (isHeld() && last > -Infinity) {
        onceFree(ask);
        return;
      }
      isReading = true;
      isWanted = false;
      isUrgent = false;
      let waits = AT_MOST_EACH_MS;
      try {
        await latest.current(leaving.signal);
      } catch (error) {
        if (leaving.signal.aborted) return;
        if (passes(/** @type {Error} */ (error))) {
          isWanted = true;
          waits = TRY_AGAIN_MS;
        }
      }
      isReading = false;
      last = performance.now();
      if (isWanted) plan(isUrgent ? 0 : waits);
      else if (every && !over.current()) plan(every);
    };
    const plan = (/** @type {number} */ delay) => {
      clearTimeout(timer);
      timer = setTimeout(start, delay);
    };
    const ask = () => {
      if (isReading || document.hidden) isWanted = true;
      else plan(Math.max(0, last + AT_MOST_EACH_MS - performance.now()));
    };
    again.current = () => {
      last = -Infinity; // a person asks: at once, whatever holds the page
      isUrgent = true;
      ask();
    };
    const unsubscribe = onChange(topics, () => {
      if (!over.current() && !isHeld()) ask();
    });
    const shown = () => {
      if (!document.hidden && isWanted && !isReading) plan(0);
    };
    document.addEventListener("visibilitychange", shown);
    start();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      unsubscribe();
      document.removeEventListener("visibilitychange", shown);
    };
  }, [...inputs, topics.join(" "), every]);
  return useCallback(() => again.current(), []);
}

/**
 * One document. While it cannot be read again for now, the last one stays and `error` says why.
 * @param {string | null} path null reads nothing
 * @param {Record<string, unknown>} [query]
 * @param {Watch & { settled?: (data: any) => boolean }} [watch] `settled`: what does not change any more
 * @returns {{ data: any, error: Error | undefined, loading: boolean, stale: boolean, reload: () => void }}
 */
export function useRead(path, query = {}, { settled, ...watch } = {}) {
  const wanted = path === null ? null : path + JSON.stringify(query);
  const [state, setState] = useState(/** @type {{ of: string | null, data: any, error: Error | undefined }} */ ({ of: null, data: undefined, error: undefined }));
  const reload = useRepeated(
    async (signal) => {
      if (path === null) return;
      try {
        const data = await get(path, query, signal);
        setState((before) => {
          const found = before.of === wanted ? kept(before.data, data) : data;
          return found === before.data && !before.error ? before : { of: wanted, data: found, error: undefined };
        });
      } catch (error) {
        if (signal.aborted) throw error;
        const failure = /** @type {Error} */ (error);
        setState((before) => ({ of: wanted, data: before.of === wanted && passes(failure) ? before.data : undefined, error: failure }));
        throw error;
      }
    },
    [wanted],
    { ...watch, isOver: () => Boolean(settled && state.of === wanted && state.data !== undefined && settled(state.data)) },
  );
  const isThis = state.of === wanted;
  const data = isThis ? state.data : undefined;
  const error = isThis ? state.error : undefined;
  return { data, error, loading: wanted !== null && !isThis, stale: Boolean(error && data !== undefined), reload };
}

/**
 * What is shown, with what was found: the same object where nothing has changed.
 * @template {{ rows: any[], first: any, fresh: number, error: Error | undefined, extra: any }} Shown
 * @param {Shown} before
 * @param {any} page the first one, as it is now
 * @param {Map<string, any>} found rows by id
 * @param {(row: any) => string} id
 * @returns {Shown} */
function patched(before, page, found, id) {
  const first = kept(before.first, page);
  const changed = before.rows.map((row) => kept(row, found.get(id(row)) ?? row));
  const rows = changed.every((row, index) => row === before.rows[index]) ? before.rows : changed;
  const shown = new Set(rows.map(id));
  const fresh = page.data.filter((/** @type {any} */ row) => !shown.has(id(row))).length;
  const isSame = rows === before.rows && first === before.first && fresh === before.fresh && before.extra === first && !before.error;
  return isSame ? before : { ...before, rows, first, fresh, error: undefined, extra: first };
}

/**
 * A list, newest first: rows on the screen are patched where they are, new ones are counted until `showFresh` is
 * called, and further pages are put at the end by `more`.
 * @param {string} path
 * @param {Record<string, unknown>} query
 * @param {Watch & { id?: (row: any) => string, patch?: boolean, settled?: (row: any) => boolean }} [watch] `patch`: `path`
 *   takes ids (`?id=`), by which rows that have left the first page are read again, but for those that are `settled`
 */
export function useList(path, query, { id = (row) => row.id ?? row.name, patch = false, settled = () => false, ...watch } = {}) {
  const wanted = path + JSON.stringify(query);
  const none = { of: "", rows: /** @type {any[]} */ ([]), first: /** @type {any} */ (null), next: /** @type {string | null} */ (null), fresh: 0, error: /** @type {Error | undefined} */ (undefined), extra: /** @type {any} */ (null) };
  const [state, setState] = useState(none);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const current = useRef(state);
  current.current = state;
  const isReplaced = useRef(false);
  const isAnew = (/** @type {typeof none} */ before) => isReplaced.current || before.of !== wanted || before.rows.length === 0 || Boolean(before.error && !passes(before.error));
  /** All of the first page are new: to read it again says no more, and what is on the screen is not in it. */
  const isFlooded = (/** @type {typeof none} */ before) => Boolean(patch && before.first?.next_cursor && before.fresh >= before.first.data.length);
  const reload = useRepeated(
    async (signal) => {
      try {
        const isKnown = !isAnew(current.current) && isFlooded(current.current);
        const page = isKnown ? current.current.first : await get(path, query, signal);
        const before = current.current;
        if (isAnew(before)) {
          isReplaced.current = false;
          setState({ ...none, of: wanted, rows: page.data, first: page, next: page.next_cursor, extra: page });
          return;
        }
        const found = new Map(page.data.map((/** @type {any} */ row) => [id(row), row]));
        const left = patch ? before.rows.filter((row) => !found.has(id(row)) && !settled(row)).slice(0, 100) : [];
        if (left.length > 0) {
          const others = await get(path, { id: left.map(id), limit: 200, fields: query.fields }, signal);
          for (const row of others.data) found.set(id(row), row);
        }
        setState((now) => (now.of === wanted ? patched(now, page, found, id) : now));
      } catch (error) {
        if (signal.aborted) throw error;
        const failure = /** @type {Error} */ (error);
        setState((before) => (before.of === wanted && passes(failure) ? { ...before, error: failure } : { ...none, of: wanted, error: failure }));
        throw error;
      }
    },
    [wanted],
    watch,
  );
  const isThis = state.of === wanted;
  const shown = isThis ? state : none;
  return {
    rows: shown.rows,
    fresh: shown.fresh,
    error: shown.error,
    loading: !isThis,
    loadingMore: isLoadingMore,
    stale: Boolean(shown.error && shown.rows.length > 0),
    next: shown.next,
    answer: shown.extra,
    reload,
    /** Puts the new rows on the screen. */
    showFresh() {
      if (isFlooded(current.current)) {
        isReplaced.current = true;
        reload();
      } else setState((before) => (before.first ? { ...before, rows: before.first.data, next: before.first.next_cursor, fresh: 0 } : before));
    },
    async more() {
      if (!shown.next || isLoadingMore) return;
      setLoadingMore(true);
      try {
        const page = await get(path, { ...query, cursor: shown.next });
        setState((before) => {
          if (before.of !== wanted) return before;
          const known = new Set(before.rows.map(id));
          return { ...before, rows: [...before.rows, ...page.data.filter((/** @type {any} */ row) => !known.has(id(row)))], next: page.next_cursor, extra: page };
        });
      } catch (error) {
        setState((before) => ({ ...before, error: /** @type {Error} */ (error) }));
      } finally {
        setLoadingMore(false);
      }
    },
  };
}
