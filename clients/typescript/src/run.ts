import { ApiError, ConnectionFailed, RunCancelled, RunFailed, type RunError } from './errors.js';
import { isFinal, readEvent, type EventType, type RunEvent, type RunState } from './events.js';
import { follow } from './following.js';
import {
  cancelRun,
  explainRun,
  type Explanation as ApiExplanation,
  resolveRun,
  getRun,
  listAttempts,
  replayRun,
  runNow,
  type Attempt as ApiAttempt,
  type Progress as ApiProgress,
  type Run as ApiRun,
} from './generated/index.js';
import { Listening, type Listener } from './listening.js';
import { toCamel, type Camel } from './names.js';
import { pages } from './pages.js';
import { idempotencyKey, type Abortable, type Keyed, type Server } from './server.js';
import { Backoff, Cutoff, Deadline, now, sleep } from './time.js';

/** How long one request waits for a run; more of them follow. */
const WAIT_SECONDS = 20;
/** How long a wait goes on without a server. */
const OUTAGE_SECONDS = 60;
/** How long the end of a wait is put off at most for the run's listeners. */
const LISTENERS_SECONDS = 30;

export interface WaitOptions extends Abortable {
  /** TimeoutError when it has not ended by then. */
  timeoutSeconds?: number | undefined;
}

export interface ReplayOptions<Payload = unknown> extends Keyed {
  /** In place of the run's own. `***` where a value is redacted stands for the value of the run. */
  payload?: Payload | undefined;
}

export interface RunEventsOptions extends WaitOptions {
  /** Begins after the event with this `seq`. */
  after?: number | undefined;
}

export type Attempt = Camel<ApiAttempt>;
export type Progress = Camel<ApiProgress>;

/** All that the API tells of a run. `result` is null until it has completed. */
export type Explanation = Camel<ApiExplanation>;
export type RunData<Result = unknown, Payload = unknown> = Omit<Camel<ApiRun>, 'payload' | 'result'> & {
  payload: Payload;
  result: Result | null;
};

/** A run as the server last told it, and what can be asked of it. `refresh` and `wait` bring news. */
export class Run<Result = unknown, Payload = unknown> {
  readonly #server: Server;
  readonly #listening: Listening;
  #data: RunData<Result, Payload>;
  #cancelReason: string | null = null;

  /** @internal */
  constructor(server: Server, data: ApiRun) {
    this.#server = server;
    this.#data = read(data);
    this.#listening = new Listening((after, signal) => this.events({ after, signal }));
  }

  /** All that the server told, also what has no property here; a newer server's fields are there too. */
  get data(): RunData<Result, Payload> {
    return this.#data;
  }

  get id(): string {
    return this.#data.id;
  }

  get jobType(): string {
    return this.#data.jobType;
  }

  get queue(): string {
    return this.#data.queue;
  }

  /** A newer server may know more states; what has ended is `finished`. */
  get state(): RunState {
    return this.#data.state;
  }

  get finished(): boolean {
    return isFinal(this.state);
  }

  get payload(): Payload {
    return this.#data.payload;
  }

  get error(): RunError | null {
    return this.#data.error;
  }

  get progress(): Progress | null {
    return this.#data.progress;
  }

  get priority(): number {
    return this.#data.priority;
  }

  get attempt(): number {
    return this.#data.attempt;
  }

  get maxAttempts(): number {
    return this.#data.maxAttempts;
  }

  get tags(): readonly string[] {
    return this.#data.tags;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#data.metadata;
  }

  get dedupeKey(): string | null {
    return this.#data.dedupeKey;
  }

  get replayOf(): string | null {
    return this.#data.replayOf;
  }

  /** Why it does not start though it could. */
  get waitReason(): RunData['waitReason'] {
    return this.#data.waitReason;
  }

  get dueAt(): Date {
    return this.#data.dueAt;
  }

  get createdAt(): Date {
    return this.#data.createdAt;
  }

  get startedAt(): Date | null {
    return this.#data.startedAt;
  }

  get finishedAt(): Date | null {
    return this.#data.finishedAt;
  }

