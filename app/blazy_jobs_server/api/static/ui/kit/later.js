import { Unreachable } from "../core/api.js";
import { toastError } from "./toast.js";

/** A function of a module that is loaded when it is first called: what only some people open is no part of the page.
 * @template Module
 * @template {any[]} Given
 * @param {() => Promise<Module>} load
 * @param {(module: Module) => (...given: Given) => unknown} pick
 * @returns {(...given: Given) => Promise<void>} */
export const later = (load, pick) => async (...given) => {
  let module;
  try {
    module = await load();
  } catch {
    toastError(new Unreachable());
    return;
  }
  await pick(module)(...given);
};
