/** Requests to the public API, on the browser's session. */
import { ROOT, queryOf } from "./base.js";

/** What the server refused, in its own words (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status
   * @param {{ code?: string, title?: string, detail?: string, errors?: { path: string, message: string }[] }} document
   * @param {number | null} retryAfter seconds */
  constructor(status, document, retryAfter) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.status = status;
    this.code = document.code ?? "";
    this.errors = document.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

/** The server could not be reached. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached.");
  }
}

/** Leads to the log-in, and back to here from there. */
export function logIn() {
  const here = location.href.slice(ROOT.length);
  location.replace(`${ROOT}login?next=${encodeURIComponent(here)}`);
}

/** @param {Error | undefined} error whether it will pass by itself: the last data stays, greyed */
export function passes(error) {
  return error instanceof Unreachable || (error instanceof Problem && [429, 502, 503, 504].includes(error.status));
}

/**
 * @param {string} method
 * @param {string} path under the server's root, such as `v1/runs`
 * @param {{ query?: Record<string, unknown>, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} [options]
 * @returns {Promise<{ status: number, data: any, headers: Headers }>} raises Problem, Unreachable, AbortError
 */
export async function call(method, path, { query, body, headers = {}, signal } = {}) {
  /** @type {RequestInit} */
  const init = { method, signal, headers: { accept: "application/json", ...headers } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "content-type": "application/json" };
  }
  let answer, text;
  try {
    answer = await fetch(ROOT + path + queryOf(query), init);
    text = await answer.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable();
  }
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = { detail: answer.ok ? "The answer is not JSON." : undefined };
    if (answer.ok) throw new Problem(502, data, null);
  }
  if (answer.ok) return { status: answer.status, data, headers: answer.headers };
  if (answer.status === 401) {
    logIn();
    await new Promise(() => {}); // this page is being left
  }
  const seconds = Number(answer.headers.get("retry-after"));
  throw new Problem(answer.status, data ?? {}, Number.isFinite(seconds) && seconds > 0 ? seconds : null);
}

/** @param {string} path
 * @param {Record<string, unknown>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} */
export const get = async (path, query, signal) => (await call("GET", path, { query, signal })).data;

/** @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>} */
export const post = async (path, body) => (await call("POST", path, { body })).data;

/** @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>} */
export const put = async (path, body) => (await call("PUT", path, { body })).data;

/** @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>} */
export const patch = async (path, body) => (await call("PATCH", path, { body })).data;

/** @param {string} path
 * @returns {Promise<any>} */
export const del = async (path) => (await call("DELETE", path)).data;

/** A part of a path that may hold anything.
 * @param {string} name */
export const part = (name) => encodeURIComponent(name);
