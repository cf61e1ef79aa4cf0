import { sleep } from '../time.js';
import { answerOf, refusalOf, said, verdictOf, verdictOfError, verdictOfStop } from './answers.js';
import { CallContext, Later } from './context.js';
import { NonRetryable, RetryAfter, Snooze } from './errors.js';
import { callOf, eventOf, type WebhookEvent } from './messages.js';
import { Reporter, type ReportItem } from './reporter.js';
import { Verifier, type Message, type Secrets } from './verifying.js';

/** A payload is 1 MiB at most unless the server is told otherwise; its run is shown with it. */
const DEFAULT_MAX_BODY_BYTES = 4 << 20;
const DEFAULT_BEAT_SECONDS = 5;
/** How long a handler that shall stop may take for it. */
const GRACE_SECONDS = 5;
/** And where the app is ending; and how long that waits for runs to be given back. */
const RELEASE_SECONDS = 1;
const FAREWELL_SECONDS = 3;

export type Handler<Payload = any, Result = unknown> = (
  payload: Payload,
  context: CallContext<Payload>,
) => Result | Later | Promise<Result | Later>;

/** One for all that is sent there, or one for each job type by name. */
export type Handlers = Handler | Readonly<Record<string, Handler>>;

/** What edge runtimes give with a request: the work goes on behind the answer as long as it is waited for. */
export interface Platform {
  waitUntil?(work: Promise<unknown>): void;
}

export type FetchHandler = (request: Request, platform?: Platform) => Promise<Response>;

export interface Receiver {
  (request: Request, platform?: Platform): Promise<Response>;
  /**
   * For an app that ends: handlers are told to stop, and their runs go back to the queue without spending an attempt.
   * Resolves when that is reported, after three seconds at most. What is called from then on is answered `503`.
   */
  release(): Promise<void>;
}

export interface WebhookOptions {
  /** Those of JOBS_SIGNING_SECRET where none are given; edge runtimes have no such environment. */
  secrets?: Secrets | undefined;
  /** How old, or how new by a wrong clock, a request may be: 300. */
  toleranceSeconds?: number | undefined;
  /** 4 MiB. */
  maxBodyBytes?: number | undefined;
}

export interface ReceiveOptions extends WebhookOptions {
  /**
   * As the job type says it. `report`: the answer is `202`, before the work, whose outcome is reported; on an edge
   * runtime its `waitUntil` is needed.
   */
  completion?: 'response' | 'report' | undefined;
  /** The longest silence while `completion` is `report`: 5. */
  beatSeconds?: number | undefined;
  /** Stands in for the global fetch, for reports. */
  fetch?: typeof fetch | undefined;
}

/**
 * Carries out the runs that the server sends: from Request to Response, in any runtime with WebCrypto. Throws
 * SecretInvalid.
 */
export function receive(handlers: Handlers, options: ReceiveOptions = {}): Receiver {
  const { completion = 'response', beatSeconds = DEFAULT_BEAT_SECONDS } = options;
  const find = finding(handlers);
  const running = new Running();
  const handle = taking(options, async (message, request, platform) => {
    const call = callOf(message);
    const handler = find(call.run.jobType);
    if (!handler) return said(404, `there is no handler here for the job type '${call.run.jobType}'`);
    if (running.ending) return answerOf(verdictOfStop('release'));
    const reporter = call.report && new Reporter(call.report, { fetch: options.fetch });
    const context = new CallContext(call, reporter, beatSeconds);
    if (completion === 'response' || !context.speech)
      return running.add(context, answered(handler, context, request.signal));
    const work = running.add(context, workOn(handler, context)).catch((error: unknown) => console.error(error));
    platform?.waitUntil?.(work);
    return new Response(null, { status: 202 });
  });
  return Object.assign(handle, { release: () => running.release() });
}

/** What goes on here. */
class Running {
  readonly #works = new Map<CallContext, Promise<unknown>>();
  ending = false;

  add<T>(context: CallContext, work: Promise<T>): Promise<T> {
    const whole = work.finally(() => this.#works.delete(context));
    this.#works.set(
      context,
      whole.catch(() => undefined),
    );
    return whole;
  }

