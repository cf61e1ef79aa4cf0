import {
  getSeries,
  getStats,
  type Digest as ApiDigest,
  type Series as ApiSeries,
  type Stats as ApiStats,
} from './generated/index.js';
import { toCamel, type Camel } from './names.js';
import type { Abortable, Server } from './server.js';

/** How everything stands at one instant. `versions` has a number for each list: another one when it may have changed. */
export type Digest = Camel<ApiDigest>;
export type ServerStats = Camel<ApiStats>;
/** Points of equal distance, the oldest first. All values of a point are null where no server was there. */
export type Series = Camel<ApiSeries>;

export interface SeriesOptions extends Abortable {
  /** The beginning; an hour before `to` where it is not given. */
  from?: Date | string | undefined;
  /** The end; now where it is not given. */
  to?: Date | string | undefined;
  /** The distance of the points, a multiple of 60. */
  stepSeconds?: number | undefined;
  jobType?: string | undefined;
  queue?: string | undefined;
}

/** `jobs.stats`: how the server stands, and how it has gone. */
export class ServerStatistics {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Runs by state, throughput, latencies and sizes. */
  async now(options: Abortable = {}): Promise<ServerStats> {
    return toCamel((await getStats(this.#server.call(options))).data);
  }

  /** What happened, how deep queues were, and how long runs waited and ran. At most 2,000 points. */
  async series({ signal, from, to, stepSeconds, jobType, queue }: SeriesOptions = {}): Promise<Series> {
    const query = { from: instant(from), to: instant(to), step: stepSeconds, job_type: jobType, queue };
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
    return toCamel((await getSeries({ ...this.#server.call({ signal }), query: given })).data);
  }
}

export function readDigest(text: string): Digest {
  return toCamel(JSON.parse(text) as ApiDigest);
}

function instant(value: Date | string | undefined): string | undefined {
  return value instanceof Date ? value.toISOString() : value;
}
