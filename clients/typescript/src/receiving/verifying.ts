/**
 * Whether a request is from the server: its signature after Standard Webhooks 1.0 (HMAC-SHA256), and its age.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { environment } from '../environment.js';
import { HeadersInvalid, SecretInvalid, SignatureInvalid, TooNew, TooOld } from './errors.js';

export const SECRETS_VARIABLE = 'JOBS_SIGNING_SECRET';
const DEFAULT_TOLERANCE_SECONDS = 300;
const PREFIX = 'whsec_';
const LEAST_KEY_BYTES = 24;
const SIGNATURE_BYTES = 32;
const MOST_SIGNATURES = 50;
const ALGORITHM = { name: 'HMAC', hash: 'SHA-256' } as const;

/** `whsec_…`; several in a list, or in one text with spaces between. */
export type Secrets = string | readonly string[];

/** `Headers` of a Request, or those of Node's `IncomingMessage`: names in any case. */
export type HeadersLike =
  Headers | Readonly<Record<string, string | readonly string[] | undefined>> | Iterable<readonly [string, string]>;

/** What arrived, byte for byte. A text stands for its UTF-8. */
export type Body = string | Uint8Array | ArrayBuffer;

export interface VerifyOptions {
  /** How old, or how new by a wrong clock, a request may be: 300. */
  toleranceSeconds?: number | undefined;
  /** Instead of this machine's clock. */
  now?: Date | undefined;
}

/** A genuine request. `id` is the same for each time that the message is sent. */
export interface Message {
  id: string;
  /** When this one was signed, by the server's clock, in whole seconds. */
  sentAt: Date;
  body: Uint8Array<ArrayBuffer>;
}

/** Checks requests with the same secrets each time; those of JOBS_SIGNING_SECRET where none are given. */
export class Verifier {
  readonly #raw: readonly Uint8Array<ArrayBuffer>[];
  readonly #toleranceSeconds: number;
  #keys: Promise<CryptoKey[]> | undefined;

  /** Throws SecretInvalid, and RangeError for a tolerance that cannot be. */
  constructor(secrets?: Secrets, { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS }: VerifyOptions = {}) {
    if (!(toleranceSeconds >= 0)) throw new RangeError(`toleranceSeconds is 0 or more, not ${toleranceSeconds}`);
    this.#toleranceSeconds = toleranceSeconds;
    this.#raw = listed(secrets).map(keyOf);
  }

  /** As `verify`. */
  async verify(headers: HeadersLike, body: Body, { now = new Date() }: VerifyOptions = {}): Promise<Message> {
    const content = bytesOf(body);
    const found = signatureHeaders(headers);
    if (!/^[0-9]{1,11}$/.test(found.timestamp))
      throw new HeadersInvalid('webhook-timestamp must be whole seconds since 1970');
    const signed = joined(encode(`${found.id}.${found.timestamp}.`), content);
    await this.#checkSignature(signed, found.signature, content.byteLength === 0);
    const sentAt = new Date(Number(found.timestamp) * 1000);
    this.#checkAge(sentAt, now);
    return { id: found.id, sentAt, body: content };
  }

  /** All secrets are tried with all signatures, whichever fits. */
  async #checkSignature(signed: Uint8Array<ArrayBuffer>, text: string, empty: boolean): Promise<void> {
    const given = text.split(' ').filter(Boolean);
    if (given.length > MOST_SIGNATURES)
      throw new HeadersInvalid(`webhook-signature has more than ${MOST_SIGNATURES} signatures`);
    const known = given.filter((each) => each.startsWith('v1,')).map((each) => signatureBytes(each.slice(3)));
    if (!known.length) throw new HeadersInvalid('webhook-signature has no signature of version 1 (v1,…)');
    this.#keys ??= Promise.all(
      this.#raw.map((raw) => crypto.subtle.importKey('raw', raw, ALGORITHM, false, ['verify'])),
    );
    const keys = await this.#keys;
    const fits = await Promise.all(
      keys.flatMap((key) => known.map((signature) => crypto.subtle.verify('HMAC', key, signature, signed))),
    );
    if (fits.some(Boolean)) return;
    throw new SignatureInvalid(
      'no signature fits: either this is not the secret of this job type or webhook, or the body is not byte for byte ' +
        'what was sent (take it as it arrived, not parsed and written anew).' +
        (empty ? ' The body is empty here: has something read it before?' : ''),
    );
  }

  #checkAge(sentAt: Date, now: Date): void {
    const age = (now.getTime() - sentAt.getTime()) / 1000;
    if (Math.abs(age) <= this.#toleranceSeconds) return;
    const told =
      `signed at ${sentAt.toISOString()}, and it is ${now.toISOString()} by this machine's clock: ` +
      `${Math.abs(age).toFixed(0)} s ${age > 0 ? 'ago' : 'from now'}, and at most ${this.#toleranceSeconds} s are tolerated`;
    if (age > 0) throw new TooOld(`${told}. It was sent again by someone else, or one of the two clocks is wrong`);
    throw new TooNew(`${told}. One of the two clocks is wrong`);
  }
}

