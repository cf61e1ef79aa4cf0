import { toCamel } from '../names.js';
import type { RunData } from '../run.js';
import { BodyInvalid } from './errors.js';
import { Verifier, type Body, type HeadersLike, type Message, type Secrets, type VerifyOptions } from './verifying.js';

/** Where one attempt of a run is reported on. Plain text, to be kept until then, also elsewhere. `token` is secret. */
export interface ReportAddress {
  url: string;
  token: string;
}

/** One attempt of a run, given to an HTTP handler. */
export interface HandlerCall<Payload = unknown> {
  /** The run's id, the same for each of its attempts. */
  messageId: string;
  run: RunData<unknown, Payload>;
  attempt: number;
  /** When the server takes the attempt for timed out, by its clock. */
  deadlineAt: Date;
  /** null where the server gave none. */
  report: ReportAddress | null;
  /** When it was signed, by the server's clock, in whole seconds. */
  sentAt: Date;
}

export type WebhookEventType = 'run.completed' | 'run.failed' | 'run.cancelled' | 'run.retrying';

/** What a webhook tells of a run. `result` only where the webhook includes it. A newer server may tell more. */
export interface WebhookData {
  runId: string;
  jobType: string;
  queue: string;
  state: string;
  seq: number;
  attempt: number;
  error: { code: string; message: string } | null;
  result?: unknown;
}

interface EventFacts<Type extends string, Data> {
  id: string;
  type: Type;
  timestamp: Date;
  data: Data;
}

/**
 * What became of a run, or `webhook.test`, which is sent on request; `event.type` tells what `event.data` is. `id` is the
 * same however often the event is delivered; events of a run may arrive in another order than that of their `seq`. A
 * newer server may send types that are not listed here: let a `switch` fall through.
 */
export type WebhookEvent = EventFacts<WebhookEventType, WebhookData> | EventFacts<'webhook.test', { webhook: string }>;

/** A genuine call of an HTTP handler. Throws what `verify` throws, and BodyInvalid. */
export async function readCall<Payload = unknown>(
  headers: HeadersLike,
  body: Body,
  secrets?: Secrets,
  options: VerifyOptions = {},
): Promise<HandlerCall<Payload>> {
  return callOf(await new Verifier(secrets, options).verify(headers, body, options)) as HandlerCall<Payload>;
}

/** A genuine event of a webhook. Throws what `verify` throws, and BodyInvalid. */
export async function readEvent(
  headers: HeadersLike,
  body: Body,
  secrets?: Secrets,
  options: VerifyOptions = {},
): Promise<WebhookEvent> {
  return eventOf(await new Verifier(secrets, options).verify(headers, body, options));
}

/** Throws BodyInvalid. */
export function callOf(message: Message): HandlerCall {
  const { run, attempt, deadline_at, report } = objectOf(message);
  if (!isObject(run)) throw new BodyInvalid('this address takes calls of HTTP handlers, and this is something else');
  const deadlineAt = new Date(String(deadline_at));
  const readable =
    typeof run['id'] === 'string' &&
    typeof run['job_type'] === 'string' &&
    'payload' in run &&
    typeof run['timeout_seconds'] === 'number' &&
    Number.isInteger(attempt) &&
    !Number.isNaN(deadlineAt.getTime());
  if (!readable) throw new BodyInvalid('the handler call cannot be read: some of its fields are missing');
  return {
    messageId: message.id,
    run: toCamel(run) as unknown as RunData,
    attempt: attempt as number,
    deadlineAt,
    report: reportAddress(report),
    sentAt: message.sentAt,
  };
}

/** Throws BodyInvalid. */
export function eventOf(message: Message): WebhookEvent {
  const { type, timestamp, data } = objectOf(message);
  if (!isObject(data)) throw new BodyInvalid('this address takes events of webhooks, and this is something else');
  const when = new Date(String(timestamp));
  if (typeof type !== 'string' || Number.isNaN(when.getTime()))
    throw new BodyInvalid('the event cannot be read: some of its fields are missing');
  return { id: message.id, type, timestamp: when, data: toCamel(data) } as unknown as WebhookEvent;
}

function reportAddress(report: unknown): ReportAddress | null {
  if (report === null || report === undefined) return null;
  const { url, token } = isObject(report) ? report : {};
  if (typeof url !== 'string' || typeof token !== 'string' || !/^https?:\/\//.test(url))
    throw new BodyInvalid('the handler call cannot be read: its address for reports is none');
  return { url, token };
}

function objectOf(message: Message): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message.body));
  } catch {
    throw new BodyInvalid('the body is not JSON');
  }
  if (!isObject(body)) throw new BodyInvalid('the body is no JSON object');
  return body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
