import { TimeoutError } from './errors.js';

const MAX_BACKOFF_SECONDS = 2;
/** setTimeout takes no more milliseconds, and fires at once when given more. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** Milliseconds that only go forward, in seconds. */
export function now(): number {
  return performance.now() / 1000;
}

/** Rejects with the signal's reason when it aborts. */
export function sleep(seconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      Math.min(seconds * 1000, MAX_TIMER_MILLISECONDS),
    );
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** From the first seconds on, twice as long each time, at most two seconds unless the server asks for more. */
export class Backoff {
  #seconds: number;

  constructor(readonly firstSeconds: number) {
    this.#seconds = firstSeconds;
  }

  next(askedSeconds: number | null = null): number {
    const seconds = this.#seconds * (0.5 + Math.random() / 2);
    this.#seconds = Math.min(this.#seconds * 2, MAX_BACKOFF_SECONDS);
    return Math.max(seconds, askedSeconds ?? 0);
  }

  reset(): void {
    this.#seconds = this.firstSeconds;
  }
}

/** Of a wait that may go over many requests; no seconds: none. */
export class Deadline {
  readonly #until: number;

  constructor(
    readonly seconds: number | undefined,
    readonly what: string,
  ) {
    this.#until = seconds === undefined ? Infinity : now() + seconds;
  }

  /** Seconds left, at most `most`. Throws TimeoutError when none are. */
  left(most: number): number {
    const left = this.#until - now();
    if (left <= 0) throw new TimeoutError(`${this.what} has not ended within ${this.seconds} s`);
    return Math.min(left, most);
  }

  /** As `left`, but 0 when none are. */
  rest(most: number): number {
    return Math.min(Math.max(0, this.#until - now()), most);
  }
}

/** A signal that aborts when the caller's does, or when the seconds that were last allowed are over. */
export class Cutoff {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer?: AbortSignal | null) {
    this.#outer = outer ?? null;
    if (this.#outer?.aborted) this.#stop();
    this.#outer?.addEventListener('abort', this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  allow(seconds: number): void {
    clearTimeout(this.#timer);
    const silence = () => this.#controller.abort(new TimeoutError(`nothing was heard for ${seconds.toFixed(1)} s`));
    this.#timer = setTimeout(silence, Math.min(seconds * 1000, MAX_TIMER_MILLISECONDS));
  }

  /** Ends whatever still uses the signal. */
  close(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#stop);
    this.#controller.abort();
  }

  readonly #stop = () => this.#controller.abort(this.#outer?.reason);
}
