/** Receiving handler calls and webhooks, with the reference library of Standard Webhooks on the other side. */
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Webhook } from 'standardwebhooks';
import {
  AttemptOver,
  HeadersInvalid,
  nodeListener,
  NonRetryable,
  readCall,
  readEvent,
  receive,
  receiveWebhook,
  Reporter,
  ReportRefused,
  RetryAfter,
  SecretInvalid,
  SignatureInvalid,
  Snooze,
  TooNew,
  TooOld,
  verify,
  VerificationFailed,
  type CallContext,
  type FetchHandler,
  type ReportItem,
  type WebhookEvent,
} from 'blazy-jobs/receiving';
import { json, PACKAGE, PlayedServer, until } from './support.js';

const secretOf = (key: Uint8Array) => `whsec_${Buffer.from(key).toString('base64')}`;
const SECRET = secretOf(new Uint8Array(32).map((_, place) => place));
const OTHER = secretOf(new Uint8Array(32).fill(7));
const TOKEN = 'rpt_0123456789';
const NOW = new Date('2027-01-15T08:00:00Z');
const BODY = '{"run": {"payload": "ä"}}';

function signed(body: string, id = 'run_1', { secret = SECRET, at = new Date() } = {}): Record<string, string> {
  const when = new Date(Math.floor(at.getTime() / 1000) * 1000);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(when.getTime() / 1000),
    'webhook-signature': new Webhook(secret).sign(id, when, body),
  };
}

interface CallOptions {
  reportUrl?: string;
  seconds?: number;
  jobType?: string;
}

function callBody(payload: unknown, { reportUrl, seconds = 60, jobType = 'resize-photo' }: CallOptions = {}): string {
  const run = {
    id: 'run_0000000000001',
    job_type: jobType,
    queue: 'default',
    state: 'running',
    payload,
    attempt: 2,
    max_attempts: 4,
    timeout_seconds: seconds,
    tags: ['photos'],
    metadata: { request_id: 'r-1' },
    created_at: '2026-11-28T12:00:00.000000Z',
  };
  const deadline_at = new Date(Math.floor(Date.now() / 1000) * 1000 + seconds * 1000).toISOString();
  return JSON.stringify({ run, attempt: 2, deadline_at, report: reportUrl ? { url: reportUrl, token: TOKEN } : null });
}

function eventBody(type = 'run.failed'): string {
  const data = { run_id: 'run_1', job_type: 'x', queue: 'default', state: 'failed', seq: 3, attempt: 1 };
  const error = { code: 'timeout', message: 'too slow' };
  return JSON.stringify({
    type,
    timestamp: '2026-11-28T12:00:00.000000Z',
    data: { ...data, error, result: { a_b: 1 } },
  });
}

const request = (body: string, headers = signed(body), init: RequestInit = {}) =>
  new Request('https://shop.example/jobs', { method: 'POST', body, headers, ...init });

const options = { secrets: SECRET };
const send = (handle: FetchHandler, body: string, headers?: Record<string, string>) => handle(request(body, headers));

/** Quiet while a handler fails on purpose. */
function hush(context: TestContext): void {
  context.mock.method(console, 'error', () => undefined);
}

/** Takes reports. */
class Desk {
  readonly requests: ReportItem[][] = [];
  readonly tokens = new Set<string | undefined>();
  answer: (items: ReportItem[]) => [number, unknown] | null = (items) => [200, heard(items)];
  #server!: PlayedServer;

  static async open(context: TestContext): Promise<Desk> {
    const desk = new Desk();
    desk.#server = await PlayedServer.that((incoming, response) => {
      const items = JSON.parse(desk.#server.requests.at(-1)!.body).reports as ReportItem[];
      desk.requests.push(items);
      desk.tokens.add(incoming.headers.authorization);
      const answered = desk.answer(items);
      if (answered) json(response, ...answered);
      else response.destroy();
    });
    context.after(() => desk.#server.close());
    return desk;
  }

  get url(): string {
    return `${this.#server.url}/v1/runs/run_1/report`;
  }

