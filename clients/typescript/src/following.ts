import { ConnectionFailed, problemOf, retryAfter } from './errors.js';
import { EventLines } from './events.js';
import type { Server } from './server.js';
import { Backoff, Cutoff, Deadline, sleep } from './time.js';

/** A stream sends at least a comment every 15 seconds. */
const SILENCE_SECONDS = 45;
const ANSWER_SECONDS = 10;

/** What is followed, and from where. */
export interface Following {
  path: string;
  query: URLSearchParams;
  /** Begins after the event with this cursor. */
  after: string | undefined;
  /** For messages. */
  what: string;
  timeoutSeconds: number | undefined;
  signal: AbortSignal | undefined;
}

/**
 * The events of a stream, each once and in order, over as many connections as it takes. Ends when the server says that
 * all has been read. Throws ApiError, TimeoutError, and the signal's reason.
 */
export async function* follow<Event>(
  server: Server,
  following: Following,
  read: (data: string, cursor: string) => Event,
): AsyncGenerator<Event, void, void> {
  const { signal } = following;
  const deadline = new Deadline(following.timeoutSeconds, following.what);
  const backoff = new Backoff(0.05);
  let cursor = following.after ?? '';
  for (;;) {
    const connection = new Connection(server, following, deadline);
    let askedSeconds: number | null = null;
    try {
      const response = await connection.open(cursor);
      if (response?.status === 204) return;
      if (response?.status === 200) {
        const lines = new EventLines(cursor);
        for await (const text of connection.texts(response)) {
          for (const { id, data } of lines.feed(text)) {
            cursor = id;
            backoff.reset();
            yield read(data, cursor);
          }
          cursor = lines.lastId;
          deadline.left(0);
        }
      } else if (response) {
        if (![429, 502, 503, 504].includes(response.status)) throw await problemOf(response);
        askedSeconds = retryAfter(response);
      }
    } finally {
      connection.close();
    }
    signal?.throwIfAborted();
    await sleep(deadline.left(backoff.next(askedSeconds)), signal);
  }
}

/** One connection to a stream. That it breaks is no error: it ends. */
class Connection {
  readonly #cutoff: Cutoff;

  constructor(
    readonly server: Server,
    readonly following: Following,
    readonly deadline: Deadline,
  ) {
    this.#cutoff = new Cutoff(following.signal);
  }

  async open(cursor: string): Promise<Response | undefined> {
    const { path, query, signal } = this.following;
    const resume: Record<string, string> = cursor ? { 'Last-Event-ID': cursor } : {};
    const search = String(query) && `?${query}`;
    this.#cutoff.allow(this.deadline.left(ANSWER_SECONDS));
    try {
      return await this.server.fetch(`${this.server.url}${path}${search}`, {
        headers: { ...this.server.headers, ...resume, Accept: 'text/event-stream' },
        cache: 'no-store',
        signal: this.#cutoff.signal,
      });
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }

  async *texts(response: Response): AsyncGenerator<string, void, void> {
    const type = response.headers.get('Content-Type') ?? 'nothing';
    if (!type.startsWith('text/event-stream') || !response.body) {
      throw new ConnectionFailed(`${response.url || this.server.url} answered ${type}, not an event stream`);
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      this.#cutoff.allow(this.deadline.left(SILENCE_SECONDS));
      const chunk = await reader.read().catch(() => undefined);
      if (!chunk || chunk.done) return;
      yield decoder.decode(chunk.value, { stream: true });
    }
  }

  close(): void {
    this.#cutoff.close();
  }
}
