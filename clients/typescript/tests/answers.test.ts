/** What the client makes of each answer, from a server that is played. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { ApiError, ConnectionFailed, Jobs } from 'blazy-jobs';
import { all, block, json, PlayedServer, run, stream } from './support.js';

const problem = (status: number, code: string) => ({
  type: 'about:blank',
  title: code,
  status,
  detail: 'said so',
  code,
});

async function play(context: TestContext, ...answers: ((response: ServerResponse) => unknown)[]) {
  const server = await PlayedServer.that((_, response, number) =>
    answers[Math.min(number, answers.length) - 1]!(response),
  );
  context.after(() => server.close());
  return { server, jobs: new Jobs(server.url) };
}

const unavailable = (response: ServerResponse) =>
  json(response, 503, problem(503, 'store_unavailable'), { 'Retry-After': '0' });

/** A run to follow, without the requests for it. */
const played = (jobs: Jobs) => jobs.runs.get('run_1');
const queued = (response: ServerResponse) => json(response, 200, run('queued'));

test('503 and 429 are tried again with one key, no sooner than the server asks', async (context) => {
  const { server, jobs } = await play(
    context,
    unavailable,
    (response) => json(response, 429, problem(429, 'queue_full'), { 'Retry-After': '1' }),
    (response) => json(response, 202, run('queued')),
  );
  const began = Date.now();
  assert.equal((await jobs.dispatch('played', { a: 1 })).id, 'run_1');
  assert.ok(Date.now() - began > 950);
  assert.equal(server.requests.length, 3);
  assert.equal(new Set(server.requests.map((request) => request.headers['idempotency-key'])).size, 1);
  assert.deepEqual(
    server.requests.map((request) => request.body),
    Array(3).fill('{"payload":{"a":1}}'),
  );
});

test('five tries are enough', async (context) => {
  const { server, jobs } = await play(context, unavailable);
  await assert.rejects(played(jobs), (error) => error instanceof ApiError && error.code === 'store_unavailable');
  assert.equal(server.requests.length, 5);
});

test('what changes nothing is asked again', async (context) => {
  const times = ['2026-01-01T00:00:00.000000Z'];
  const answered = (response: ServerResponse) => json(response, 200, { data: times });
  const { server, jobs } = await play(context, (response) => response.destroy(), unavailable, answered);
  const told = await jobs.schedules.preview({ trigger: { kind: 'interval', everySeconds: 60 } });
  assert.deepEqual([told, server.requests.length], [[new Date(times[0]!)], 3]);
});

test('what cannot be tried again in time is given up at once', async (context) => {
  const { server, jobs } = await play(context, (response) =>
    json(response, 429, problem(429, 'queue_full'), { 'Retry-After': '30' }),
  );
  await assert.rejects(jobs.dispatch('played'), { code: 'queue_full', retryAfterSeconds: 30 });
  assert.equal(server.requests.length, 1);
});

test('what the server might do twice is sent once', async (context) => {
  const { server, jobs } = await play(context, (response) => response.destroy());
  await assert.rejects(jobs.jobTypes.register({ name: 'played', handler: { kind: 'worker' } }), ConnectionFailed);
  assert.equal(server.requests.length, 1);
});

test('a server that is not there is named', async (context) => {
  const { server, jobs } = await play(context, unavailable);
  server.close();
  await assert.rejects(played(jobs), (error) => {
    assert.ok(error instanceof ConnectionFailed && error.message.startsWith(jobs.url), String(error));
    return true;
  });
});

test('an abort ends the trying', async (context) => {
  const abort = new AbortController();
  const { jobs } = await play(context, (response) => {
    setTimeout(() => abort.abort(), 50);
    return json(response, 503, problem(503, 'store_unavailable'), { 'Retry-After': '5' });
  });
  const began = Date.now();
  await assert.rejects(jobs.dispatch('played', 1, { signal: abort.signal }), { name: 'AbortError' });
  assert.ok(Date.now() - began < 2000);
});

test('an answer that is no problem is still an error', async (context) => {
  const { jobs } = await play(context, (response) => response.writeHead(502).end('<h1>Bad gateway</h1>'));
  await assert.rejects(played(jobs), { status: 502, code: 'http_error' });
});