  get items(): ReportItem[] {
    return this.requests.flat();
  }
}

const heard = (items: ReportItem[], status = 'accepted', cancel = false) => ({
  data: items.map(() => ({ status, error: 'said so', cancel_requested: cancel })),
  cancel_requested: cancel,
});

test('what the reference signs is genuine, and no byte can be another', async () => {
  for (let round = 0; round < 150; round += 1) {
    const secret = secretOf(randomBytes(randomInt(24, 65)));
    const body = randomBytes(randomInt(1, 200)).toString(round % 2 ? 'base64' : 'latin1');
    const at = new Date(randomInt(1_000_000_000, 4_000_000_000) * 1000);
    const headers = signed(body, `msg_${round}`, { secret, at });
    const now = new Date(at.getTime() + randomInt(-300, 301) * 1000);
    const message = await verify(headers, body, secret, { now });
    assert.deepEqual([message.id, message.sentAt, Buffer.from(message.body).toString()], [`msg_${round}`, at, body]);
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    for (const name of names) {
      const text = headers[name]!;
      const place = randomInt(text.length);
      const other = String.fromCharCode(((text.charCodeAt(place) + randomInt(1, 95) - 32) % 95) + 32);
      if (other === text[place]) continue;
      const changed = { ...headers, [name]: text.slice(0, place) + other + text.slice(place + 1) };
      await assert.rejects(verify(changed, body, secret, { now }), VerificationFailed);
    }
    const bytes = Buffer.from(body);
    bytes[randomInt(bytes.length)]! ^= randomInt(1, 256);
    await assert.rejects(verify(headers, bytes, secret, { now }), SignatureInvalid);
    await assert.rejects(verify(headers, `${body} `, secret, { now }), SignatureInvalid);
  }
});

test('every character of a signature counts, those whose last bits stand for nothing too', async () => {
  const headers = signed(BODY, 'run_1', { at: NOW });
  const text = headers['webhook-signature']!.slice(3);
  for (let place = 0; place < text.length; place += 1) {
    for (const other of 'AQgw/8=') {
      if (other === text[place]) continue;
      const changed = { ...headers, 'webhook-signature': `v1,${text.slice(0, place)}${other}${text.slice(place + 1)}` };
      await assert.rejects(verify(changed, BODY, SECRET, { now: NOW }), SignatureInvalid);
    }
  }
});

test('what is genuine to us is so to the reference', async () => {
  const headers = signed(BODY);
  assert.equal((await verify(headers, BODY, SECRET)).id, 'run_1');
  assert.deepEqual(new Webhook(SECRET).verify(BODY, headers), JSON.parse(BODY));
});

test('one of several secrets and signatures is enough', async () => {
  const headers = signed(BODY);
  for (const secrets of [[SECRET, OTHER], [OTHER, SECRET], `${OTHER} ${SECRET}`, SECRET.slice(6)])
    assert.equal((await verify(headers, BODY, secrets)).id, 'run_1');
  const theirs = signed(BODY, 'run_1', { secret: OTHER })['webhook-signature']!;
  const ours = headers['webhook-signature']!;
  for (const text of [`${theirs} ${ours}`, `v1a,xyz ${theirs} v2,a nonsense ${ours}`])
    assert.equal((await verify({ ...headers, 'webhook-signature': text }, BODY, SECRET)).id, 'run_1');
  for (const text of [theirs, `v1,,${ours.slice(3)}`, 'v1,', 'v1,%%%'])
    await assert.rejects(verify({ ...headers, 'webhook-signature': text }, BODY, SECRET), SignatureInvalid);
  for (const text of ['v1a,abc', `v2,${ours.slice(3)}`, ' ', 'v1,abc '.repeat(1000)])
    await assert.rejects(verify({ ...headers, 'webhook-signature': text }, BODY, SECRET), HeadersInvalid);
});

