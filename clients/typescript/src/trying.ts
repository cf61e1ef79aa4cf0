import { ConnectionFailed, problemOf, retryAfter } from './errors.js';
import { Backoff, Cutoff, now, sleep } from './time.js';

const MAX_TRIES = 5;
const REQUEST_SECONDS = 10;

/**
 * A fetch that tries again where the server can take a request twice: five times, within ten seconds, after a
 * connection that failed and after 429 and 503. Its answers are read whole. Throws ApiError for 400 and above,
 * ConnectionFailed, and the signal's reason.
 */
export function trying(inner: typeof fetch): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const tries = new Tries(request);
    const body = carriesBody(request) ? await request.arrayBuffer() : null;
    for (;;) {
      const answer = await once(inner, request, body, tries.begin());
      if (answer instanceof Response && answer.status < 400) return answer;
      const pause = tries.pause(answer);
      if (pause === null) throw answer instanceof Response ? await problemOf(answer) : answer;
      await sleep(pause, request.signal);
    }
  };
}

/** The answer, or why there is none. */
async function once(
  inner: typeof fetch,
  request: Request,
  body: ArrayBuffer | null,
  seconds: number,
): Promise<Response | ConnectionFailed> {
  const cutoff = new Cutoff(request.signal);
  cutoff.allow(seconds);
  try {
    const { method, headers, credentials } = request;
    const response = await inner(request.url, {
      method,
      headers,
      credentials,
      body: body?.byteLength ? body : null,
      signal: cutoff.signal,
    });
    const read = await response.arrayBuffer();
    const { status, statusText } = response;
    return new Response(read.byteLength ? read : null, { status, statusText, headers: response.headers });
  } catch (error) {
    request.signal.throwIfAborted();
    return connectionFailed(request.url, error);
  } finally {
    cutoff.close();
  }
}

export function connectionFailed(url: string, error: unknown): ConnectionFailed {
  const told = error instanceof Error ? error : new Error(String(error));
  const reason = told.cause instanceof Error && told.cause.message ? told.cause.message : told.message;
  return new ConnectionFailed(`${new URL(url).origin}: ${reason}`, { cause: error });
}

class Tries {
  readonly #mayRepeat: boolean;
  readonly #waits: number;
  readonly #until = now() + REQUEST_SECONDS;
  readonly #backoff = new Backoff(0.25);
  #left = MAX_TRIES;

  constructor(request: Request) {
    const url = new URL(request.url);
    this.#mayRepeat =
      request.method !== 'POST' ||
      request.headers.has('Idempotency-Key') ||
      /\/(cancel|pause|resume|preview|report)$/.test(url.pathname);
    this.#waits = waitsSeconds(request, url);
  }

  /** Before each try: the seconds that it may take. */
  begin(): number {
    this.#left -= 1;
    return Math.max(0.1, this.#until - now()) + this.#waits;
  }

  /** Seconds until the next try; null where this was the last word. */
  pause(answer: Response | ConnectionFailed): number | null {
    if (!this.#mayRepeat || !this.#left) return null;
    const answered = answer instanceof Response;
    if (answered && answer.status !== 429 && answer.status !== 503) return null;
    const seconds = this.#backoff.next(answered ? retryAfter(answer) : null);
    return now() + seconds < this.#until ? seconds : null;
  }
}

/** How much longer than usual the server may take, as it was asked to. */
function waitsSeconds(request: Request, url: URL): number {
  const preferred = /(?:^|[,;\s])wait=(\d+)/.exec(request.headers.get('Prefer') ?? '')?.[1];
  return Number(url.searchParams.get('wait_seconds') ?? preferred ?? 0) || 0;
}

/** `Request.body` says it, but not in every browser. */
function carriesBody(request: Request): boolean {
  return request.method !== 'GET' && request.method !== 'HEAD';
}
