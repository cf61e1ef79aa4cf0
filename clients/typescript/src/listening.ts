import { isFinal, type EventType, type RunEvent } from './events.js';

/** Hears an event; what it throws or rejects with goes to the listeners of `error`. */
export type Listener<Event = RunEvent> = (event: Event) => unknown;

type AnyListener = (told: never) => unknown;

/**
 * A run's listeners, and the one follower that tells them. It starts with the first listener, stops with the last, and
 * goes on where it stopped when another comes.
 */
export class Listening {
  readonly #follow: (after: number, signal: AbortSignal) => AsyncIterable<RunEvent>;
  readonly #listeners = new Map<string, Set<AnyListener>>();
  #stop: AbortController | undefined;
  #followed: Promise<void> = Promise.resolve();
  #seq = 0;
  #last: RunEvent | undefined;
  #failure: { error: unknown; delivered: boolean } | undefined;

  constructor(follow: (after: number, signal: AbortSignal) => AsyncIterable<RunEvent>) {
    this.#follow = follow;
  }

  add(type: string, listener: AnyListener): void {
    const known = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, known.add(listener));
    if (type === 'error') this.#deliverFailure();
    else if (this.#last) this.#tellLate(type, listener, this.#last);
    else if (!this.#failure) this.#start();
  }

  /** Without a listener, all of that type; without a type, all. */
  remove(type?: string, listener?: AnyListener): void {
    if (type === undefined) this.#listeners.clear();
    else if (listener === undefined) this.#listeners.delete(type);
    else this.#listeners.get(type)?.delete(listener);
    const heard = [...this.#listeners].some(([name, listeners]) => name !== 'error' && listeners.size);
    if (!heard) this.#stop?.abort();
  }

  /** Resolves when the listeners have been told the run's last event, or nobody follows. Rejects as the follower did. */
  async settled(): Promise<void> {
    await this.#followed;
    this.throwFailure();
  }

  /** Throws what has stopped the follower, unless a listener was told. */
  throwFailure(): void {
    if (this.#failure && !this.#failure.delivered) throw this.#failure.error;
  }

  #start(): void {
    if (this.#stop && !this.#stop.signal.aborted) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#followed = this.#followed.then(() => this.#tellAll(signal));
  }

  async #tellAll(signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      for await (const event of this.#follow(this.#seq, signal)) {
        this.#seq = event.seq;
        if (isFinal(event.type)) this.#last = event;
        this.#tell(event.type, event);
        this.#tell('*', event);
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = { error, delivered: false };
      this.#deliverFailure();
    }
  }

  /** A listener that came after the end is told the end. */
  #tellLate(type: EventType | '*' | string, listener: AnyListener, last: RunEvent): void {
    if (type !== '*' && type !== last.type) return;
    queueMicrotask(() => this.#call(listener, last));
  }

  #deliverFailure(): void {
    if (!this.#failure || this.#failure.delivered || !this.#listeners.get('error')?.size) return;
    this.#failure.delivered = true;
    const { error } = this.#failure;
    queueMicrotask(() => this.#tell('error', error));
  }

  #tell(type: string, told: unknown): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) this.#call(listener, told, type === 'error');
  }

  #call(listener: AnyListener, told: unknown, ofError = false): void {
    const failed = (error: unknown) => {
      if (ofError || !this.#listeners.get('error')?.size) console.error('A listener of a run failed:', error);
      else this.#tell('error', error);
    };
    try {
      const answer = listener(told as never);
      if (answer instanceof Promise) answer.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
