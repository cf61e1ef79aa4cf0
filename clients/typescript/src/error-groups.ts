import { listErrors, type ErrorGroup as ApiErrorGroup } from './generated/index.js';
import { toCamel, type Camel } from './names.js';
import { pages } from './pages.js';
import type { Abortable, Server } from './server.js';

export type ErrorGroup = Camel<ApiErrorGroup>;

export interface ErrorGroupFilter extends Abortable {
  /** `failed`: of runs that have failed and are not resolved (the default). */
  state?: 'failed' | 'retrying' | undefined;
  jobType?: string | undefined;
  queue?: string | undefined;
  group?: string | undefined;
  /** Of a page. */
  limit?: number | undefined;
}

/** `jobs.errors`: failures by what they have in common. */
export class Errors {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** The last failed first, page by page. */
  async *groups({ signal, jobType, ...where }: ErrorGroupFilter = {}): AsyncGenerator<ErrorGroup, void, void> {
    const query = { ...where, job_type: jobType };
    const read = async (cursor: { cursor?: string }) =>
      (await listErrors({ ...this.#server.call({ signal }), query: { ...query, ...cursor } })).data;
    for await (const group of pages(read)) yield toCamel(group);
  }
}
