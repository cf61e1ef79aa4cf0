import { dispatch, dispatchMany, type DispatchItem, type DispatchOptions } from './dispatching.js';
import type { EventType, RunEvent } from './events.js';
import { follow } from './following.js';
import { JobTypes } from './job-types.js';
import { Queues } from './queues.js';
import type { Run, WaitOptions } from './run.js';
import { Runs } from './runs.js';
import { Schedules } from './schedules.js';
import { Server, type JobsOptions, type Keyed } from './server.js';

export interface EventsOptions extends WaitOptions {
  type?: EventType | readonly EventType[] | undefined;
  jobType?: string | undefined;
  queue?: string | undefined;
  tag?: string | undefined;
  /** Begins after the event with this `cursor`. */
  after?: string | undefined;
  /** Begins with the oldest event that is kept, not now. */
  fromStart?: boolean | undefined;
}

/**
 * A server's jobs. Dispatches runs, waits for them, follows their events.
 *
 * Connection failures, 429 and 503 are tried again, five times within ten seconds; a dispatch carries an
 * Idempotency-Key, so that it makes one run. Everything throws ApiError and ConnectionFailed.
 */
export class Jobs {
  readonly runs: Runs;
  readonly jobTypes: JobTypes;
  readonly queues: Queues;
  readonly schedules: Schedules;
  readonly #server: Server;

  /** Without a URL: JOBS_URL, or the page's own origin in a browser, or 127.0.0.1:8000. */
  constructor(url?: string, options: JobsOptions = {}) {
    this.#server = new Server(url, options);
    this.runs = new Runs(this.#server);
    this.jobTypes = new JobTypes(this.#server);
    this.queues = new Queues(this.#server);
    this.schedules = new Schedules(this.#server);
  }

  get url(): string {
    return this.#server.url;
  }

  /** Makes a run and resolves as soon as it is durable. */
  dispatch<Result = unknown>(jobType: string, payload?: unknown, options: DispatchOptions = {}): Promise<Run<Result>> {
    return dispatch(this.#server, jobType, payload, options);
  }

  /**
   * Makes as many runs as are given, and resolves with their ids in that order. They go in chunks of 10,000 runs and
   * 15 MiB, each stored whole or not at all. Throws DispatchIncomplete when a later chunk fails: sending all again with
   * the same `idempotencyKey` makes the missing ones only.
   */
  dispatchMany(items: Iterable<DispatchItem>, options: Keyed = {}): Promise<string[]> {
    return dispatchMany(this.#server, items, options);
  }

  /** The events of all runs, each once and in order, over dropped connections and restarts of the server. */
  events(options: EventsOptions = {}): AsyncGenerator<RunEvent, void, void> {
    const { type = [], jobType, queue, tag, after, fromStart, timeoutSeconds, signal } = options;
    const query = new URLSearchParams([type].flat().map((each) => ['type', each]));
    const filters = { job_type: jobType, queue, tag, from: fromStart ? 'start' : undefined };
    for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value);
    return follow(this.#server, { path: '/v1/events', query, after, what: 'the stream', timeoutSeconds, signal });
  }
}
