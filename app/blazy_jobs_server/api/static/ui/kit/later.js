import { html, useEffect, useState } from "../vendor/preact.js";
import { Unreachable } from "../core/api.js";
import { Failure, Skeleton } from "./empty.js";
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

/** A component of a module that is loaded when it is first shown.
 * @template Module
 * @param {() => Promise<Module>} load
 * @param {(module: Module) => (props: any) => any} pick
 * @returns {(props: any) => any} */
export const shownLater = (load, pick) => {
  /** @type {((props: any) => any) | undefined} */
  let found;
  return function Later(props) {
    const [, setLoaded] = useState(Boolean(found));
    const [error, setError] = useState(/** @type {Error | undefined} */ (undefined));
    const [tries, setTries] = useState(0);
    useEffect(() => {
      let isGone = false;
      if (!found) {
        load().then((module) => {
          found = pick(module);
          if (!isGone) setLoaded(true);
        }, () => {
          if (!isGone) setError(new Unreachable());
        });
      }
      return () => {
        isGone = true;
      };
    }, [tries]);
    const again = () => {
      setError(undefined);
      setTries(tries + 1);
    };
    return found ? html`<${found} ...${props} />` : error ? html`<${Failure} error=${error} retry=${again} />` : html`<${Skeleton} />`;
  };
};