test('headers come in the forms of runtimes', async () => {
  const headers = signed(BODY);
  const titles = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
  for (const form of [
    headers,
    titles,
    new Headers(headers),
    Object.entries(headers),
    { ...headers, cookie: ['a', 'b'] },
  ])
    assert.equal((await verify(form, BODY, SECRET)).id, 'run_1');
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const { [name]: _, ...rest } = headers;
    await assert.rejects(verify(rest, BODY, SECRET), new RegExp(`${name} is missing`));
    await assert.rejects(verify({ ...headers, [name]: [headers[name]!, 'b'] }, BODY, SECRET), /more than once/);
  }
  for (const timestamp of ['abc', '1e9', '1.5', '-1', '１８', '9'.repeat(40)])
    await assert.rejects(verify({ ...headers, 'webhook-timestamp': timestamp }, BODY, SECRET), HeadersInvalid);
});

test('five minutes in either direction, by both clocks', async () => {
  const headers = signed(BODY, 'run_1', { at: NOW });
  const at = (seconds: number) => ({ now: new Date(NOW.getTime() + seconds * 1000) });
  for (const seconds of [-300, 0, 300]) await verify(headers, BODY, SECRET, at(seconds));
  await assert.rejects(verify(headers, BODY, SECRET, at(301)), TooOld);
  await assert.rejects(verify(headers, BODY, SECRET, at(-301)), TooNew);
  await assert.rejects(verify(headers, BODY, SECRET, at(301)), /2027-01-15T08:05:01.*301 s ago.*300 s are tolerated/s);
  await verify(headers, BODY, SECRET, { ...at(3600), toleranceSeconds: 3600 });
});

test('errors say what to do, and show no secret', async () => {
  await assert.rejects(verify(signed(BODY), '{"run":{"payload":"ä"}}', SECRET), /byte for byte/);
  await assert.rejects(verify(signed(BODY), '', SECRET), /has something read it before/);
  await assert.rejects(verify(signed(BODY), JSON.parse(BODY), SECRET), /arrayBuffer/);
  for (const secrets of ['', [], 'whsec_', 'whsec_*secret*', secretOf(randomBytes(5)), [SECRET, '']])
    await assert.rejects(verify(signed(BODY), BODY, secrets), (error: Error) => {
      assert.ok(error instanceof SecretInvalid);
      return !error.message.includes('*secret*');
    });
  assert.throws(() => receive(() => 1), /JOBS_SIGNING_SECRET is not set/);
  process.env['JOBS_SIGNING_SECRET'] = `${OTHER} ${SECRET}`;
  try {
    assert.equal(
      (
        await send(
          receive(() => 1),
          callBody(null),
        )
      ).status,
      200,
    );
  } finally {
    delete process.env['JOBS_SIGNING_SECRET'];
  }
});

test('a run is carried out, and its result is the answer', async () => {
  const handle = receive(
    ({ photo_id }: { photo_id: string }, context) => ({
      path: `${photo_id}.jpg`,
      about: [context.runId, context.jobType, context.attempt, context.maxAttempts, context.tags, context.metadata],
      created: context.call.run.createdAt instanceof Date,
    }),
    options,
  );
  const answer = await send(handle, callBody({ photo_id: '7' }));
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), {
    path: '7.jpg',
    about: ['run_0000000000001', 'resize-photo', 2, 4, ['photos'], { request_id: 'r-1' }],
    created: true,
  });
});

test('what a handler says is a status', async (context) => {
  hush(context);
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const thrown = (error: unknown) => () => {
    throw error;
  };
  const cases: [() => unknown, number, Record<string, unknown> | null, string | null][] = [
    [() => undefined, 200, null, null],
    [thrown(new TypeError('no such photo')), 500, { message: 'no such photo', type: 'TypeError' }, null],
    [thrown('a text'), 500, { message: 'a text', code: 'handler_error' }, null],
    [thrown(new NonRetryable('declined')), 422, { message: 'declined', code: 'non_retryable' }, null],
    [thrown(new RetryAfter(12.2)), 503, { message: 'try again in 12.2 s' }, '13'],
    [thrown(new RetryAfter(300_000)), 503, {}, '86400'],
    [thrown(new Snooze(90)), 429, { message: 'snoozed for 90 s' }, '90'],
    [() => circle, 422, { code: 'invalid_result' }, null],
    [() => 2n, 422, { code: 'invalid_result' }, null],
    [thrown(new Error('ä'.repeat(2000))), 500, {}, null],
  ];
  for (const [handler, status, body, retryAfter] of cases) {
    const answer = await send(receive(handler, options), callBody(null));
    const found = await answer.json();
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get('retry-after'), retryAfter);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    if (body) assert.deepEqual({ ...found, ...body }, found);
    else assert.equal(found, null);
    assert.ok(Buffer.byteLength(found?.message ?? '') <= 1024);
  }
  for (const seconds of [-1, NaN, Infinity, 1e9]) assert.throws(() => new Snooze(seconds), RangeError);
});

