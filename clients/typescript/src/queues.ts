import {
  getQueue,
  listQueues,
  patchQueue,
  pauseQueue,
  putQueue,
  resumeQueue,
  type Queue as ApiQueue,
  type QueueIn,
  type QueuePatch,
} from './generated/index.js';
import { toCamel, toSnake, type Camel } from './names.js';
import { pages } from './pages.js';
import type { Abortable, Server } from './server.js';

export type Queue = Camel<ApiQueue>;
export type QueueSettings = Camel<QueueIn>;
export type QueueChanges = Camel<QueuePatch>;

/** `jobs.queues`. */
export class Queues {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Page by page; `limit` of a page. */
  async *list({ limit, ...options }: Abortable & { limit?: number } = {}): AsyncGenerator<Queue, void, void> {
    const size = limit === undefined ? {} : { limit };
    const read = async (cursor: { cursor?: string }) =>
      (await listQueues({ ...this.#server.call(options), query: { ...size, ...cursor } })).data;
    for await (const queue of pages(read)) yield toCamel(queue);
  }

  /** Throws ApiError `queue_not_found`. */
  async get(name: string, options: Abortable = {}): Promise<Queue> {
    return toCamel((await getQueue({ ...this.#server.call(options), path: { name } })).data);
  }

  /** Makes it, or changes all of it: a limit that is left out ends. */
  async put(name: string, settings: QueueSettings, options: Abortable = {}): Promise<Queue> {
    const body = toSnake<QueueIn>(settings);
    return toCamel((await putQueue({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** What is left out stays; a limit that is null ends. Throws ApiError `queue_not_found`. */
  async change(name: string, changes: QueueChanges, options: Abortable = {}): Promise<Queue> {
    const body = toSnake<QueuePatch>(changes);
    return toCamel((await patchQueue({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** Holds its runs back. */
  async pause(name: string, options: Abortable = {}): Promise<Queue> {
    return toCamel((await pauseQueue({ ...this.#server.call(options), path: { name } })).data);
  }

  async resume(name: string, options: Abortable = {}): Promise<Queue> {
    return toCamel((await resumeQueue({ ...this.#server.call(options), path: { name } })).data);
  }
}
