import { now } from '../time.js';
import { ReceivingError } from './errors.js';
import type { HandlerCall, ReportAddress } from './messages.js';
import { logItem, progressItem, type LogLevel, type Reporter } from './reporter.js';
import { Speech } from './speaking.js';

/** What a handler returns whose outcome someone else reports: the answer is `202`. */
export class Later {
  readonly later = true;
}

type StopReason = 'cancel' | 'timeout' | 'release' | 'over';

const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/**
 * One attempt of a run, as its handler sees it. `progress` and `log` return at once: they are sent beside the handler,
 * and before its answer.
 */
export class CallContext<Payload = unknown> {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #reason: StopReason | null = null;
  /** @internal By `now()`: a span from here on, which no clock that is wrong changes. */
  readonly deadline: number;
  /** @internal */
  readonly speech: Speech | null;

  /** @internal */
  constructor(
    readonly call: HandlerCall<Payload>,
    reporter: Reporter | null,
    beatSeconds: number,
  ) {
    const seconds = call.run.timeoutSeconds;
    this.deadline = now() + seconds;
    this.#timer = setTimeout(() => this.stop('timeout'), Math.min(seconds * 1000, MAX_TIMER_MILLISECONDS));
    this.speech = reporter && new Speech(this, reporter, beatSeconds);
  }

  get runId(): string {
    return this.call.run.id;
  }

  get jobType(): string {
    return this.call.run.jobType;
  }

  /** 1 for the first. */
  get attempt(): number {
    return this.call.attempt;
  }

  get maxAttempts(): number {
    return this.call.run.maxAttempts;
  }

  get tags(): readonly string[] {
    return this.call.run.tags;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.call.run.metadata;
  }

  /** When this attempt's time is over, by the server's clock. */
  get deadlineAt(): Date {
    return this.call.deadlineAt;
  }

  /** Aborts when the handler shall stop: the run was cancelled, its time is over, the app is ending, or the attempt is no longer its. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** For a Reporter, also elsewhere. Throws ReceivingError where the server gave none. */
  get report(): ReportAddress {
    if (!this.call.report) throw new ReceivingError('the server gave no address for reports with this call');
    return this.call.report;
  }

  /** Says how far the run is, in percent (clamped to 0 to 100). The newest word wins. */
  readonly progress = (percent: number, message?: string, data?: unknown): void => {
    const item = progressItem(percent, message, data);
    this.speech?.say(item);
  };

  /** Writes a line to the run's log. */
  readonly log = (message: string, level: LogLevel = 'info', fields: Record<string, unknown> = {}): void => {
    this.speech?.say(logItem(message, level, fields));
  };

  /**
   * To be returned: the answer is `202`, and a Reporter with `report` tells the outcome. For job types with
   * `completion: report`; one with `response` takes a `202` for its completion.
   */
  reportLater(): Later {
    void this.report;
    return new Later();
  }

  /** @internal The first reason counts, but for `over`: its run goes on without it. */
  stop(reason: StopReason): void {
    if (this.#reason === null || reason === 'over') this.#reason = reason;
    if (!this.#controller.signal.aborted) this.#controller.abort(new Error(REASONS[reason]));
  }

  /** @internal */
  get stopReason(): StopReason | null {
    return this.#reason;
  }

  /** @internal Nobody waits for what it comes to. */
  get over(): boolean {
    return this.#reason === 'over';
  }

  /** @internal Its outcome stands. */
  end(): void {
    clearTimeout(this.#timer);
  }
}

const REASONS: Record<StopReason, string> = {
  cancel: 'the run was cancelled',
  timeout: 'the time of this attempt is over',
  release: 'the app is ending',
  over: 'the attempt is over',
};
