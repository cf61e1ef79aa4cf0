import { html, signal, useEffect, useRef, useState } from "../vendor/preact.js";
import { hold } from "../core/live.js";
import { Button } from "./button.js";
import { Icon } from "./icons.js";

/** @type {import("../vendor/preact.js").Signal<{ id: number, render: (close: (value?: any) => void) => any, done: (value?: any) => void } | null>} */
const shown = signal(null);
let last = 0;

/** Shows a dialog until it is closed. `render` makes its content, and is given what closes it with a value.
 * @template T
 * @param {(close: (value?: T) => void) => any} render
 * @returns {Promise<T | undefined>} undefined when it was left without an answer */
export function openDialog(render) {
  shown.value?.done(undefined);
  return new Promise((resolve) => {
    const done = (/** @type {T | undefined} */ value) => {
      shown.value = null;
      resolve(value);
    };
    shown.value = { id: ++last, render, done };
  });
}

/** Asks before something is done. With `act` the dialog stays, busy, while that runs, and shows what it raises.
 * @param {{ title: string, body?: any, action: string, danger?: boolean, act?: () => Promise<unknown> }} question
 * @returns {Promise<boolean>} whether it was done */
export async function confirm(question) {
  return (await openDialog((close) => html`<${Confirm} ...${question} close=${close} />`)) === true;
}

/** @param {{ title: string, body?: any, action: string, danger?: boolean, act?: () => Promise<unknown>, close: (done?: boolean) => void }} props */
function Confirm({ title, body, action, danger = false, act, close }) {
  const [error, setError] = useState("");
  const agreed = async () => {
    try {
      await act?.();
      close(true);
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return html`<${DialogFrame} title=${title} close=${close}
    actions=${html`<${Button} onClick=${() => close()}>Keep as it is<//>
      <${Button} kind=${danger ? "danger" : "primary"} onClick=${agreed}>${action}<//>`}>
    ${body && html`<div class="quiet">${body}</div>`}
    ${error && html`<p class="form-problem" role="alert">${error}</p>`}
  <//>`;
}

/** What a dialog looks like: title, content, and its actions at the right.
 * @param {{ title: string, children?: any, actions?: any, close: () => void }} props */
export function DialogFrame({ title, children, actions, close }) {
  return html`
    <header class="dialog-head"><h2 id="dialog-title">${title}</h2>
      <button type="button" class="button quiet icon-only" aria-label="Close" onClick=${() => close()}><${Icon} name="close" /></button></header>
    <div class="dialog-body">${children}</div>
    ${actions && html`<footer class="dialog-foot">${actions}</footer>`}`;
}

/** Where dialogs appear: once, in the shell. */
export function Dialogs() {
  const current = shown.value;
  return current && html`<${Frame} key=${current.id} current=${current} />`;
}

/** @param {{ current: { render: (close: (value?: any) => void) => any, done: (value?: any) => void } }} props */
function Frame({ current }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const before = document.activeElement;
    const release = hold();
    ref.current?.showModal();
    const first = ref.current?.querySelector(".dialog-body :is(input, select, textarea), .dialog-foot .button");
    if (first instanceof HTMLElement) first.focus();
    return () => {
      release();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const outside = (/** @type {MouseEvent} */ event) => {
    if (event.target === ref.current) current.done(undefined);
  };
  return html`<dialog ref=${ref} aria-labelledby="dialog-title" onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); current.done(undefined); }} onMouseDown=${outside}>
    <div class="dialog">${current.render(current.done)}</div></dialog>`;
}
