/** Fields made from a JSON Schema. The value is kept as JSON; what is not filled in is left out. */
import { html, useState } from "../vendor/preact.js";
import { initial } from "../core/schema.js";
import { Button } from "./button.js";
import { Checkbox, JsonField, SelectField, TextArea, TextField, parsed } from "./form.js";

/** @typedef {import("../core/schema.js").Shape} Shape */
/** @typedef {(path: string, exact?: boolean) => string | undefined} ProblemAt what the server says of the value at a JSON Pointer, or of what is in it */

const LONG = 160;
const TYPES = /** @type {Record<string, string>} */ ({ email: "email", date: "date", time: "time", uri: "url" });
const MOST_HINT = 300;

/** The name of a part in a JSON Pointer. @param {string | number} name */
const pointer = (name) => String(name).replaceAll("~", "~0").replaceAll("/", "~1");

/** orderId, order_id → Order id. A title of the schema is taken as it is.
 * @param {string} name @param {Shape} shape */
function labelOf(name, shape) {
  const title = shape.schema.title;
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ").trim().toLowerCase();
  const made = words ? words[0].toUpperCase() + words.slice(1) : name;
  if (typeof title !== "string" || title.toLowerCase() === words || title === "") return made || "(no name)";
  return title;
}

/** What is asked of a value, in words. @param {Shape} shape */
function hintOf({ kind, schema }) {
  const rules = [];
  if (kind === "number") {
    const least = schema.minimum ?? schema.exclusiveMinimum;
    const most = schema.maximum ?? schema.exclusiveMaximum;
    if (least !== undefined && most !== undefined) rules.push(`${schema.minimum === undefined ? "more than " : ""}${least} to ${schema.maximum === undefined ? "less than " : ""}${most}`);
    else if (least !== undefined) rules.push(schema.minimum === undefined ? `more than ${least}` : `at least ${least}`);
    else if (most !== undefined) rules.push(schema.maximum === undefined ? `less than ${most}` : `at most ${most}`);
    if (schema.multipleOf !== undefined && schema.multipleOf !== 1) rules.push(`a multiple of ${schema.multipleOf}`);
  }
  if (kind === "text") {
    if (schema.pattern) rules.push(`matches ${schema.pattern}`);
    if (schema.format === "date-time") rules.push("such as 2027-01-31T12:00:00Z");
    else if (schema.format && !TYPES[schema.format]) rules.push(String(schema.format));
  }
  if (Object.hasOwn(schema, "default") && schema.default !== null && kind !== "flag") rules.push(`otherwise ${JSON.stringify(schema.default)}`);
  const text = [schema.description, rules.join(", ")].filter((one) => typeof one === "string" && one !== "").join(" · ");
  return text.length > MOST_HINT ? `${text.slice(0, MOST_HINT)}…` : text;
}

/**
 * @param {{ shape: Shape, value: any, onChange: (value: any) => void, problem: ProblemAt, path: string }} props the whole of a payload
 */
export function SchemaFields({ shape, value, onChange, problem, path }) {
  if (shape.kind === "group") return html`<div class="form">${problem(path, true) && html`<p class="problem">${problem(path, true)}</p>`}<${Fields} ...${{ shape, value, onChange, problem, path }} /></div>`;
  return html`<${Part} name="payload" required=${true} ...${{ shape, value, onChange, problem, path }} />`;
}

/** @param {{ shape: Shape, value: any, onChange: (value: any) => void, problem: ProblemAt, path: string }} props */
function Fields({ shape, value, onChange, problem, path }) {
  const held = value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
  const set = (/** @type {string} */ name, /** @type {any} */ next) => {
    if (next !== undefined) onChange({ ...held, [name]: next });
    else onChange(Object.fromEntries(Object.entries(held).filter(([other]) => other !== name)));
  };
  return (shape.fields ?? []).map((field) => html`<${Part} key=${field.name} name=${field.name} shape=${field.shape} required=${field.required}
    value=${Object.hasOwn(held, field.name) ? held[field.name] : undefined} onChange=${(/** @type {any} */ next) => set(field.name, next)} problem=${problem} path=${`${path}/${pointer(field.name)}`} />`);
}

/** @param {{ name: string, shape: Shape, required: boolean, value: any, onChange: (value: any) => void, problem: ProblemAt, path: string }} props */
function Part({ name, shape, required, value, onChange, problem, path }) {
  const { kind, schema } = shape;
  const shared = { label: labelOf(name, shape), hint: hintOf(shape), problem: problem(path), optional: !required };
  if (kind === "group") return html`<${Group} ...${{ name, shape, required, value, onChange, problem, path }} />`;
  if (kind === "list") return html`<${List} ...${{ name, shape, required, value, onChange, problem, path }} />`;
  if (kind === "json") return html`<${AsJson} ...${shared} value=${value} onChange=${onChange} />`;
  if (kind === "number") return html`<${NumberPart} ...${shared} whole=${schema.type === "integer" || (Array.isArray(schema.type) && schema.type.includes("integer"))} value=${value} onChange=${onChange} placeholder=${typeof schema.default === "number" ? String(schema.default) : null} />`;
  if (kind === "flag") {
    const { optional: _, ...others } = shared;
    return html`<div><${Checkbox} ...${others} checked=${value ?? schema.default === true} onChange=${onChange} />${shared.problem && html`<p class="problem">${shared.problem}</p>`}</div>`;
  }
  if (kind === "choice") {
    const options = shape.options ?? [];
    const at = options.findIndex((one) => JSON.stringify(one) === JSON.stringify(value));
    const texts = options.map((one, index) => ({ value: String(index), text: typeof one === "string" ? one : JSON.stringify(one) }));
    return html`<${SelectField} ...${shared} value=${at === -1 ? "" : String(at)} options=${required && at !== -1 ? texts : [{ value: "", text: required ? "Choose…" : "Not given" }, ...texts]}
      onChange=${(/** @type {string} */ next) => onChange(next === "" ? undefined : options[Number(next)])} />`;
  }
  const written = (/** @type {string} */ next) => onChange(next === "" && !required ? undefined : next);
  const text = typeof value === "string" ? value : "";
  const isLong = schema.maxLength > LONG || schema.contentMediaType || text.includes("\n");
  if (isLong) return html`<${TextArea} ...${shared} value=${text} rows=${3} dir="auto" onChange=${written} />`;
  return html`<${TextField} ...${shared} type=${TYPES[schema.format] ?? "text"} value=${text} dir="auto" placeholder=${typeof schema.default === "string" ? schema.default : null} onChange=${written} />`;
}

