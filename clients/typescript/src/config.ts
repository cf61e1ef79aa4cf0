import {
  applyConfig,
  exportConfig,
  type Config as ApiConfig,
  type ConfigDifference as ApiConfigDifference,
  type ConfigIn,
} from './generated/index.js';
import { toCamel, type Camel } from './names.js';
import type { Abortable, Server } from './server.js';

/** What is defined, with the API's names, as it is kept in files. */
export type ConfigDocument = ConfigIn;
export type ConfigExport = ApiConfig;
/** `path` of a field is a JSON Pointer into the definition; `secret` of what is new and signs is shown this once. */
export type ConfigDifference = Camel<ApiConfigDifference>;

export interface ApplyOptions extends Abortable {
  /** Who applies it, in place of the document's owner. */
  owner?: string;
  /** Whether what the owner has and the document lacks is removed. */
  prune?: boolean;
}

/** `jobs.config`: everything that is defined, as one document. Needs the scope `config`. */
export class Config {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** All, or what one owner has applied. */
  async export({ owner, ...options }: Abortable & { owner?: string } = {}): Promise<ConfigExport> {
    const query = owner === undefined ? {} : { owner };
    return (await exportConfig({ ...this.#server.call(options), query })).data;
  }

  /**
   * Brings everything to what the document says, or nothing: what has changed. Throws ApiError, with each place that
   * is wrong.
   */
  async apply(document: ConfigDocument | ConfigExport, options: ApplyOptions = {}): Promise<ConfigDifference> {
    return this.#apply(document, options, false);
  }

  /** What `apply` would change. */
  async diff(document: ConfigDocument | ConfigExport, options: ApplyOptions = {}): Promise<ConfigDifference> {
    return this.#apply(document, options, true);
  }

  async #apply(
    document: ConfigDocument | ConfigExport,
    { owner, prune, ...options }: ApplyOptions,
    dryRun: boolean,
  ): Promise<ConfigDifference> {
    const own = { ...(owner === undefined ? {} : { owner }), ...(prune === undefined ? {} : { prune }) };
    const body = { ...document, ...own } as ConfigIn;
    const query = dryRun ? { dry_run: true } : {};
    return toCamel((await applyConfig({ ...this.#server.call(options), body, query })).data);
  }
}