  /** Reads it anew. */
  async refresh({ signal }: Abortable = {}): Promise<this> {
    const { data } = await getRun({ ...this.#server.call({ signal }), path: this.#path });
    this.#data = read(data);
    return this;
  }

  /**
   * Until it has ended and its listeners have heard so, also over a restart of the server. Throws TimeoutError, and what has stopped the listening where no
   * listener of `error` was told.
   */
  async wait({ timeoutSeconds, signal }: WaitOptions = {}): Promise<this> {
    const deadline = new Deadline(timeoutSeconds, this.id);
    const outage = new Outage();
    while (!this.finished) {
      const query = { wait_seconds: Math.ceil(deadline.left(WAIT_SECONDS) * 1000) / 1000 };
      try {
        const { data } = await getRun({ ...this.#server.call({ signal }), path: this.#path, query });
        this.#data = read(data);
        outage.over();
      } catch (error) {
        await sleep(deadline.left(outage.pause(error)), signal);
      }
    }
    const cutoff = new Cutoff(signal);
    const limit = sleep(deadline.rest(LISTENERS_SECONDS), cutoff.signal);
    await Promise.race([this.#listening.settled(), limit]).finally(() => cutoff.close());
    return this;
  }

  /** What its handler returned, when it has ended. Throws RunFailed and RunCancelled, and as `wait` does. */
  async result(options: WaitOptions = {}): Promise<Result> {
    await this.wait(options);
    return this.#outcome();
  }

  #outcome(): Result {
    const { id, state, error, result } = this.#data;
    if (state === 'failed') throw new RunFailed(id, error);
    if (state === 'cancelled') throw new RunCancelled(id, this.#reason());
    return result as Result;
  }

  /** Of a cancelled run, as far as it was said or heard here: the run itself does not tell. */
  #reason(): string | null {
    const last = this.#listening.last;
    return last?.type === 'cancelled' ? last.data.reason : this.#cancelReason;
  }

  /** Asks for its end: at once where no handler runs, else its handler is told. Throws ApiError `run_finished`. */
  async cancel(reason?: string, { signal }: Abortable = {}): Promise<this> {
    const body = reason === undefined ? {} : { reason };
    try {
      const { data } = await cancelRun({ ...this.#server.call({ signal }), path: this.#path, body });
      this.#data = read(data);
      this.#cancelReason ??= reason ?? null;
    } catch (error) {
      // Also the second try of a cancel whose answer was lost.
      const finished = error instanceof ApiError && error.code === 'run_finished';
      if (!finished || (await this.refresh()).state !== 'cancelled') throw error;
    }
    return this;
  }

  /** Why it is where it is, in plain words. */
  async explain({ signal }: Abortable = {}): Promise<Explanation> {
    return toCamel((await explainRun({ ...this.#server.call({ signal }), path: this.#path })).data);
  }

  /** Nothing is left to be done about its failure. Throws ApiError `run_not_failed`. */
  async resolve({ signal }: Abortable = {}): Promise<this> {
    const { data } = await resolveRun({ ...this.#server.call({ signal }), path: this.#path });
    this.#data = read(data);
    return this;
  }

  /** A scheduled or retrying run is due at once. Throws ApiError `run_not_waiting` of any other, or `run_finished`. */
  async runNow({ signal }: Abortable = {}): Promise<this> {
    const { data } = await runNow({ ...this.#server.call({ signal }), path: this.#path });
    this.#data = read(data);
    return this;
  }

  /** A new run with the same payload, or with this one. */
  async replay({ payload, idempotencyKey: key, signal }: ReplayOptions<Payload> = {}): Promise<Run<Result, Payload>> {
    const headers = { 'Idempotency-Key': idempotencyKey(key) };
    const body = payload === undefined ? {} : { payload };
    const { data } = await replayRun({ ...this.#server.call({ signal }), path: this.#path, body, headers });
    return new Run(this.#server, data);
  }

  /** One for each time that a worker took it, oldest first. */
  async attempts({ signal }: Abortable = {}): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    const read = async (query: { cursor?: string }) =>
      (await listAttempts({ ...this.#server.call({ signal }), path: this.#path, query })).data;
    for await (const attempt of pages(read)) attempts.push(toCamel(attempt));
    return attempts;
  }

  /**
   * Its events from the first (or after `seq`) to the final one, each once and in order, over dropped connections and
   * restarts of the server.
   */
  async *events({ after = 0, timeoutSeconds, signal }: RunEventsOptions = {}): AsyncGenerator<
    RunEvent<EventType, Result>,
    void,
    void
  > {
    const path = `/v1/runs/${this.id}/events`;
    const cursor = after ? String(after) : undefined;
    const place = { path, query: new URLSearchParams(), after: cursor, what: this.id, timeoutSeconds, signal };
    for await (const event of follow(this.#server, place, readEvent<Result>)) {
      yield event;
      if (isFinal(event.type)) return;
    }
  }

  /**
   * Hears its events of a type, or of all (`*`): each once and in order, from the first on, whenever the listener was
   * added. `error` gets what made it impossible to follow the run. One follower serves all listeners, until the run has
   * ended or `off` has removed the last. Types that only a newer server knows are heard by `*`. Throws TypeError for any
   * other type.
   */
  on<Type extends EventType>(type: Type, listener: Listener<RunEvent<Type, Result>>): this;
  on(type: '*', listener: Listener<RunEvent<EventType, Result>>): this;
  on(type: 'error', listener: Listener<unknown>): this;
  on(type: EventType | '*' | 'error', listener: Listener<never>): this {
    this.#listening.add(type, listener);
    return this;
  }

  /** Removes a listener; without one, all of that type; without a type, all. Then nothing more is heard. */
  off(type?: EventType | '*' | 'error', listener?: Listener<never>): this {
    this.#listening.remove(type, listener);
    return this;
  }

  toJSON(): RunData<Result, Payload> {
    return this.#data;
  }

  get #path(): { run_id: string } {
    return { run_id: this.id };
  }
}

/** How long the server cannot be reached. */
class Outage {
  readonly #backoff = new Backoff(0.25);
  #began: number | undefined;

  over(): void {
    this.#began = undefined;
    this.#backoff.reset();
  }

  /** Seconds until it is asked again; throws what is no outage, or one that goes on for too long. */
  pause(error: unknown): number {
    const away = error instanceof ConnectionFailed || (error instanceof ApiError && [429, 503].includes(error.status));
    this.#began ??= now();
    if (!away || now() - this.#began > OUTAGE_SECONDS) throw error;
    return this.#backoff.next(error instanceof ApiError ? error.retryAfterSeconds : null);
  }
}

function read<Result, Payload>(data: ApiRun): RunData<Result, Payload> {
  return toCamel(data) as RunData<Result, Payload>;
}
