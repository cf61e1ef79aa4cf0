import type { RunState } from './events.js';
import { BulkOperation } from './bulk.js';
import {
  countRuns,
  createBulk,
  eraseRun,
  getBulk,
  getRun,
  listRuns,
  type BulkAction,
  type BulkFilter,
  type BulkPreview,
  type ListRunsData,
  type Run as StoredRun,
  type RunCount,
} from './generated/index.js';
import type { AnyJobs, JobMap, JobName, ResultOf, StoredOf } from './job-map.js';
import { pages } from './pages.js';
import { Run } from './run.js';
import type { Abortable, Server } from './server.js';

/** Which runs: those that fit all of these. */
export interface RunChoice<Name extends string = string> {
  id?: string | readonly string[] | undefined;
  state?: RunState | readonly RunState[] | undefined;
  jobType?: Name | undefined;
  queue?: string | undefined;
  tag?: string | undefined;
  schedule?: string | undefined;
  errorCode?: string | undefined;
  errorGroup?: string | undefined;
  resolved?: boolean | undefined;
  workerId?: string | undefined;
  attemptMin?: number | undefined;
  createdAfter?: Date | string | undefined;
  createdBefore?: Date | string | undefined;
  finishedAfter?: Date | string | undefined;
  finishedBefore?: Date | string | undefined;
  /** Text in payload, result, error, tags or metadata. */
  q?: string | undefined;
}

export interface RunFilters<Name extends string = string> extends RunChoice<Name>, Abortable {
  /** Of a page. */
  limit?: number | undefined;
}

export interface BulkOptions<Name extends string = string> extends RunChoice<Name>, Abortable {
  /** These runs, instead of a filter. */
  ids?: readonly string[] | undefined;
  /** All runs are meant, where there is neither a filter nor ids. */
  all?: boolean | undefined;
  /** Of `reprioritise`. */
  priority?: number | undefined;
  /** If more match, nothing is done: ApiError `too_many_matches`. */
  expectAtMost?: number | undefined;
}

/** `jobs.runs`. */
export class Runs<Map extends JobMap<Map> = AnyJobs> {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Throws ApiError `run_not_found`. */
  async get<Result = unknown>(id: string, { signal }: Abortable = {}): Promise<Run<Result>> {
    const { data } = await getRun({ ...this.#server.call({ signal }), path: { run_id: id } });
    return new Run(this.#server, data);
  }

  /** Newest first, page by page. What runs of one `jobType` take and return is known from the map of jobs. */
  list<Name extends JobName<Map>>(
    filters: RunFilters<Name> & { jobType: Name },
  ): AsyncGenerator<Run<ResultOf<Map, Name>, StoredOf<Map, Name>>, void, void>;
  list(filters?: RunFilters<JobName<Map>>): AsyncGenerator<Run, void, void>;
  async *list({ signal, ...filters }: RunFilters = {}): AsyncGenerator<Run<never, never>, void, void> {
    const query = queryOf(filters);
    const read = async (cursor: { cursor?: string }) => {
      const options = { ...this.#server.call({ signal }), query: { ...query, ...cursor } };
      return (await listRuns(options)).data;
    };
    // Not asked for briefly, they are whole.
    for await (const run of pages(read)) yield new Run(this.#server, run as StoredRun);
  }

  /** How many there are: exactly by state, job type and queue, otherwise up to 10,000. */
  async count({ signal, ...choice }: RunChoice<JobName<Map>> & Abortable = {}): Promise<RunCount> {
    const { data } = await countRuns({ ...this.#server.call({ signal }), query: queryOf(choice) });
    return data;
  }

  /**
   * Does it with all runs that fit, or with those named, in the background. Sent once. Throws ApiError
   * `filter_required` and `too_many_matches`.
   */
  async bulk(action: BulkAction, options: BulkOptions<JobName<Map>> = {}): Promise<BulkOperation> {
    const { data } = await this.#bulk(action, options, false);
    return new BulkOperation(this.#server, data as BulkOperation['data']);
  }

  /** What `bulk` would do. */
  async previewBulk(action: BulkAction, options: BulkOptions<JobName<Map>> = {}): Promise<BulkPreview> {
    const { data } = await this.#bulk(action, options, true);
    return data as BulkPreview;
  }

  /** Throws ApiError `bulk_not_found`. */
  async getBulk(id: string, { signal }: Abortable = {}): Promise<BulkOperation> {
    const { data } = await getBulk({ ...this.#server.call({ signal }), path: { bulk_id: id } });
    return new BulkOperation(this.#server, data);
  }

  async #bulk(
    action: BulkAction,
    { signal, ids, all, priority, expectAtMost, ...choice }: BulkOptions,
    dryRun: boolean,
  ) {
    const filter = queryOf(choice) as BulkFilter;
    const chosen = ids === undefined ? { filter } : { ids: [...ids] };
    const body = { action, dry_run: dryRun, ...chosen, ...given({ all, priority, expect_at_most: expectAtMost }) };
    return createBulk({ ...this.#server.call({ signal }), body });
  }

  /** A finished run and its events. Throws ApiError `run_not_finished`. */
  async erase(id: string, { signal }: Abortable = {}): Promise<void> {
    await eraseRun({ ...this.#server.call({ signal }), path: { run_id: id } });
  }
}

function queryOf({
  id,
  state,
  jobType,
  errorCode,
  errorGroup,
  workerId,
  attemptMin,
  createdAfter,
  createdBefore,
  finishedAfter,
  finishedBefore,
  ...rest
}: RunChoice & { limit?: number | undefined }): ListRunsData['query'] & object {
  return given({
    ...rest,
    id: id === undefined ? undefined : [id].flat(),
    state: state === undefined ? undefined : [state].flat(),
    job_type: jobType,
    error_code: errorCode,
    error_group: errorGroup,
    worker_id: workerId,
    attempt_min: attemptMin,
    created_after: instant(createdAfter),
    created_before: instant(createdBefore),
    finished_after: instant(finishedAfter),
    finished_before: instant(finishedBefore),
  });
}

function given(fields: Record<string, unknown>): Record<string, never> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Record<string, never>;
}

function instant(time: Date | string | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time;
}
