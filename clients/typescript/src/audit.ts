import { listAudit, type AuditEntry as ApiAuditEntry, type ListAuditData } from './generated/index.js';
import { toCamel, type Camel } from './names.js';
import { pages } from './pages.js';
import type { Abortable, Server } from './server.js';

export type AuditEntry = Camel<ApiAuditEntry>;
export type AuditFilter = Omit<NonNullable<ListAuditData['query']>, 'cursor'>;

/** `jobs.audit`: who changed what. Needs the scope `admin`. */
export class Audit {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Newest first, page by page; only entries that match all that is given. `limit` is that of a page. */
  async *list({ signal, ...where }: Abortable & AuditFilter = {}): AsyncGenerator<AuditEntry, void, void> {
    const options = signal === undefined ? {} : { signal };
    const read = async (cursor: { cursor?: string }) =>
      (await listAudit({ ...this.#server.call(options), query: { ...where, ...cursor } })).data;
    for await (const entry of pages(read)) yield toCamel(entry);
  }
}
