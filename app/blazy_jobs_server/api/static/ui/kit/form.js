import { html, useId, useRef, useState } from "../vendor/preact.js";
import { Problem } from "../core/api.js";
import { Button } from "./button.js";
import { Icon } from "./icons.js";

/**
 * A form. `onSubmit` is given the values by name and raises what the server refuses: a problem's `errors` appear at the
 * fields whose `path` they name, the rest above the buttons.
 * @param {{ children: (problem: (path: string, exact?: boolean) => string | undefined) => any, onSubmit: () => Promise<unknown>, action: string, danger?: boolean, onCancel?: () => void, paths?: string[] }} props
 */
export function Form({ children, onSubmit, action, danger = false, onCancel, paths = [] }) {
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  const ref = useRef(/** @type {HTMLFormElement | null} */ (null));
  const submitted = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await onSubmit();
    } catch (failure) {
      setError(/** @type {Error} */ (failure));
      requestAnimationFrame(() => /** @type {HTMLElement | null | undefined} */ (ref.current?.querySelector("[aria-invalid=true]"))?.focus());
    } finally {
      setBusy(false);
    }
  };
  const errors = error instanceof Problem ? error.errors : [];
  const problem = (/** @type {string} */ path, exact = false) => errors.find((one) => one.path === path || (!exact && one.path.startsWith(`${path}/`)))?.message;
  const others = errors.filter((one) => !paths.some((path) => one.path === path || one.path.startsWith(`${path}/`)));
  return html`<form class="form" ref=${ref} onSubmit=${submitted} novalidate>
    ${children(problem)}
    ${error && html`<div class="form-problem" role="alert"><${Icon} name="warning" /><div>${error.message}
      ${others.length > 0 && html`<ul>${others.map((one) => html`<li key=${one.path}><code>${one.path}</code> ${one.message}</li>`)}</ul>`}</div></div>`}
    <div class="form-foot">${onCancel && html`<${Button} onClick=${onCancel}>Cancel<//>`}
      <${Button} type="submit" kind=${danger ? "danger" : "primary"} busy=${isBusy}>${action}<//></div>
  </form>`;
}

/** A field's label, hint and problem around its control, which is given the attributes that tie them together.
 * @param {{ label: string, hint?: any, problem?: string, children: (attributes: Record<string, any>) => any, optional?: boolean }} props */
export function Field({ label, hint, problem, children, optional = false }) {
  const id = useId();
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ") || null;
  return html`<div class="field">
    <label for=${id}>${label}${optional && html` <span class="faint">optional</span>`}</label>
    ${children({ id, "aria-describedby": described, "aria-invalid": problem ? "true" : null })}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${problem && html`<p class="problem" id=${`${id}-problem`}>${problem}</p>`}
  </div>`;
}

/** @typedef {{ label: string, value: string, onChange: (value: string) => void, hint?: any, problem?: string, optional?: boolean, [attribute: string]: any }} Input */

/** @param {Input & { type?: string }} props */
export function TextField({ label, value, onChange, hint, problem, optional, type = "text", ...others }) {
  return html`<${Field} ...${{ label, hint, problem, optional }}>${(/** @type {any} */ tied) => html`
    <input ...${tied} ...${others} class="input" type=${type} value=${value} autocomplete="off" spellcheck=${false} onInput=${(/** @type {any} */ event) => onChange(event.target.value)} />`}<//>`;
}

/** @param {Input & { rows?: number, mono?: boolean }} props */
export function TextArea({ label, value, onChange, hint, problem, optional, rows = 4, mono = false, ...others }) {
  return html`<${Field} ...${{ label, hint, problem, optional }}>${(/** @type {any} */ tied) => html`
    <textarea ...${tied} ...${others} class=${`input ${mono ? "mono" : ""}`} rows=${rows} value=${value} spellcheck=${false} onInput=${(/** @type {any} */ event) => onChange(event.target.value)}></textarea>`}<//>`;
}

/** JSON, checked while it is written. `onChange` is given the text; read it with `parsed`.
 * @param {Input & { rows?: number }} props */
export function JsonField({ problem, value, rows = 10, ...others }) {
  return html`<${TextArea} ...${others} value=${value} rows=${rows} mono=${true} problem=${problem ?? parsed(value).problem} />`;
}

/** @param {string} text
 * @returns {{ value?: any, problem?: string }} */
export function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: text.trim() === "" ? "JSON is needed here; null is JSON too." : `This is not JSON: ${/** @type {Error} */ (error).message}` };
  }
}

/** @param {Input & { options: { value: string, text: string }[] }} props */
export function SelectField({ label, value, onChange, hint, problem, optional, options, ...others }) {
  return html`<${Field} ...${{ label, hint, problem, optional }}>${(/** @type {any} */ tied) => html`
    <select ...${tied} ...${others} class="input" value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>
      ${options.map((option) => html`<option key=${option.value} value=${option.value} selected=${option.value === value}>${option.text}</option>`)}</select>`}<//>`;
}

/** @param {{ label: string, checked: boolean, onChange: (checked: boolean) => void, hint?: any, disabled?: boolean }} props */
export function Checkbox({ label, checked, onChange, hint, disabled = false }) {
  const id = useId();
  return html`<div class="check"><input type="checkbox" id=${id} checked=${checked} disabled=${disabled} aria-describedby=${hint ? `${id}-hint` : null} onChange=${(/** @type {any} */ event) => onChange(event.target.checked)} />
    <label for=${id}>${label}</label>${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}</div>`;
}