  async release(): Promise<void> {
    this.ending = true;
    const works = [...this.#works.values()];
    for (const context of this.#works.keys()) context.stop('release');
    const waited = new AbortController();
    await Promise.race([Promise.all(works), sleep(FAREWELL_SECONDS, waited.signal).catch(() => undefined)]);
    waited.abort();
  }
}

/** Calls the handler with each event; `204` when it has ended, whatever it returns. Throws SecretInvalid. */
export function receiveWebhook(handler: (event: WebhookEvent) => unknown, options: WebhookOptions = {}): FetchHandler {
  return taking(options, async (message) => {
    const event = eventOf(message);
    try {
      await handler(event);
    } catch (error) {
      console.error(`the handler of the event ${event.id} (${event.type}) failed:`, error);
      return answerOf(verdictOfError(error));
    }
    return new Response(null, { status: 204 });
  });
}

function taking(
  { secrets, toleranceSeconds, maxBodyBytes = DEFAULT_MAX_BODY_BYTES }: WebhookOptions,
  take: (message: Message, request: Request, platform?: Platform) => Promise<Response>,
): FetchHandler {
  const verifier = new Verifier(secrets, { toleranceSeconds });
  return async (request, platform) => {
    if (request.method !== 'POST')
      return Response.json({ message: 'only POST is answered here' }, { status: 405, headers: { Allow: 'POST' } });
    if (request.bodyUsed) return said(500, 'the body of the request was read before: give a request that is unread');
    try {
      const body = await readAll(request, maxBodyBytes);
      if (!body) return said(413, `a body has at most ${maxBodyBytes} bytes here`);
      return await take(await verifier.verify(request.headers, body), request, platform);
    } catch (error) {
      return refusalOf(error);
    }
  };
}

async function answered(handler: Handler, context: CallContext, gone: AbortSignal): Promise<Response> {
  const hangUp = () => context.stop('cancel');
  gone.addEventListener('abort', hangUp, { once: true });
  if (gone.aborted) hangUp();
  const verdict = await carriedOut(handler, context);
  gone.removeEventListener('abort', hangUp);
  await context.speech?.close();
  return verdict ? answerOf(verdict) : new Response(null, { status: 202 });
}

async function workOn(handler: Handler, context: CallContext): Promise<void> {
  context.speech!.start();
  await context.speech!.close(await carriedOut(handler, context));
}

/** null: someone else reports its outcome. */
async function carriedOut(handler: Handler, context: CallContext): Promise<ReportItem | null> {
  const outcome = Promise.resolve()
    .then(() => {
      context.signal.throwIfAborted();
      return handler(context.call.run.payload, context);
    })
    .then(
      (value) => (value instanceof Later ? null : verdictOf(value)),
      (error: unknown) => {
        const meant = error instanceof NonRetryable || error instanceof RetryAfter || error instanceof Snooze;
        if (!meant && !context.stopReason) console.error(`${context.runId} of ${context.jobType} failed:`, error);
        return verdictOfError(error);
      },
    );
  const stopped = stopOf(context);
  const verdict = await Promise.race([outcome, stopped.late]);
  stopped.forget();
  context.end();
  const reason = context.stopReason;
  if (!reason || (reason === 'cancel' && verdict?.type === 'completed')) return verdict;
  return verdictOfStop(reason);
}

/** `late` resolves when the handler was told to stop and has not for a while: it is left behind. */
function stopOf(context: CallContext): { late: Promise<ReportItem>; forget: () => void } {
  const forgotten = new AbortController();
  const late = new Promise<ReportItem>((resolve) => {
    const stop = () => {
      sleep(context.stopReason === 'release' ? RELEASE_SECONDS : GRACE_SECONDS, forgotten.signal).then(
        () => resolve({ type: 'cancelled' }),
        () => undefined,
      );
    };
    if (context.signal.aborted) stop();
    else context.signal.addEventListener('abort', stop, { once: true });
  });
  return { late, forget: () => forgotten.abort() };
}

function finding(handlers: Handlers): (jobType: string) => Handler | undefined {
  if (typeof handlers === 'function') return () => handlers;
  const known = new Map(Object.entries(handlers));
  return (jobType) => known.get(jobType);
}

/** null: too long. */
async function readAll(request: Request, most: number): Promise<Uint8Array | null> {
  if (!request.body) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > most) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.byteLength;
  }
  return whole;
}