test('jobs are served by name', async () => {
  const handle = receive(
    { double: (number: number) => number * 2, greet: async (name: string) => `hi ${name}` },
    options,
  );
  assert.equal(await (await send(handle, callBody(4, { jobType: 'double' }))).json(), 8);
  assert.equal(await (await send(handle, callBody('ada', { jobType: 'greet' }))).json(), 'hi ada');
  for (const jobType of ['other', 'constructor', '__proto__'])
    assert.equal((await send(handle, callBody(4, { jobType }))).status, 404);
});

test('who is not the server is refused, and what is none of it', async () => {
  const called: unknown[] = [];
  const handle = receive((payload) => called.push(payload), options);
  const body = callBody(null);
  assert.equal((await handle(new Request('https://shop.example/'))).status, 405);
  assert.equal((await send(handle, body, { ...signed(body), 'webhook-signature': 'v1,AAAA' })).status, 401);
  assert.equal((await send(handle, body, {})).status, 401);
  assert.equal((await send(handle, body, signed(body, 'run_1', { secret: OTHER }))).status, 401);
  for (const other of [eventBody(), '{}', '[]', '{', '{"run": {}}', callBody(null, { reportUrl: 'ftp://a' })])
    assert.equal((await send(handle, other)).status, 400);
  const small = receive((payload) => called.push(payload), { ...options, maxBodyBytes: 100 });
  assert.equal((await send(small, body)).status, 413);
  const read = request(body);
  await read.text();
  assert.match(await (await handle(read)).text(), /was read before/);
  assert.deepEqual(called, []);
});

test('what a handler says is there before its answer', async (context) => {
  const desk = await Desk.open(context);
  const silent = receive((parts: number) => parts, options);
  assert.equal(await (await send(silent, callBody(1, { reportUrl: desk.url }))).json(), 1);
  assert.deepEqual(desk.requests, []);
  const speaking = receive((parts: number, { progress, log }: CallContext) => {
    for (let part = 0; part < parts; part += 1) {
      progress(part, `part ${part}`, { part });
      log(`line ${part}`, 'warning', { part });
    }
    assert.throws(() => progress(NaN), RangeError);
    return 'said';
  }, options);
  assert.equal(await (await send(speaking, callBody(50, { reportUrl: desk.url }))).json(), 'said');
  const lines = desk.items.filter((item) => item.type === 'log');
  assert.deepEqual(
    lines.map((item) => item['message']),
    Array.from({ length: 50 }, (_, part) => `line ${part}`),
  );
  assert.deepEqual([lines[0]!['level'], lines[0]!['fields']], ['warning', { part: 0 }]);
  const progress = desk.items.filter((item) => item.type === 'progress').at(-1);
  assert.deepEqual(progress, { type: 'progress', percent: 49, message: 'part 49', data: { part: 49 } });
  assert.deepEqual([...desk.tokens], [`Bearer ${TOKEN}`]);
});

test('words that reach nobody delay no answer for long', async () => {
  const handle = receive((_: unknown, about: CallContext) => about.progress(1), options);
  const began = Date.now();
  assert.equal((await send(handle, callBody(null, { reportUrl: 'http://127.0.0.1:1/report' }))).status, 200);
  assert.ok(Date.now() - began < 9000);
});

const waiting = (_: unknown, about: CallContext) =>
  new Promise((_, reject) => about.signal.addEventListener('abort', () => reject(about.signal.reason)));

