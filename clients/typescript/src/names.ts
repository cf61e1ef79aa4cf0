/**
 * The API speaks snake_case and RFC 3339, this package camelCase and Date. What users put in (payloads, results,
 * metadata, schemas) goes through untouched, key for key.
 */
const OPAQUE = [
  'payload',
  'result',
  'metadata',
  'payload_schema',
  'result_schema',
  'fields',
  'data',
  'headers',
] as const;

type OpaqueName = (typeof OPAQUE)[number];

type CamelName<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : Name;

type CamelValue<Name, Value> = Name extends OpaqueName
  ? Value
  : Name extends `${string}_at` | `${string}_until` | 'at'
    ? Date | Extract<Value, null | undefined>
    : Camel<Value>;

/** A document of the API with this package's names. */
export type Camel<Value> = Value extends readonly (infer Item)[]
  ? Camel<Item>[]
  : Value extends object
    ? { [Name in keyof Value as Name extends string ? CamelName<Name> : Name]: CamelValue<Name, Value[Name]> }
    : Value;

const opaque: ReadonlySet<string> = new Set(OPAQUE);

export function camelName(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function toCamel<Value>(value: Value): Camel<Value> {
  return renamed(value, camelName, (name) => name, readDate) as Camel<Value>;
}

/** Dates become text when they are written as JSON. */
export function toSnake<Value>(value: unknown): Value {
  return renamed(value, snakeName, snakeName, (_, inner) => inner) as Value;
}

function renamed(
  value: unknown,
  rename: (name: string) => string,
  apiName: (name: string) => string,
  read: (name: string, inner: unknown) => unknown,
): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename, apiName, read));
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const kept = opaque.has(apiName(name)) ? inner : renamed(read(apiName(name), inner), rename, apiName, read);
    return [rename(name), kept] as const;
  });
  return Object.fromEntries(entries);
}

function readDate(name: string, value: unknown): unknown {
  return (name === 'at' || /_(at|until)$/.test(name)) && typeof value === 'string' ? new Date(value) : value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Date);
}
