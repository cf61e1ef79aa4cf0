import { ApiError } from '../errors.js';
import { Backoff, now, sleep } from '../time.js';
import { AttemptOver, ReportRefused } from './errors.js';
import { failedItem, type ReportItem, type Reporter } from './reporter.js';

/** The server keeps ten progress events a second. */
const PAUSE_SECONDS = 0.1;
const MAX_WAITING_LINES = 500;
/** How long an answer waits for what its handler has said last. */
const LAST_WORDS_SECONDS = 2;
/** A verdict may still be taken that long after the deadline, by the server's own grace. */
const AFTER_DEADLINE_SECONDS = 15;

/** What an attempt is to its speech. */
export interface Attempt {
  readonly runId: string;
  /** By `now()`. */
  readonly deadline: number;
  stop(reason: 'cancel' | 'over'): void;
  readonly over: boolean;
}

/** What one attempt says while it works: in order, a few requests a second, and heartbeats between. */
export class Speech {
  readonly #attempt: Attempt;
  readonly #reporter: Reporter;
  readonly #beatSeconds: number;
  readonly #closing = new AbortController();
  #waiting: ReportItem[] = [];
  #dropped = 0;
  #wake: (() => void) | undefined;
  #work: Promise<void> | undefined;

  constructor(attempt: Attempt, reporter: Reporter, beatSeconds: number) {
    this.#attempt = attempt;
    this.#reporter = reporter;
    this.#beatSeconds = beatSeconds;
  }

  /** Of progress that waits, the newest is sent, after the lines that were written meanwhile. */
  say(item: ReportItem): void {
    if (this.#closing.signal.aborted) return;
    if (item.type === 'progress') this.#waiting = this.#waiting.filter((each) => each.type !== 'progress');
    if (item.type === 'log' && this.#waiting.length >= MAX_WAITING_LINES) this.#dropped += 1;
    else this.#waiting.push(this.#counted(item));
    this.start();
    this.#wake?.();
  }

  /** Begins to send what is said, and heartbeats. */
  start(): void {
    this.#work ??= this.#speak();
  }

  /** The last words are sent, and the verdict, when it resolves; without one it takes two seconds at most. */
  async close(verdict: ReportItem | null = null): Promise<void> {
    this.#closing.abort();
    this.#wake?.();
    const last = verdict ? this.#deliver(verdict) : Promise.race([this.#lastWords(), sleep(LAST_WORDS_SECONDS)]);
    await last;
  }

  #counted(item: ReportItem): ReportItem {
    if (item.type !== 'log' || !this.#dropped) return item;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return { ...item, dropped };
  }

  async #speak(): Promise<void> {
    const backoff = new Backoff(0.25);
    let beatAt = now() + this.#beatSeconds;
    while (!this.#closing.signal.aborted && !this.#attempt.over) {
      if (!this.#waiting.length) await this.#quiet(beatAt - now());
      if (this.#closing.signal.aborted || (!this.#waiting.length && now() < beatAt)) continue;
      beatAt = now() + this.#beatSeconds;
      const sent = await this.#send(this.#take());
      await this.#pause(sent ? PAUSE_SECONDS : backoff.next());
      if (sent) backoff.reset();
    }
  }

  /** Until something is said, or for so long. */
  async #quiet(seconds: number): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    await Promise.race([woken, this.#pause(Math.max(0, seconds))]);
    this.#wake = undefined;
  }

  async #pause(seconds: number): Promise<void> {
    await sleep(seconds, this.#closing.signal).catch(() => undefined);
  }

  #take(): ReportItem[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Whether nothing of it is to be sent again. */
  async #send(items: ReportItem[]): Promise<boolean> {
    const error = await this.#sent(items);
    if (!error || isForGood(error)) return true;
    this.#waiting = [...items, ...this.#waiting];
    return false;
  }

  async #sent(items: readonly ReportItem[]): Promise<unknown> {
    try {
      const { cancelRequested } = await this.#reporter.send(items);
      if (cancelRequested) this.#attempt.stop('cancel');
    } catch (error) {
      if (!(error instanceof AttemptOver)) return error;
      this.#attempt.stop('over');
    }
    return undefined;
  }

  async #lastWords(): Promise<void> {
    await this.#work;
    const last = this.#take();
    if (last.length && !this.#attempt.over) await this.#sent(last);
  }

  /** For as long as it can be taken. One that is refused becomes a failure. */
  async #deliver(verdict: ReportItem): Promise<void> {
    await this.#work;
    const backoff = new Backoff(0.25);
    const until = this.#attempt.deadline + AFTER_DEADLINE_SECONDS;
    let last = [...this.#take(), verdict];
    let refused = false;
    while (!this.#attempt.over) {
      const error = await this.#sent(last);
      if (!error) return;
      if (isForGood(error)) {
        if (refused) break;
        refused = true;
        last = [refusedVerdict(verdict, error)];
      } else if (now() >= until) {
        break;
      }
      await sleep(backoff.next());
    }
    if (!this.#attempt.over) console.error(`the outcome of ${this.#attempt.runId} could not be reported`);
  }
}

function refusedVerdict(verdict: ReportItem, error: unknown): ReportItem {
  const code = verdict.type === 'completed' ? 'invalid_result' : 'invalid_report';
  return failedItem(`the server refuses the report (${verdict.type}): ${(error as Error).message}`, code, false);
}

/** Whether the same would be refused again. */
function isForGood(error: unknown): boolean {
  if (error instanceof ApiError)
    return error.status >= 400 && error.status < 500 && ![408, 425, 429].includes(error.status);
  return error instanceof ReportRefused;
}