test('a handler is told when the server hangs up, cancels, or its time is over', async (context) => {
  hush(context);
  const body = callBody(null);
  for (const early of [true, false]) {
    const gone = new AbortController();
    let begun = false;
    const handle = receive((_: unknown, about: CallContext) => {
      begun = true;
      return waiting(_, about);
    }, options);
    const given = request(body, signed(body), { signal: gone.signal });
    const calling = handle(given);
    if (!early) await until(() => begun);
    gone.abort();
    assert.equal((await calling).status, 503);
    assert.equal(begun, !early);
  }
  const late = await send(receive(waiting, options), callBody(null, { seconds: 1 }));
  assert.equal(late.status, 500);
  assert.equal((await late.json()).code, 'timeout');
  const desk = await Desk.open(context);
  desk.answer = (items) => [200, heard(items, 'accepted', true)];
  const speaking = receive((_: unknown, about: CallContext) => {
    about.progress(1);
    return waiting(_, about);
  }, options);
  assert.equal((await send(speaking, callBody(null, { reportUrl: desk.url }))).status, 503);
});

test('with completion by report the answer comes first, and the work is waited for', async (context) => {
  hush(context);
  const desk = await Desk.open(context);
  const works: Promise<unknown>[] = [];
  const platform = { waitUntil: (work: Promise<unknown>) => void works.push(work) };
  let goOn!: () => void;
  const may = new Promise<void>((resolve) => (goOn = resolve));
  const reporting = { ...options, completion: 'report', beatSeconds: 0.02 } as const;
  const handle = receive(async (number: number, about: CallContext) => {
    about.progress(50);
    await may;
    return number * 2;
  }, reporting);
  const answer = await handle(request(callBody(21, { reportUrl: desk.url })), platform);
  assert.deepEqual([answer.status, await answer.text()], [202, '']);
  await until(() => desk.requests.filter((items) => items.length === 0).length >= 3);
  goOn();
  await Promise.all(works);
  assert.deepEqual(desk.items.at(-1), { type: 'completed', result: 42 });
  for (const [error, item] of [
    [new Snooze(9), { type: 'snoozed', delay_seconds: 9 }],
    [new RetryAfter(9), { type: 'failed', retryable: true, retry_after_seconds: 9 }],
    [new NonRetryable('no'), { type: 'failed', retryable: false }],
  ] as const) {
    const failing = receive(() => Promise.reject(error), reporting);
    await failing(request(callBody(null, { reportUrl: desk.url })), platform);
    await Promise.all(works);
    assert.deepEqual({ ...desk.items.at(-1), ...item }, desk.items.at(-1));
  }
});

test('an app that ends gives its runs back', async (context) => {
  hush(context);
  const desk = await Desk.open(context);
  let begun = 0;
  const stops = (_: unknown, { signal }: CallContext) =>
    new Promise((_resolve, reject) => {
      begun += 1;
      signal.addEventListener('abort', () => reject(new Error(`stopped: ${signal.reason}`)));
    });
  for (const handler of [stops, () => new Promise(() => undefined)]) {
    const handle = receive(handler, { ...options, completion: 'report' });
    assert.equal((await send(handle, callBody(1, { reportUrl: desk.url }))).status, 202);
    await handle.release();
    assert.deepEqual(desk.items, [{ type: 'released' }]);
    desk.requests.length = 0;
    const late = await send(handle, callBody(1, { reportUrl: desk.url }));
    assert.deepEqual([late.status, late.headers.get('retry-after')], [503, '1']);
    await handle.release();
    assert.deepEqual(desk.items, []);
  }
  const answering = receive(stops, options);
  const answer = send(answering, callBody(1));
  await until(() => begun === 2);
  await answering.release();
  assert.deepEqual([(await answer).status, (await answer).headers.get('retry-after')], [503, '1']);
});