test('types of events, states and fields of a newer server are passed on', async (context) => {
  const { jobs } = await play(
    context,
    queued,
    (response) =>
      stream(response).end(
        block(1, 'queued') + block(2, 'teleported', { to_where: 'mars' }) + block(3, 'completed', { result: 1 }),
      ),
    (response) => json(response, 200, run('hibernating')),
    (response) => json(response, 200, run('completed', { result: 1, mood: 'good' })),
  );
  const run_ = await played(jobs);
  const events = await all(run_.events());
  assert.deepEqual(
    events.map((event) => event.type as string),
    ['queued', 'teleported', 'completed'],
  );
  assert.deepEqual(events[1]?.data as unknown, { toWhere: 'mars' });
  assert.equal(await run_.result(), 1);
  assert.equal((run_.data as Record<string, unknown>)['mood'], 'good');
});

test('a stream is read as browsers do, whatever the pieces, and resumed after the last whole event', async (context) => {
  const text =
    'retry: 1000\n\n: hello\n\n' +
    block(1, 'queued').replaceAll('\n', '\r\n') +
    block(2, 'log', { message: 'grüße' }) +
    block(3, 'log').slice(0, -1);
  const pieces = (response: ServerResponse) => {
    stream(response);
    const bytes = Buffer.from(text);
    let sent = 0;
    const send = () => {
      if (sent >= bytes.length) return response.destroy();
      return response.write(bytes.subarray(sent, (sent += 7)), () => setImmediate(send));
    };
    send();
  };
  const { server, jobs } = await play(
    context,
    queued,
    pieces,
    unavailable,
    (response) => stream(response).end(block(3, 'log') + 'id: 7\n\n'),
    (response) => stream(response).end(block(8, 'failed', { error: { code: 'x' } })),
  );
  const events = await all((await played(jobs)).events());
  assert.deepEqual(
    events.map((event) => event.seq),
    [1, 2, 3, 8],
  );
  assert.deepEqual(events[1]?.data, { message: 'grüße' });
  assert.deepEqual(
    server.requests.slice(1).map((request) => request.headers['last-event-id']),
    [undefined, '2', '2', '7'],
  );
});

test('204 is the end of a stream', async (context) => {
  const { jobs } = await play(context, queued, (response) => response.writeHead(204).end());
  assert.deepEqual(await all((await played(jobs)).events({ after: 3 })), []);
});

test('what is no stream is an error, not another try', async (context) => {
  const { jobs } = await play(context, queued, (response) => json(response, 200, {}));
  await assert.rejects(all((await played(jobs)).events()), ConnectionFailed);
});

test('what stops the listening goes to the listeners of error, or to the result', async (context) => {
  const gone = (response: ServerResponse) => json(response, 404, problem(404, 'run_not_found'));
  const server = await PlayedServer.that((request, response) =>
    request.url?.endsWith('/events')
      ? gone(response)
      : json(response, 200, run(request.url?.includes('wait') ? 'completed' : 'queued')),
  );
  context.after(() => server.close());
  const jobs = new Jobs(server.url);
  const logged = context.mock.method(console, 'error', () => undefined);
  const silent = (await played(jobs)).on('progress', () => undefined);
  await assert.rejects(silent.result(), { code: 'run_not_found' });
  assert.equal(logged.mock.callCount(), 1);

  const heard: unknown[] = [];
  const loud = (await played(jobs)).on('progress', () => undefined).on('error', (error) => heard.push(error));
  assert.equal(await loud.result(), null);
  assert.ok(heard.length === 1 && heard[0] instanceof ApiError && heard[0].code === 'run_not_found');
  assert.equal(logged.mock.callCount(), 1);
});

test('names change on the way, what users put in does not', async (context) => {
  const answer = { name: 'bulk', rate_limit: { limit: 5, per_seconds: 2 }, max_queued: 9, counts: { queued: 0 } };
  const { server, jobs } = await play(context, (response) => json(response, 200, answer));
  const queue = await jobs.queues.put('bulk', { rateLimit: { limit: 5, perSeconds: 2 }, maxQueued: 9 });
  assert.deepEqual(JSON.parse(server.requests[0]!.body), { rate_limit: { limit: 5, per_seconds: 2 }, max_queued: 9 });
  assert.deepEqual([queue.rateLimit, queue.maxQueued], [{ limit: 5, perSeconds: 2 }, 9]);
});