/** A number is kept as it is written while it is none, so that the server can say what is wrong with it.
 * @param {{ label: string, value: any, whole: boolean, onChange: (value: any) => void, [others: string]: any }} props */
function NumberPart({ value, whole, onChange, ...others }) {
  const [text, setText] = useState(value === undefined || value === null ? "" : String(value));
  const written = (/** @type {string} */ next) => {
    setText(next);
    const number = Number(next);
    onChange(next.trim() === "" ? undefined : Number.isFinite(number) ? number : next);
  };
  return html`<${TextField} ...${others} inputmode=${whole ? "numeric" : "decimal"} value=${text} onChange=${written} />`;
}

/** @param {{ label: string, value: any, onChange: (value: any) => void, problem?: string, optional: boolean, hint: string }} props */
function AsJson({ value, onChange, optional, hint, ...others }) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const written = (/** @type {string} */ next) => {
    setText(next);
    const found = parsed(next);
    onChange(next.trim() === "" ? undefined : found.problem ? next : found.value);
  };
  const own = text.trim() === "" ? undefined : parsed(text).problem;
  return html`<${JsonField} ...${others} optional=${optional} rows=${3} value=${text} hint=${hint || "JSON"} problem=${others.problem ?? own ?? (text.trim() === "" ? "" : undefined)} onChange=${written} />`;
}

/** @param {{ name: string, shape: Shape, required: boolean, value: any, onChange: (value: any) => void, problem: ProblemAt, path: string }} props */
function Group({ name, shape, required, value, onChange, problem, path }) {
  const label = labelOf(name, shape);
  const isThere = value !== undefined && value !== null;
  return html`<fieldset class="group"><legend class="row"><span>${label}</span>${!required && html`<span class="faint">optional</span>`}</legend>
    ${shape.schema.description && html`<p class="hint">${String(shape.schema.description).slice(0, MOST_HINT)}</p>`}
    ${problem(path, true) && html`<p class="problem">${problem(path, true)}</p>`}
    ${isThere && html`<${Fields} ...${{ shape, value, onChange, problem, path }} />`}
    ${!required && html`<div><${Button} kind="quiet" icon=${isThere ? "close" : "plus"} onClick=${() => onChange(isThere ? undefined : (initial(shape, true) ?? {}))}>${`${isThere ? "Leave out" : "Add"} ${label.toLowerCase()}`}<//></div>`}
  </fieldset>`;
}

/** @param {{ name: string, shape: Shape, required: boolean, value: any, onChange: (value: any) => void, problem: ProblemAt, path: string }} props */
function List({ name, shape, required, value, onChange, problem, path }) {
  const label = labelOf(name, shape);
  const items = Array.isArray(value) ? value : [];
  // Each entry keeps its identity while others are taken out.
  const [keys, setKeys] = useState(() => items.map((_, index) => index));
  const [next, setNext] = useState(items.length);
  const item = /** @type {() => Shape} */ (shape.item)();
  const add = () => {
    const begun = initial(item, true);
    setKeys([...keys, next]);
    setNext(next + 1);
    onChange([...items, begun === undefined ? null : begun]);
  };
  const take = (/** @type {number} */ index) => {
    setKeys(keys.filter((_, at) => at !== index));
    const left = items.filter((_, at) => at !== index);
    onChange(left.length === 0 && !required ? undefined : left);
  };
  return html`<fieldset class="group"><legend class="row"><span>${label}</span>${!required && html`<span class="faint">optional</span>`}</legend>
    ${shape.schema.description && html`<p class="hint">${String(shape.schema.description).slice(0, MOST_HINT)}</p>`}
    ${problem(path, true) && html`<p class="problem">${problem(path, true)}</p>`}
    ${items.map((one, index) => html`<div class="list-item" key=${keys[index] ?? index}>
      <div class="grow"><${Part} name=${String(index + 1)} shape=${{ ...item, schema: { ...item.schema, title: `${label} ${index + 1}`, description: undefined } }} required=${true} value=${one ?? undefined}
        onChange=${(/** @type {any} */ changed) => onChange(items.map((old, at) => (at === index ? (changed === undefined ? null : changed) : old)))} problem=${problem} path=${`${path}/${index}`} /></div>
      <${Button} kind="quiet" icon="close" label=${`Take out ${label} ${index + 1}`} onClick=${() => take(index)} /></div>`)}
    ${items.length < (shape.schema.maxItems ?? 100) && html`<div><${Button} kind="quiet" icon="plus" onClick=${add}>Add<//></div>`}
  </fieldset>`;
}
