import {
  createKey,
  getOwnKey,
  listKeys,
  revokeKey,
  rotateKey,
  type Key as ApiKey,
  type KeyIn,
  type NewKey as ApiNewKey,
  type Self,
} from './generated/index.js';
import { toCamel, toSnake, type Camel } from './names.js';
import { pages } from './pages.js';
import type { Abortable, Server } from './server.js';

export type Key = Camel<ApiKey>;
/** With its text in `key`, which is not shown again. */
export type NewKey = Camel<ApiNewKey>;
export type OwnKey = Camel<Self>;
/** Times may be Dates. */
export type KeyDefinition = Omit<Camel<KeyIn>, 'expiresAt'> & { expiresAt?: Date | string | null };

/** `jobs.keys`: API keys. All but `own` need the scope `admin`. */
export class Keys {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Not tried again where its answer is lost. */
  async create(definition: KeyDefinition, options: Abortable = {}): Promise<NewKey> {
    const { data } = await createKey({ ...this.#server.call(options), body: toSnake<KeyIn>(definition) });
    return toCamel(data);
  }

  /** Newest first, page by page, also those that hold no more; `limit` of a page. */
  async *list({ limit, ...options }: Abortable & { limit?: number } = {}): AsyncGenerator<Key, void, void> {
    const size = limit === undefined ? {} : { limit };
    const read = async (cursor: { cursor?: string }) =>
      (await listKeys({ ...this.#server.call(options), query: { ...size, ...cursor } })).data;
    for await (const key of pages(read)) yield toCamel(key);
  }

  /** What the key of this client allows. */
  async own(options: Abortable = {}): Promise<OwnKey> {
    return toCamel((await getOwnKey(this.#server.call(options))).data);
  }

  /** For good. Throws ApiError `key_not_found`. */
  async revoke(id: string, options: Abortable = {}): Promise<void> {
    await revokeKey({ ...this.#server.call(options), path: { key_id: id } });
  }

  /**
   * Gives it another secret. The one before holds for `overlapSeconds`, a day where nothing is said. Throws ApiError
   * `key_not_found`, `key_ended` and, where two secrets hold already, `rotation_pending`.
   */
  async rotate(
    id: string,
    { overlapSeconds, ...options }: Abortable & { overlapSeconds?: number } = {},
  ): Promise<NewKey> {
    const body = overlapSeconds === undefined ? {} : { overlap_seconds: overlapSeconds };
    return toCamel((await rotateKey({ ...this.#server.call(options), path: { key_id: id }, body })).data);
  }
}
