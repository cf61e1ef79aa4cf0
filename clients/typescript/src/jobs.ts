import { Config } from './config.js';
import {
  dispatch,
  dispatchMany,
  type DispatchArguments,
  type DispatchItem,
  type DispatchOptions,
} from './dispatching.js';
import { readEvent, type EventType, type RunEvent } from './events.js';
import { follow } from './following.js';
import type { AnyJobs, AnyName, JobMap, JobName, PayloadOf, ResultOf, StoredOf } from './job-map.js';
import { JobTypes } from './job-types.js';
import { Audit } from './audit.js';
import { Errors } from './error-groups.js';
import { Keys } from './keys.js';
import { snakeName } from './names.js';
import { Queues } from './queues.js';
import type { Run, WaitOptions } from './run.js';
import { Runs } from './runs.js';
import { Schedules } from './schedules.js';
import { Server, type JobsOptions, type Keyed } from './server.js';
import { readDigest, ServerStatistics, type Digest } from './stats.js';
import { Webhooks } from './webhooks.js';

export interface EventsOptions<Name extends string = string> extends WaitOptions {
  type?: EventType | readonly EventType[] | undefined;
  jobType?: Name | undefined;
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
 *
 * `new Jobs<MyJobs>()` knows names, payloads and results from a map of types, `interface MyJobs { name: { payload: …;
 * result: … } }`, and takes no others. They are the caller's word: nothing is checked at run time but by the job type's
 * schemas, on the server.
 */
export class Jobs<Map extends JobMap<Map> = AnyJobs> {
  readonly runs: Runs<Map>;
  readonly jobTypes: JobTypes;
  readonly queues: Queues;
  readonly schedules: Schedules<Map>;
  readonly keys: Keys;
  readonly webhooks: Webhooks;
  readonly audit: Audit;
  readonly errors: Errors;
  readonly config: Config;
  readonly stats: ServerStatistics;
  readonly #server: Server;

  /** Without a URL: JOBS_URL, or the page's own origin in a browser, or 127.0.0.1:8000. */
  constructor(url?: string, options: JobsOptions = {}) {
    this.#server = new Server(url, options);
    this.runs = new Runs(this.#server);
    this.jobTypes = new JobTypes(this.#server);
    this.queues = new Queues(this.#server);
    this.schedules = new Schedules(this.#server);
    this.keys = new Keys(this.#server);
    this.webhooks = new Webhooks(this.#server);
    this.audit = new Audit(this.#server);
    this.errors = new Errors(this.#server);
    this.config = new Config(this.#server);
    this.stats = new ServerStatistics(this.#server);
  }

  get url(): string {
    return this.#server.url;
  }

  /** Makes a run and resolves as soon as it is durable. */
  dispatch<Result = unknown>(jobType: AnyName<Map>, payload?: unknown, options?: DispatchOptions): Promise<Run<Result>>;
  dispatch<Name extends JobName<Map>>(
    jobType: Name,
    ...given: DispatchArguments<PayloadOf<Map, Name>>
  ): Promise<Run<ResultOf<Map, Name>, StoredOf<Map, Name>>>;
  dispatch(jobType: string, payload?: unknown, options: DispatchOptions = {}): Promise<Run<never, never>> {
    return dispatch<never, never>(this.#server, jobType, payload, options);
  }

  /**
   * Makes as many runs as are given, and resolves with their ids in that order. They go in chunks of 10,000 runs and
   * 15 MiB, each stored whole or not at all. Throws DispatchIncomplete when a later chunk fails: sending all again with
   * the same `idempotencyKey` makes the missing ones only.
   */
  dispatchMany(items: Iterable<DispatchItem<Map>>, options: Keyed = {}): Promise<string[]> {
    return dispatchMany(this.#server, items, options);
  }

  /** The events of all runs, each once and in order, over dropped connections and restarts of the server. */
  events<Name extends JobName<Map>>(
    options: EventsOptions<Name> & { jobType: Name },
  ): AsyncGenerator<RunEvent<EventType, ResultOf<Map, Name>>, void, void>;
  events(options?: EventsOptions<JobName<Map>>): AsyncGenerator<RunEvent, void, void>;
  events(options: EventsOptions = {}): AsyncGenerator<RunEvent, void, void> {
    const { type = [], after, fromStart, timeoutSeconds, signal, ...rest } = options;
    const query = new URLSearchParams([type].flat().map((each) => ['type', each]));
    // Also those that only a newer server knows; one that there is not is refused.
    const filters: Record<string, string | undefined> = { ...rest, from: fromStart ? 'start' : undefined };
    for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(snakeName(name), value);
    const place = { path: '/v1/events', query, after, what: 'the stream', timeoutSeconds, signal };
    return follow(this.#server, place, readEvent<unknown>);
  }

  /**
   * How everything stands: at once, and then at most once a second when anything in it has changed, however much
   * happens. Over dropped connections and restarts of the server.
   */
  live({ timeoutSeconds, signal }: WaitOptions = {}): AsyncGenerator<Digest, void, void> {
    const query = new URLSearchParams();
    const place = { path: '/v1/live', query, after: undefined, what: 'the digests', timeoutSeconds, signal };
    return follow(this.#server, place, readDigest);
  }
}