test('all that is told of a run has names in camelCase, and what users put in has not', async (context) => {
  const own = { snake_key: { due_at: '2026-01-01T00:00:00Z', inner_list: [{ other_key: 1 }] } };
  const error = { code: 'handler_error', type: 'KeyError', message: 'x', traceback: null };
  const time = '2026-01-01T00:00:00.000000Z';
  const told = run('running', {
    job_type_version: 3,
    payload: own,
    result: own,
    error,
    progress: { percent: 5, message: null, data: own },
    timeout_seconds: 60,
    due_at: time,
    expires_at: null,
    cancel_requested: false,
    metadata: { request_id: 'r' },
    newer_field: { of_a_newer: 'server' },
  });
  const attempt = { number: 1, worker_id: 'wrk_1', started_at: time, finished_at: null, outcome: null, error };
  const { jobs } = await play(
    context,
    (response) => json(response, 200, told),
    (response) => json(response, 200, { data: [attempt], next_cursor: null }),
    (response) =>
      stream(response).end(
        block(1, 'queued', { due_at: time }) +
          block(2, 'progress', { percent: 5, message: null, data: own }) +
          block(3, 'log', { level: 'info', message: 'm', fields: own }) +
          block(4, 'completed', { result: own }),
      ),
  );
  const read = await played(jobs);
  assert.deepEqual(read.data as object, {
    id: 'run_1',
    jobType: 'played',
    jobTypeVersion: 3,
    state: 'running',
    payload: own,
    result: own,
    error,
    progress: { percent: 5, message: null, data: own },
    timeoutSeconds: 60,
    dueAt: new Date(time),
    expiresAt: null,
    cancelRequested: false,
    metadata: { request_id: 'r' },
    newerField: { ofANewer: 'server' },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(read)).timeoutSeconds, 60);
  assert.deepEqual([read.payload, read.progress?.data, read.metadata], [own, own, { request_id: 'r' }]);
  assert.deepEqual(await read.attempts(), [
    { number: 1, workerId: 'wrk_1', startedAt: new Date(time), finishedAt: null, outcome: null, error },
  ]);
  assert.deepEqual(
    (await all(read.events())).map((event) => event.data as unknown),
    [
      { dueAt: new Date(time) },
      { percent: 5, message: null, data: own },
      { level: 'info', message: 'm', fields: own },
      { result: own },
    ],
  );
});

test('a misspelt type of event is refused, and a newer one is heard by *', async (context) => {
  const { jobs } = await play(context, queued, (response) =>
    stream(response).end(block(1, 'queued') + block(2, 'teleported') + block(3, 'completed', { result: 1 })),
  );
  const told = await played(jobs);
  const misspelt = { name: 'TypeError', message: /'complted'.*queued.*completed.*\*, error/ };
  assert.throws(() => told.on('complted' as 'completed', () => undefined), misspelt);
  assert.throws(() => told.off('complted' as 'completed'), misspelt);
  assert.throws(() => told.on('completed', undefined as never), {
    name: 'TypeError',
    message: /'completed'.*undefined/,
  });
  const heard: string[] = [];
  const ended = new Promise((resolve) => told.on('completed', resolve));
  told.on('*', (event) => heard.push(event.type));
  await ended;
  await new Promise(setImmediate);
  assert.deepEqual(heard, ['queued', 'teleported', 'completed']);
});

test('a filter of events that there is not reaches the server, which refuses it', async (context) => {
  const { server, jobs } = await play(context, (response) => json(response, 422, problem(422, 'invalid_request')));
  const misspelt = { jobTypes: 'a', tag: undefined, fromStart: true } as object;
  await assert.rejects(all(jobs.events(misspelt)), { code: 'invalid_request' });
  assert.equal(server.requests[0]?.path, '/v1/events?job_types=a&from=start');
});

test('address and key come from the environment where they are not given', async (context) => {
  const { server, jobs } = await play(context, queued);
  process.env['JOBS_URL'] = `${server.url}/`;
  process.env['JOBS_API_KEY'] = 'from-the-environment';
  try {
    await played(new Jobs());
  } finally {
    delete process.env['JOBS_URL'];
    delete process.env['JOBS_API_KEY'];
  }
  await played(jobs);
  await played(new Jobs(server.url, { apiKey: 'given' }));
  const keys = server.requests.map((request) => request.headers.authorization);
  assert.deepEqual(keys, ['Bearer from-the-environment', undefined, 'Bearer given']);
  assert.equal(new Jobs().url, 'http://127.0.0.1:8000');
  assert.throws(() => new Jobs('localhost:8000'), TypeError);
});

test('an own fetch stands in for the global one', async () => {
  const asked: string[] = [];
  const fake: typeof fetch = async (input) => {
    asked.push(String(input));
    return Response.json(run('queued'));
  };
  await played(new Jobs('http://jobs.example', { fetch: fake }));
  assert.deepEqual(asked, ['http://jobs.example/v1/runs/run_1']);
});
