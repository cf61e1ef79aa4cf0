/** Who looks at the page, and what they may do. The server refuses the rest anyway. */
import { signal } from "../vendor/preact.js";
import { call, get, logIn } from "./api.js";
import { MODE } from "./base.js";

/** @type {import("../vendor/preact.js").Signal<import("blazy-jobs").Session | null>} */
export const session = signal(null);

export async function readSession() {
  session.value = await get("v1/session");
}

export async function logOut() {
  await call("DELETE", "v1/session");
  logIn();
}

/** Whether an action is offered: the key has the scope, and the page is not read-only.
 * @param {import("blazy-jobs").KeyScope} scope */
export function may(scope) {
  return MODE === "write" && has(scope);
}

/** Whether the key has a scope, for what is only read.
 * @param {import("blazy-jobs").KeyScope} scope */
export function has(scope) {
  const scopes = session.value?.scopes ?? [];
  return scopes.includes("admin") || scopes.includes(scope);
}
