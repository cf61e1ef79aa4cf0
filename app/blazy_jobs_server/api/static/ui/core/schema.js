/** A JSON Schema (draft 2020-12) as a form sees it: what can be written in fields, and what only as JSON. */

/** @typedef {{ [keyword: string]: any }} Schema */
/**
 * @typedef {{ kind: "text" | "number" | "choice" | "flag" | "group" | "list" | "json", schema: Schema, nullable: boolean,
 *   options?: any[], fields?: { name: string, shape: Shape, required: boolean }[], item?: () => Shape }} Shape
 */

const DEEPEST = 6;
const MOST_FIELDS = 60;
const JSON_ONLY = ["allOf", "oneOf", "not", "if", "patternProperties", "dependentSchemas", "dependentRequired", "prefixItems", "unevaluatedProperties", "$dynamicRef"];

/** @param {unknown} value @returns {value is Schema} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** What a `$ref` within the document leads to; the keywords beside it win.
 * @param {any} schema
 * @param {Schema} root
 * @returns {Schema | null} null: it cannot be followed */
function resolved(schema, root) {
  let found = schema;
  for (let hops = 0; isObject(found) && typeof found.$ref === "string"; hops += 1) {
    const { $ref, ...beside } = found;
    if (hops > 20 || !$ref.startsWith("#")) return null;
    /** @type {any} */
    let there = root;
    for (const raw of $ref.slice(1).split("/").slice(1)) {
      let name;
      try {
        name = decodeURIComponent(raw).replaceAll("~1", "/").replaceAll("~0", "~");
      } catch {
        return null;
      }
      if ((!isObject(there) && !Array.isArray(there)) || !Object.hasOwn(there, name)) return null;
      there = /** @type {any} */ (there)[name];
    }
    found = isObject(there) ? { ...there, ...beside } : there;
  }
  return isObject(found) ? found : null;
}

/**
 * @param {any} given
 * @param {Schema} root where `$ref` lead to
 * @param {number} [depth]
 * @returns {Shape} `json` for all that fields cannot say exactly
 */
export function shapeOf(given, root, depth = 0) {
  let schema = resolved(given, root);
  let nullable = false;
  if (schema === null || depth > DEEPEST) return { kind: "json", schema: schema ?? {}, nullable };
  if (Array.isArray(schema.anyOf)) {
    const others = schema.anyOf.filter((/** @type {any} */ one) => !(isObject(one) && one.type === "null"));
    const only = others.length === 1 ? resolved(others[0], root) : null;
    if (only === null) return { kind: "json", schema, nullable };
    nullable = others.length < schema.anyOf.length;
    const { anyOf: _, ...beside } = schema;
    schema = { ...only, ...beside };
  }
  if (JSON_ONLY.some((keyword) => Object.hasOwn(/** @type {Schema} */ (schema), keyword)) || schema.anyOf !== undefined) return { kind: "json", schema, nullable };
  if (Array.isArray(schema.enum)) return { kind: "choice", schema, nullable, options: nullable && !schema.enum.includes(null) ? [...schema.enum, null] : schema.enum };
  if (Object.hasOwn(schema, "const")) return { kind: "choice", schema, nullable, options: [schema.const] };
  let type = schema.type;
  if (Array.isArray(type)) {
    const others = type.filter((one) => one !== "null");
    nullable ||= others.length < type.length;
    if (others.length !== 1) return { kind: "json", schema, nullable };
    [type] = others;
  }
  if (type === "string") return { kind: "text", schema, nullable };
  if (type === "number" || type === "integer") return { kind: "number", schema, nullable };
  if (type === "boolean") return nullable ? { kind: "choice", schema, nullable, options: [true, false, null] } : { kind: "flag", schema, nullable };
  if (type === "array") {
    const { items } = schema;
    if (!isObject(items)) return { kind: "json", schema, nullable };
    return { kind: "list", schema, nullable, item: () => shapeOf(items, root, depth + 1) };
  }
  if (type === "object" || (type === undefined && isObject(schema.properties))) {
    const properties = Object.entries(isObject(schema.properties) ? schema.properties : {});
    if (properties.length === 0 || properties.length > MOST_FIELDS || isObject(schema.additionalProperties)) return { kind: "json", schema, nullable };
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    if ([...required].some((name) => !Object.hasOwn(schema.properties, name))) return { kind: "json", schema, nullable };
    const fields = properties.map(([name, one]) => ({ name, required: required.has(name), shape: shapeOf(one, root, depth + 1) }));
    return { kind: "group", schema, nullable, fields: [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)] };
  }
  return { kind: "json", schema, nullable };
}

/** What a field holds before anybody has written in it.
 * @param {Shape} shape
 * @param {boolean} required
 * @returns {any} undefined: it is left out */
export function initial(shape, required) {
  const { schema } = shape;
  if (Object.hasOwn(schema, "default")) return required ? schema.default : undefined;
  if (!required) return undefined;
  switch (shape.kind) {
    case "group":
      return Object.fromEntries((shape.fields ?? []).map((field) => [field.name, initial(field.shape, field.required)]).filter(([, value]) => value !== undefined));
    case "list":
      return Array.from({ length: Math.min(Number(schema.minItems) || 0, 10) }, () => initial(/** @type {() => Shape} */ (shape.item)(), true));
    case "flag":
      return false;
    case "choice":
      return shape.options?.length === 1 ? shape.options[0] : undefined;
    case "text":
      return "";
    default:
      return undefined;
  }
}

/** The schema's own example, or what can be made from its required fields: to begin with in JSON.
 * @param {any} schema
 * @returns {any} */
export function sample(schema) {
  if (!isObject(schema)) return {};
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  return initial(shapeOf(schema, schema), true) ?? {};
}
