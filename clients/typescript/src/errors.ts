/**
 * What can go wrong.
 *
 * JobsError
 * ├── ApiError            the server refused; carries the problem's `code`
 * ├── ConnectionFailed    no answer after all tries
 * ├── TimeoutError        not ended in the time that the caller gave
 * ├── RunFailed           `result()` of a run that failed
 * ├── RunCancelled        `result()` of a run that was cancelled
 * └── DispatchIncomplete  `dispatchMany` got some of its chunks through, then no more
 */
import type { Problem, ProblemError, RunError as ApiRunError } from './generated/index.js';
import type { Camel } from './names.js';

export type RunError = Camel<ApiRunError>;

export class JobsError extends Error {
  override readonly name: string = 'JobsError';
}

/** The server's answer is a problem (RFC 9457). `code` is its stable name; `errors` lists what is invalid. */
export class ApiError extends JobsError {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly ProblemError[] = [],
    readonly retryAfterSeconds: number | null = null,
  ) {
    const places = errors.slice(0, 5).map((error) => `; ${error.path}: ${error.message}`);
    super(`${status} ${code}: ${detail}${places.join('')}`);
  }
}

/** The server could not be reached, or gave no answer, after all tries. */
export class ConnectionFailed extends JobsError {
  override readonly name = 'ConnectionFailed';
}

export class TimeoutError extends JobsError {
  override readonly name = 'TimeoutError';
}

/** `error` is the run's error as the server tells it. */
export class RunFailed extends JobsError {
  override readonly name = 'RunFailed';
  readonly code: string;

  constructor(
    readonly runId: string,
    readonly error: RunError | null,
  ) {
    super(`${runId} failed (${error?.code ?? 'unknown'}): ${error?.message ?? ''}`);
    this.code = error?.code ?? 'unknown';
  }
}

export class RunCancelled extends JobsError {
  override readonly name = 'RunCancelled';

  constructor(
    readonly runId: string,
    readonly reason: string | null,
  ) {
    super(`${runId} was cancelled${reason ? `: ${reason}` : ''}`);
  }
}

/** `ids` are those of the chunks that were stored, in the order given; `cause` is what befell the next. */
export class DispatchIncomplete extends JobsError {
  override readonly name = 'DispatchIncomplete';

  constructor(
    readonly ids: readonly string[],
    override readonly cause: unknown,
  ) {
    super(`${ids.length} runs were dispatched, and no more: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** The error that an answer of 400 and above stands for. Reads its body. */
export async function problemOf(response: Response): Promise<ApiError> {
  let problem: Partial<Problem> = {};
  try {
    problem = Object(await response.json()) as Partial<Problem>;
  } catch {
    // Not of this server's making: a proxy's page, say.
  }
  const detail = problem.detail || problem.title || response.statusText;
  const code = problem.code || 'http_error';
  return new ApiError(response.status, code, detail, problem.errors ?? [], retryAfter(response));
}

export function retryAfter(response: Response): number | null {
  const text = response.headers.get('Retry-After')?.trim();
  const seconds = text ? Number(text) : NaN;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