/**
 * The message, if it is from who knows one of the secrets, unchanged, and signed within the tolerance of now, in either
 * direction. Throws HeadersInvalid, SignatureInvalid, TooOld and TooNew, all of them VerificationFailed; SecretInvalid;
 * and TypeError for a body that was parsed.
 */
export async function verify(
  headers: HeadersLike,
  body: Body,
  secrets?: Secrets,
  options: VerifyOptions = {},
): Promise<Message> {
  return new Verifier(secrets, options).verify(headers, body, options);
}

function listed(secrets: Secrets | undefined): readonly string[] {
  const given = secrets ?? environment(SECRETS_VARIABLE) ?? '';
  const all = typeof given === 'string' ? given.split(/\s+/).filter(Boolean) : given;
  if (all.length) return all;
  const where = secrets === undefined ? `${SECRETS_VARIABLE} is not set` : 'none is given';
  throw new SecretInvalid(
    `there is no signing secret: ${where}. The server shows it when an HTTP handler or a webhook is registered`,
  );
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  if (typeof secret !== 'string')
    throw new SecretInvalid(`a signing secret must be a string such as 'whsec_…', not ${typeof secret}`);
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const key = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? fromBase64(text) : null;
  if (!key) throw new SecretInvalid("a signing secret is 'whsec_' and base64 after it; this one is not");
  if (key.byteLength < LEAST_KEY_BYTES)
    throw new SecretInvalid(`a signing secret has at least ${LEAST_KEY_BYTES} bytes; this one has ${key.byteLength}`);
  return key;
}

/** Base64 has several texts for the same bytes: all but the usual one are no signature, as no byte may be another. */
function signatureBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(text);
  return bytes && toBase64(bytes) === text ? bytes : new Uint8Array(SIGNATURE_BYTES);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function signatureHeaders(headers: HeadersLike): { id: string; timestamp: string; signature: string } {
  const found = new Map<string, string>();
  for (const [name, value] of pairs(headers)) {
    const known = name.toLowerCase();
    if (!known.startsWith('webhook-') || value === undefined) continue;
    if (found.has(known) || typeof value !== 'string') throw new HeadersInvalid(`${known} is there more than once`);
    found.set(known, value);
  }
  const [id = '', timestamp = '', signature = ''] = ['id', 'timestamp', 'signature'].map(
    (name) => found.get(`webhook-${name}`) ?? '',
  );
  const missing = Object.entries({ id, timestamp, signature }).filter(([, value]) => !value);
  if (!missing.length) return { id, timestamp, signature };
  const names = missing.map(([name]) => `webhook-${name}`).join(', ');
  throw new HeadersInvalid(`${names} is missing: the request is not signed, or a proxy drops its headers`);
}

function pairs(headers: HeadersLike): Iterable<readonly [string, string | readonly string[] | undefined]> {
  return Symbol.iterator in headers ? headers : Object.entries(headers);
}

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return encode(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  throw new TypeError(
    'the body must be the bytes that arrived, not what was parsed: `await request.arrayBuffer()`, or in Express ' +
      "`express.raw({ type: 'application/json' })` for this route",
  );
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.byteLength + tail.byteLength);
  whole.set(head);
  whole.set(tail, head.byteLength);
  return whole;
}