test('who was cancelled before is not given back', async (context) => {
  hush(context);
  const desk = await Desk.open(context);
  desk.answer = (items) => [200, heard(items, 'accepted', true)];
  let told = false;
  const handle = receive(
    (_: unknown, { signal }: CallContext) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          told = true;
          setTimeout(resolve, 20);
        });
      }).then(() => signal.throwIfAborted()),
    { ...options, completion: 'report', beatSeconds: 0.02 },
  );
  await send(handle, callBody(1, { reportUrl: desk.url }));
  await until(() => told);
  await handle.release();
  assert.deepEqual(desk.items, [{ type: 'cancelled' }]);
});

test('a verdict is sent until it is heard; one that is refused becomes a failure', async (context) => {
  hush(context);
  const desk = await Desk.open(context);
  const works: Promise<unknown>[] = [];
  const platform = { waitUntil: (work: Promise<unknown>) => void works.push(work) };
  const handle = receive(() => 'ä', { ...options, completion: 'report' });
  const answers: ([number, unknown] | null)[] = [null, [500, {}], [503, {}], [200, heard([{ type: 'x' }])]];
  desk.answer = () => answers.shift()!;
  await handle(request(callBody(null, { reportUrl: desk.url })), platform);
  await Promise.all(works);
  assert.equal(desk.requests.length, 4);
  for (const items of desk.requests) assert.deepEqual(items, [{ type: 'completed', result: 'ä' }]);
  desk.answer = (items) => [200, heard(items, items[0]!.type === 'completed' ? 'rejected' : 'accepted')];
  await handle(request(callBody(null, { reportUrl: desk.url })), platform);
  await Promise.all(works);
  const last = desk.items.at(-1)!;
  assert.deepEqual([last.type, last['retryable']], ['failed', false]);
  assert.equal((last['error'] as { code: string }).code, 'invalid_result');
});

test('a heartbeat brings the cancel, and the end of the attempt', async (context) => {
  hush(context);
  for (const [answer, items] of [
    [(given: ReportItem[]) => [200, heard(given, 'accepted', true)], [{ type: 'cancelled' }]],
    [() => [401, { code: 'unauthorized' }], []],
  ] as const) {
    const desk = await Desk.open(context);
    desk.answer = answer as Desk['answer'];
    const works: Promise<unknown>[] = [];
    const handle = receive(waiting, { ...options, completion: 'report', beatSeconds: 0.01 });
    await handle(request(callBody(null, { reportUrl: desk.url })), { waitUntil: (work) => void works.push(work) });
    await Promise.all(works);
    assert.deepEqual(desk.items, items);
  }
});

test('someone else can report', async (context) => {
  const desk = await Desk.open(context);
  let kept: string | undefined;
  const handle = receive((_: unknown, about: CallContext) => {
    kept = JSON.stringify(about.report);
    return about.reportLater();
  }, options);
  assert.equal((await send(handle, callBody(null, { reportUrl: desk.url }))).status, 202);
  const reporter = new Reporter(JSON.parse(kept!));
  assert.deepEqual(await reporter.progress(400, 'half'), { cancelRequested: false });
  await reporter.log('sent', 'info', { to: 'ada' });
  await reporter.heartbeat();
  await reporter.fail(new TypeError('no'), { retryAfterSeconds: 60 });
  await reporter.snooze(1);
  await reporter.release();
  await reporter.cancelled();
  await reporter.complete({ a: 1 });
  assert.deepEqual(
    desk.items.map((item) => item.type),
    ['progress', 'log', 'failed', 'snoozed', 'released', 'cancelled', 'completed'],
  );
  assert.equal(desk.items[0]!['percent'], 100);
  await assert.rejects(reporter.snooze(-1), RangeError);
  for (const status of [401, 404, 409, 410]) {
    desk.answer = () => [status, { code: 'x' }];
    await assert.rejects(reporter.progress(1), AttemptOver);
  }
  desk.answer = (items) => [200, heard(items, 'lease_lost')];
  await assert.rejects(reporter.progress(1), AttemptOver);
  desk.answer = (items) => [200, heard(items, 'rejected')];
  await assert.rejects(
    reporter.progress(1),
    (error) => error instanceof ReportRefused && /said so/.test(error.message),
  );
  const answers: ([number, unknown] | null)[] = [null, [503, {}], [200, heard([{ type: 'x' }])]];
  desk.answer = () => answers.shift()!;
  await reporter.complete();
});

