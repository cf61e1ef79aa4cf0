import {
  endPreviousJobTypeSecret,
  getJobType,
  listJobTypes,
  patchJobType,
  pauseJobType,
  putJobType,
  registerJobType,
  resumeJobType,
  retireJobType,
  rotateJobTypeSecret,
  type JobType as ApiJobType,
  type JobTypeIn,
  type JobTypePatch,
  type JobTypePut,
  type JobTypeSecret as ApiJobTypeSecret,
  type RegisteredJobType as ApiRegisteredJobType,
} from './generated/index.js';
import { toCamel, toSnake, type Camel } from './names.js';
import { pages } from './pages.js';
import type { Abortable, Server } from './server.js';

export type JobType = Camel<ApiJobType>;
/** With the signing secret of its HTTP handler, where it was made just now: it is not shown again. */
export type RegisteredJobType = Camel<ApiRegisteredJobType>;
/** A new signing secret, which is not shown again. */
export type JobTypeSecret = Camel<ApiJobTypeSecret>;
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
  async register(definition: JobTypeDefinition, options: Abortable = {}): Promise<RegisteredJobType> {
    const { data } = await registerJobType({ ...this.#server.call(options), body: toSnake<JobTypeIn>(definition) });
    return toCamel(data);
  }

  /** Registers or replaces it. */
  async put(name: string, settings: JobTypeSettings, options: Abortable = {}): Promise<RegisteredJobType> {
    const body = toSnake<JobTypePut>(settings);
    return toCamel((await putJobType({ ...this.#server.call(options), path: { name }, body })).data);
  }

  async change(name: string, changes: JobTypeChanges, options: Abortable = {}): Promise<RegisteredJobType> {
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

  /**
   * Gives its HTTP handler another secret. The one before signs too for `overlapSeconds`, a day where nothing is said.
   * Throws ApiError `rotation_pending` where two sign already.
   */
  async rotateSecret(
    name: string,
    { overlapSeconds, ...options }: Abortable & { overlapSeconds?: number } = {},
  ): Promise<JobTypeSecret> {
    const body = overlapSeconds === undefined ? {} : { overlap_seconds: overlapSeconds };
    return toCamel((await rotateJobTypeSecret({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** Only the present secret signs from now on. */
  async forgetPreviousSecret(name: string, options: Abortable = {}): Promise<void> {
    await endPreviousJobTypeSecret({ ...this.#server.call(options), path: { name } });
  }

  /** Holds its runs back. */
  async pause(name: string, options: Abortable = {}): Promise<JobType> {
    return toCamel((await pauseJobType({ ...this.#server.call(options), path: { name } })).data);
  }

  async resume(name: string, options: Abortable = {}): Promise<JobType> {
    return toCamel((await resumeJobType({ ...this.#server.call(options), path: { name } })).data);
  }
}
