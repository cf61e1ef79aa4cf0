import { createClient, type Client } from './generated/client/index.js';
import { environment } from './environment.js';
import { trying } from './trying.js';

const DEFAULT_URL = 'http://127.0.0.1:8000';

export interface JobsOptions {
  /** Sent as a bearer token; JOBS_API_KEY where it is not given. */
  apiKey?: string | undefined;
  /** Stands in for the global fetch. */
  fetch?: typeof fetch | undefined;
}

/** What waits or sends can be told to give up. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}

export interface Keyed extends Abortable {
  /** The same key makes the same run, however often it is sent. Made up where it is not given. */
  idempotencyKey?: string | undefined;
}

/** Where requests go and what each carries. */
export class Server {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** One try, for streams. */
  readonly fetch: typeof fetch;
  /** For the generated functions: tries again, throws ApiError and ConnectionFailed. */
  readonly #client: Client;

  constructor(url: string | undefined, options: JobsOptions) {
    const key = options.apiKey ?? environment('JOBS_API_KEY');
    this.url = checked(url ?? environment('JOBS_URL') ?? pageOrigin() ?? DEFAULT_URL);
    this.headers = key ? { Authorization: `Bearer ${key}` } : {};
    const given = options.fetch;
    this.fetch = (input, init) => (given ?? globalThis.fetch)(input, init);
    this.#client = createClient({
      baseUrl: this.url,
      headers: this.headers,
      fetch: trying(this.fetch),
    });
  }

  /** What each call of a generated function takes. */
  call({ signal }: Abortable) {
    return { client: this.#client, signal: signal ?? null, throwOnError: true } as const;
  }
}

/** Of a request that makes runs, so that a second try makes no second run. */
export function idempotencyKey(given?: string): string {
  if (given !== undefined) return given;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function checked(url: string): string {
  const { protocol } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`no address of a server: ${url}`);
  return url.replace(/\/+$/, '');
}

/** In a browser: the server answers its own pages only. */
function pageOrigin(): string | undefined {
  const { location } = globalThis as { location?: { origin?: string } };
  return location?.origin?.startsWith('http') ? location.origin : undefined;
}
