import { cancelBulk, getBulk, type Bulk } from './generated/index.js';
import type { Abortable, Server } from './server.js';

const LOOK_MS = 500;

/** A bulk operation on the server, as it last told it: `refresh` and `wait` bring news. */
export class BulkOperation {
  readonly #server: Server;
  data: Bulk;

  /** @internal */
  constructor(server: Server, data: Bulk) {
    this.#server = server;
    this.data = data;
  }

  get id(): string {
    return this.data.id;
  }

  get state(): Bulk['state'] {
    return this.data.state;
  }

  get finished(): boolean {
    return this.state !== 'running';
  }

  /** Throws ApiError `bulk_not_found`. */
  async refresh({ signal }: Abortable = {}): Promise<this> {
    this.data = (await getBulk({ ...this.#server.call({ signal }), path: { bulk_id: this.id } })).data;
    return this;
  }

  /** Until it has ended. */
  async wait({ signal }: Abortable = {}): Promise<this> {
    while (!this.finished) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      signal?.throwIfAborted();
      await this.refresh({ signal });
    }
    return this;
  }

  /** What was done stays done. Throws ApiError `bulk_finished`. */
  async cancel({ signal }: Abortable = {}): Promise<this> {
    this.data = (await cancelBulk({ ...this.#server.call({ signal }), path: { bulk_id: this.id } })).data;
    return this;
  }
}
