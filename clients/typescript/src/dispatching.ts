import { ApiError, DispatchIncomplete } from './errors.js';
import { dispatchBatch, dispatchRun, type BatchItem, type DispatchIn } from './generated/index.js';
import type { AnyJobs, JobCall, MayBeLeftOut } from './job-map.js';
import { toSnake, type Camel } from './names.js';
import { Run } from './run.js';
import { idempotencyKey, type Abortable, type Keyed, type Server } from './server.js';

const MAX_CHUNK_RUNS = 10_000;
/** The server takes 16 MiB a batch unless it is told otherwise. */
const MAX_CHUNK_BYTES = 15 * 1024 * 1024;
const FRAME = '{"runs":[]}';

/** How one run differs from what its job type says. */
export type RunOptions = Camel<Omit<DispatchIn, 'payload'>>;

export interface DispatchOptions extends RunOptions, Keyed {}

/** One run of many. */
export type DispatchItem<Map = AnyJobs> = RunOptions & JobCall<Map>;

/** A payload and options; the payload may be left out where the job can do without. */
export type DispatchArguments<Payload> =
  MayBeLeftOut<Payload> extends true
    ? [payload?: Payload, options?: DispatchOptions]
    : [payload: Payload, options?: DispatchOptions];

export async function dispatch<Result, Payload>(
  server: Server,
  jobType: string,
  payload: unknown,
  { idempotencyKey: key, signal, ...options }: DispatchOptions,
): Promise<Run<Result, Payload>> {
  const { data } = await dispatchRun({
    ...server.call({ signal }),
    path: { name: jobType },
    body: bodyOf(payload, options),
    headers: { 'Idempotency-Key': idempotencyKey(key) },
  });
  return new Run(server, data);
}

export async function dispatchMany(
  server: Server,
  items: Iterable<DispatchItem>,
  { idempotencyKey: key, signal }: Keyed,
): Promise<string[]> {
  const whole = idempotencyKey(key);
  const ids: string[] = [];
  for (const [index, chunk] of enumerate(chunks(items))) {
    try {
      // The same items make the same chunks, so each has its own key, also the next time.
      ids.push(...(await dispatchChunk(server, chunk, index ? `${whole}/${index}` : whole, { signal })));
    } catch (error) {
      const cause = error instanceof ApiError ? placedAfter(ids.length, error) : error;
      throw ids.length ? new DispatchIncomplete(ids, cause) : cause;
    }
  }
  return ids;
}

async function dispatchChunk(server: Server, chunk: string[], key: string, { signal }: Abortable): Promise<string[]> {
  const { data } = await dispatchBatch({
    ...server.call({ signal }),
    body: { runs: [] },
    bodySerializer: () => `{"runs":[${chunk.join(',')}]}`,
    headers: { 'Idempotency-Key': key },
  });
  return data.data.map((run) => run.id);
}

/** Batch items as JSON, as many at a time as one request may hold. */
export function* chunks(items: Iterable<DispatchItem>): Generator<string[], void, void> {
  const encoder = new TextEncoder();
  let chunk: string[] = [];
  let bytes = FRAME.length;
  for (const { jobType, payload, ...options } of items) {
    const item: BatchItem = { job_type: jobType, ...bodyOf(payload, options) };
    const text = JSON.stringify(item);
    const size = encoder.encode(text).length + 1;
    if (chunk.length && (chunk.length === MAX_CHUNK_RUNS || bytes + size > MAX_CHUNK_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = FRAME.length;
    }
    chunk.push(text);
    bytes += size;
  }
  if (chunk.length) yield chunk;
}

function bodyOf(payload: unknown, options: RunOptions): DispatchIn {
  return { payload: payload ?? null, ...toSnake<Omit<DispatchIn, 'payload'>>(options) };
}

/** The error with its places in what the caller gave. */
function placedAfter(count: number, error: ApiError): ApiError {
  if (!count) return error;
  const errors = error.errors.map((each) => ({
    ...each,
    path: each.path.replace(/^\/runs\/(\d+)/, (_, place: string) => `/runs/${Number(place) + count}`),
  }));
  return new ApiError(error.status, error.code, error.detail, errors, error.retryAfterSeconds);
}

function* enumerate<Item>(items: Iterable<Item>): Generator<[number, Item], void, void> {
  let index = 0;
  for (const item of items) yield [index++, item];
}
