/** Work that is left out where nothing has changed. */
import { Component, h } from "../vendor/preact.js";

/** A component that is rendered again only when one of its properties is another one, or a signal that it reads.
 * @template {Record<string, any>} Props
 * @param {(props: Props) => any} inner
 * @returns {import("../vendor/preact.js").ComponentClass<Props>} */
export function memo(inner) {
  return class extends Component {
    /** @override @param {any} next */
    shouldComponentUpdate(next) {
      const names = Object.keys(next);
      return names.length !== Object.keys(this.props).length || names.some((name) => next[name] !== /** @type {any} */ (this.props)[name]);
    }

    /** @override @param {any} props */
    render(props) {
      return h(/** @type {any} */ (inner), props);
    }
  };
}

/** Whether two JSON values say the same.
 * @param {any} a
 * @param {any} b
 * @returns {boolean} */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

/** `found`, or the value before it where both say the same: what depends on it then need not change.
 * @template T
 * @param {T} before
 * @param {T} found
 * @returns {T} */
export const kept = (before, found) => (same(before, found) ? before : found);
