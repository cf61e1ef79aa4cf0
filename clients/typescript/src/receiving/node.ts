import type { FetchHandler } from './receive.js';

/** What is used of Node's `IncomingMessage`, and what frameworks add to it. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  method?: string | undefined;
  url?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  /** The bytes as they arrived, where a framework has read them before. */
  rawBody?: unknown;
  body?: unknown;
}

/** What is used of Node's `ServerResponse`. */
export interface NodeResponse {
  readonly writableFinished: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: Uint8Array): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/**
 * For `createServer` of node:http, and as a handler of Express or Connect. In Express it comes before `express.json()`,
 * or with `express.raw({ type: 'application/json' })` for its route: the signature is of the bytes that arrived.
 */
export function nodeListener(handle: FetchHandler): (request: NodeRequest, response: NodeResponse) => void {
  return (request, response) => {
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort(new Error('the connection was closed'));
    });
    answer(handle, request, response, gone.signal).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500, {});
      response.end();
    });
  };
}

async function answer(
  handle: FetchHandler,
  request: NodeRequest,
  response: NodeResponse,
  signal: AbortSignal,
): Promise<void> {
  const answered = await handle(requestOf(request, signal));
  const body = new Uint8Array(await answered.arrayBuffer());
  if (signal.aborted) return;
  const headers = Object.fromEntries(answered.headers);
  if (answered.status !== 204) headers['content-length'] = String(body.byteLength); // RFC 9110, 8.6: a 204 has none
  response.writeHead(answered.status, headers);
  response.end(body);
}

function requestOf(request: NodeRequest, signal: AbortSignal): Request {
  const { method = 'GET', headers } = request;
  const given = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
  const bare = method === 'GET' || method === 'HEAD';
  const init = { method, headers: given, signal, body: bare ? null : bodyOf(request), duplex: 'half' };
  return new Request(new URL('http://localhost/'), init as RequestInit);
}

function bodyOf(request: NodeRequest): BodyInit {
  for (const read of [request.rawBody, request.body])
    if (read instanceof Uint8Array || typeof read === 'string') return read as BodyInit;
  return streamOf(request);
}

/** What is not read is left to Node: to end the iteration would close the connection before the answer. */
function streamOf(request: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const chunks = request[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
  });
}
