import { ApiError } from '../errors.js';
import { trying } from '../trying.js';
import { AttemptOver, checkSeconds, ReportRefused } from './errors.js';
import type { ReportAddress } from './messages.js';

/** A token that opens nothing any more: the run has gone, or the attempt is not the one that runs. */
const OVER_STATUSES: readonly number[] = [401, 404, 409, 410];

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** A report as the worker protocol has it, without what tells whose it is. */
export type ReportItem = { type: string } & Record<string, unknown>;

export interface Heard {
  /** Someone has cancelled the run: stop, and report `cancelled`. */
  cancelRequested: boolean;
}

export interface FailureOptions {
  /** For programs: lower-case letters, digits and `_`. */
  code?: string | undefined;
  /** false: no further attempt. */
  retryable?: boolean | undefined;
  /** Until the next attempt, instead of the job type's delay. */
  retryAfterSeconds?: number | undefined;
}

/**
 * Speaks to the server about one attempt of a run, from anywhere that has its address and token. Each call is one
 * request, sent again after a failed connection, 429 and 503 (five times within ten seconds; a report that arrives twice
 * counts once). Throws AttemptOver where the attempt has ended, ReportRefused, ApiError and ConnectionFailed.
 */
export class Reporter {
  readonly #fetch: typeof fetch;

  constructor(
    readonly address: ReportAddress,
    options: { fetch?: typeof fetch | undefined } = {},
  ) {
    const given = options.fetch;
    this.#fetch = trying((input, init) => (given ?? globalThis.fetch)(input, init));
  }

  /** How far the work is, in percent (clamped to 0 to 100). */
  progress(percent: number, message?: string, data?: unknown): Promise<Heard> {
    return this.send([progressItem(percent, message, data)]);
  }

  /** A line of the run's log. */
  log(message: string, level: LogLevel = 'info', fields: Record<string, unknown> = {}): Promise<Heard> {
    return this.send([logItem(message, level, fields)]);
  }

  /** The work goes on. Silence of the job type's `heartbeat_seconds` is taken for its loss. */
  heartbeat(): Promise<Heard> {
    return this.send([]);
  }

  /** The run has completed. */
  complete(result: unknown = null): Promise<Heard> {
    return this.send([{ type: 'completed', result }]);
  }

  /** This attempt has failed; another follows while the job type allows it, unless not `retryable`. */
  async fail(why: unknown, { code, retryable = true, retryAfterSeconds }: FailureOptions = {}): Promise<Heard> {
    const item = failedItem(why, code ?? (retryable ? 'handler_error' : 'non_retryable'), retryable);
    if (retryAfterSeconds !== undefined)
      item['retry_after_seconds'] = checkSeconds(retryAfterSeconds, 'retryAfterSeconds');
    return this.send([item]);
  }

  /** Not now: again after `seconds`; no attempt is spent. */
  async snooze(seconds: number): Promise<Heard> {
    return this.send([{ type: 'snoozed', delay_seconds: checkSeconds(seconds, 'snooze') }]);
  }

  /** Given back, to be run again at once; no attempt is spent. */
  release(): Promise<Heard> {
    return this.send([{ type: 'released' }]);
  }

  /** The work has stopped, after `cancelRequested`. */
  cancelled(): Promise<Heard> {
    return this.send([{ type: 'cancelled' }]);
  }

  async send(reports: readonly ReportItem[]): Promise<Heard> {
    const { url, token } = this.address;
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    try {
      const response = await this.#fetch(url, { method: 'POST', headers, body: JSON.stringify({ reports }) });
      return heard(await response.json());
    } catch (error) {
      if (error instanceof ApiError && OVER_STATUSES.includes(error.status)) throw new AttemptOver(error.detail);
      throw error;
    }
  }
}

export function progressItem(percent: number, message?: string, data?: unknown): ReportItem {
  if (typeof percent !== 'number' || Number.isNaN(percent)) throw new RangeError('percent is not a number');
  return {
    type: 'progress',
    percent: Math.min(Math.max(percent, 0), 100),
    message: message ?? null,
    data: data ?? null,
  };
}

export function logItem(message: string, level: LogLevel, fields: Record<string, unknown>): ReportItem {
  return { type: 'log', level, message: String(message), fields, written_at: new Date().toISOString() };
}

export function failedItem(why: unknown, code: string, retryable: boolean): ReportItem {
  const error =
    why instanceof Error
      ? { code, type: why.name, message: why.message, traceback: why.stack ?? null }
      : { code, type: null, message: String(why), traceback: null };
  return { type: 'failed', error, retryable };
}

interface Answer {
  data?: { status: string; error?: string | null; cancel_requested?: boolean }[];
  cancel_requested?: boolean;
}

function heard(answer: Answer): Heard {
  const data = answer.data ?? [];
  for (const { status, error } of data) {
    if (status === 'lease_lost') throw new AttemptOver('the attempt is over: its run has ended, or is tried again');
    if (status === 'rejected') throw new ReportRefused(`the server refuses the report: ${error ?? ''}`);
  }
  return { cancelRequested: [answer, ...data].some((each) => each.cancel_requested === true) };
}
