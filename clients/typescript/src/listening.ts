import { EVENT_TYPES, type RunEvent } from './events.js';

const HEARD: readonly string[] = [...EVENT_TYPES, '*', 'error'];

/** Hears an event. It is not waited for; what it throws or rejects with is logged and harms nobody else. */
export type Listener<Event = RunEvent> = (event: Event) => unknown;

interface Place {
  type: string;
  listener: (told: never) => unknown;
  /** How many of the past events it has heard. */
  heard: number;
}

/**
 * A run's listeners. One follower reads the events; each listener gets each of its own once and in order, from the first
 * on, whenever it was added. The follower starts with the first listener, stops with the last, and goes on where it
 * stopped when another comes.
 */
export class Listening {
  readonly #follow: (after: number, signal: AbortSignal) => AsyncIterable<RunEvent>;
  readonly #past: RunEvent[] = [];
  #places: Place[] = [];
  #follower: AbortController | undefined;
  #followed: Promise<void> = Promise.resolve();
  #failure: { error: unknown; told: boolean } | undefined;

  constructor(follow: (after: number, signal: AbortSignal) => AsyncIterable<RunEvent>) {
    this.#follow = follow;
  }

  /** The last event that was heard. */
  get last(): RunEvent | undefined {
    return this.#past.at(-1);
  }

  add(type: string, listener: (told: never) => unknown): void {
    checkType(type);
    if (typeof listener !== 'function') throw new TypeError(`a listener of '${type}' is a function, not ${listener}`);
    const place = { type, listener, heard: 0 };
    this.#places.push(place);
    if (!this.#follower || this.#follower.signal.aborted) this.#start();
    // Not at once: whoever adds a listener first gets to add the others.
    if (type === 'error') queueMicrotask(() => this.#tellFailure());
    else queueMicrotask(() => this.#tell(place));
  }

  /** Without a listener, all of that type; without a type, all. */
  remove(type?: string, listener?: (told: never) => unknown): void {
    if (type !== undefined) checkType(type);
    const goes = (place: Place) =>
      (type === undefined || place.type === type) && (listener === undefined || place.listener === listener);
    this.#places = this.#places.filter((place) => !goes(place));
    if (this.#places.every((place) => place.type === 'error')) this.#follower?.abort();
  }

  /** When the listeners have heard of the run's end, or nobody follows. Throws what has stopped the follower, unless a
   * listener of `error` was told. */
  async settled(): Promise<void> {
    await this.#followed;
    if (this.#failure && !this.#failure.told) throw this.#failure.error;
  }

  #start(): void {
    const follower = new AbortController();
    this.#follower = follower;
    this.#followed = this.#followed.then(() => this.#run(follower.signal));
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#follow(this.#past.length, signal)) {
        if (signal.aborted) return;
        this.#past.push(event);
        for (const place of this.#places) this.#tell(place);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = { error, told: false };
      this.#tellFailure();
      if (!this.#failure.told) console.error('The events of a run cannot be followed:', error);
    }
  }

  /** All that it has not heard yet. */
  #tell(place: Place): void {
    for (;;) {
      const event = this.#past[place.heard];
      if (!event || !this.#places.includes(place)) return;
      place.heard += 1;
      if (place.type === '*' || place.type === event.type) call(place, event);
    }
  }

  #tellFailure(): void {
    const places = this.#places.filter((place) => place.type === 'error');
    if (!this.#failure || this.#failure.told || !places.length) return;
    this.#failure.told = true;
    for (const place of places) call(place, this.#failure.error);
  }
}

/** Without types nothing else would tell of a misspelt one: it would never be heard. */
function checkType(type: string): void {
  if (!HEARD.includes(type)) throw new TypeError(`runs have no event '${type}'; there is ${HEARD.join(', ')}`);
}

function call({ type, listener }: Place, told: unknown): void {
  const failed = (error: unknown) => console.error(`A listener of '${type}' failed:`, error);
  try {
    const answer = listener(told as never);
    if (answer instanceof Promise) answer.catch(failed);
  } catch (error) {
    failed(error);
  }
}
