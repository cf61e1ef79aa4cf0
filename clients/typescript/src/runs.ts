import type { RunState } from './events.js';
import { eraseRun, getRun, listRuns, type ListRunsData } from './generated/index.js';
import type { AnyJobs, JobMap, JobName, ResultOf, StoredOf } from './job-map.js';
import { pages } from './pages.js';
import { Run } from './run.js';
import type { Abortable, Server } from './server.js';

export interface RunFilters<Name extends string = string> extends Abortable {
  state?: RunState | readonly RunState[] | undefined;
  jobType?: Name | undefined;
  queue?: string | undefined;
  tag?: string | undefined;
  schedule?: string | undefined;
  createdAfter?: Date | string | undefined;
  createdBefore?: Date | string | undefined;
  /** Of a page. */
  limit?: number | undefined;
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
    for await (const run of pages(read)) yield new Run(this.#server, run);
  }

  /** A finished run and its events. Throws ApiError `run_not_finished`. */
  async erase(id: string, { signal }: Abortable = {}): Promise<void> {
    await eraseRun({ ...this.#server.call({ signal }), path: { run_id: id } });
  }
}

function queryOf({ state, jobType, createdAfter, createdBefore, ...rest }: RunFilters): ListRunsData['query'] & object {
  const query = {
    ...rest,
    state: state === undefined ? undefined : [state].flat(),
    job_type: jobType,
    created_after: instant(createdAfter),
    created_before: instant(createdBefore),
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

function instant(given: Date | string | undefined): string | undefined {
  return given instanceof Date ? given.toISOString() : given;
}