test('an event is given to its handler', async (context) => {
  hush(context);
  const events: WebhookEvent[] = [];
  const body = eventBody();
  const handle = receiveWebhook((event) => events.push(event), options);
  const answer = await send(handle, body, signed(body, 'evt_1'));
  assert.deepEqual([answer.status, await answer.text()], [204, '']);
  assert.deepEqual(events[0], await readEvent(signed(body, 'evt_1'), body, SECRET));
  const event = events[0]!;
  assert.ok(event.type === 'run.failed');
  assert.deepEqual([event.id, event.data.runId, event.data.seq], ['evt_1', 'run_1', 3]);
  assert.deepEqual([event.data.error?.code, event.data.result], ['timeout', { a_b: 1 }]);
  assert.equal(event.timestamp.toISOString(), '2026-11-28T12:00:00.000Z');
  const trial = JSON.stringify({ type: 'webhook.test', timestamp: '2026-11-28T12:00:00Z', data: { webhook: 'crm' } });
  await send(handle, trial);
  assert.ok(events[1]!.type === 'webhook.test');
  assert.equal(events[1]!.data.webhook, 'crm');
  const failing = receiveWebhook(() => Promise.reject(new Error('no')), options);
  assert.equal((await send(failing, body)).status, 500);
  assert.equal((await send(handle, callBody(null))).status, 400);
  assert.equal((await readCall(signed(callBody(7)), callBody(7), SECRET)).run.payload, 7);
});

async function listening(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jobs`;
}

test('under node:http, and behind frameworks that read the body', async (context) => {
  const handle = receive((name: string) => `hi ${name}`, { ...options, maxBodyBytes: 100_000 });
  const url = await listening(context, nodeListener(handle));
  const body = callBody('ädä');
  const post = (where: string, given = body) => fetch(where, { method: 'POST', body: given, headers: signed(given) });
  assert.equal(await (await post(url)).json(), 'hi ädä');
  assert.equal((await fetch(url)).status, 405);
  assert.equal((await post(url, callBody('x'.repeat(200_000)))).status, 413);
  assert.equal((await post(url, eventBody())).status, 400);
  const readBefore = (place: 'rawBody' | 'body', as: (text: Buffer) => unknown) =>
    listening(context, async (incoming, response) => {
      const bytes = Buffer.concat(await incoming.toArray());
      nodeListener(handle)(Object.assign(incoming, { [place]: as(bytes) }), response);
    });
  assert.equal(await (await post(await readBefore('body', (bytes) => bytes))).json(), 'hi ädä');
  assert.equal(await (await post(await readBefore('rawBody', (bytes) => bytes.toString()))).json(), 'hi ädä');
  const parsed = await post(await readBefore('body', (bytes) => JSON.parse(bytes.toString())));
  assert.equal(parsed.status, 401);
  assert.match(await parsed.text(), /has something read it before/);
});

test('under node:http a handler is told when the connection is closed', async (context) => {
  hush(context);
  let begun = false;
  let reason: unknown;
  const handle = receive((_: unknown, about: CallContext) => {
    begun = true;
    return waiting(_, about).catch((error) => (reason = error));
  }, options);
  const url = await listening(context, nodeListener(handle));
  const gone = new AbortController();
  const body = callBody(null);
  const calling = fetch(url, { method: 'POST', body, headers: signed(body), signal: gone.signal });
  await until(() => begun);
  gone.abort();
  await assert.rejects(calling);
  await until(() => reason);
  assert.match(String(reason), /cancelled/);
});

test('nothing but what every runtime has is used', () => {
  const folder = join(PACKAGE, 'dist', 'receiving');
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.js'))) {
    const code = readFileSync(join(folder, name), 'utf8');
    assert.doesNotMatch(code, /from '(?!\.)|\bBuffer\b|\brequire\(|process\./, name);
  }
});
