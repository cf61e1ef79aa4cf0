import {
  getJobType,
  listJobTypes,
  patchJobType,
  pauseJobType,
  putJobType,
  registerJobType,
  resumeJobType,
  retireJobType,
  type JobType as ApiJobType,
  type JobTypeIn,
  type JobTypePatch,
  type JobTypePut,
} from './generated/index.js';
import { toCamel, toSnake, type Camel } from './names.js';
import { pages } from './pages.js';
import type { Abortable, Server } from './server.js';

export type JobType = Camel<ApiJobType>;
/** What says what runs, and how. */
export type JobTypeDefinition = Camel<JobTypeIn>;
/** A definition whose name stands elsewhere. */
export type JobTypeSettings = Camel<JobTypePut>;
/** Fields to change; those left out stay. */
export type JobTypeChanges = Camel<JobTypePatch>;

/** `jobs.jobTypes`. */
export class JobTypes {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Throws ApiError `job_type_exists`. */
  async register(definition: JobTypeDefinition, options: Abortable = {}): Promise<JobType> {
    const { data } = await registerJobType({ ...this.#server.call(options), body: toSnake<JobTypeIn>(definition) });
    return toCamel(data);
  }

  /** Registers or replaces it. */
  async put(name: string, settings: JobTypeSettings, options: Abortable = {}): Promise<JobType> {
    const body = toSnake<JobTypePut>(settings);
    return toCamel((await putJobType({ ...this.#server.call(options), path: { name }, body })).data);
  }

  async change(name: string, changes: JobTypeChanges, options: Abortable = {}): Promise<JobType> {
    const body = toSnake<JobTypePatch>(changes);
    return toCamel((await patchJobType({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** Throws ApiError `job_type_not_found`. */
  async get(name: string, options: Abortable = {}): Promise<JobType> {
    return toCamel((await getJobType({ ...this.#server.call(options), path: { name } })).data);
  }

  /** Newest first, page by page; `limit` of a page. */
  async *list({ limit, ...options }: Abortable & { limit?: number } = {}): AsyncGenerator<JobType, void, void> {
    const size = limit === undefined ? {} : { limit };
    const read = async (cursor: { cursor?: string }) =>
      (await listJobTypes({ ...this.#server.call(options), query: { ...size, ...cursor } })).data;
    for await (const jobType of pages(read)) yield toCamel(jobType);
  }

  /** Throws ApiError `job_type_in_use` while runs of it are unfinished. */
  async retire(name: string, options: Abortable = {}): Promise<void> {
    await retireJobType({ ...this.#server.call(options), path: { name } });
  }

  /** Holds its runs back. */
  async pause(name: string, options: Abortable = {}): Promise<JobType> {
    return toCamel((await pauseJobType({ ...this.#server.call(options), path: { name } })).data);
  }

  async resume(name: string, options: Abortable = {}): Promise<JobType> {
    return toCamel((await resumeJobType({ ...this.#server.call(options), path: { name } })).data);
  }
}
