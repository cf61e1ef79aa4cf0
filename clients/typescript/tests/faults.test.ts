/** What the client makes of connections that break and of servers that die. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Jobs, type RunEvent } from 'blazy-jobs';
import { all, JobServer, KEY, Proxy, until } from './support.js';

const server = new JobServer();
let proxy: Proxy;
let jobs: Jobs;

before(async () => {
  await server.start();
  proxy = await Proxy.to(server);
  jobs = new Jobs(proxy.url, { apiKey: KEY });
});
after(async () => {
  proxy?.close();
  await server.close();
});

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a dispatch whose answer was lost makes one run', async () => {
  proxy.sent = '';
  proxy.losesAnswers = 2;
  const run = await jobs.dispatch('echo', { once: true }, { tags: ['lost-answer'] });
  const keys = [...proxy.sent.matchAll(/idempotency-key: (\w+)/gi)].map((match) => match[1]);
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  const listed = await all(jobs.runs.list({ tag: 'lost-answer' }));
  assert.deepEqual(
    listed.map((each) => each.id),
    [run.id],
  );
});

test('a cancel whose answer was lost is a cancel', async () => {
  const run = await jobs.dispatch('echo', 1, { delaySeconds: 600 });
  proxy.losesAnswers = 1;
  assert.equal((await run.cancel('once')).state, 'cancelled');
});

test('a stream that is cut again and again tells each event once and in order', async () => {
  const before = proxy.connections;
  const run = await jobs.dispatch('counting', { lines: 60 });
  const heard: number[] = [];
  run.on('*', (event) => heard.push(event.seq));
  const seen: RunEvent[] = [];
  for await (const event of run.events({ timeoutSeconds: 20 })) {
    seen.push(event);
    if (event.seq % 15 === 0) proxy.cut();
  }
  assert.equal(await run.result({ timeoutSeconds: 20 }), 60);
  assert.deepEqual(
    seen.map((event) => event.seq),
    oneTo(63),
  );
  assert.equal(seen.at(-1)?.type, 'completed');
  assert.deepEqual(heard, oneTo(63));
  assert.ok(proxy.connections - before > 4);
});

test('the stream of all runs resumes where it was cut', async () => {
  const dispatching = (async () => {
    const direct = new Jobs(server.url, { apiKey: KEY });
    const ids = [];
    for (const number of oneTo(6)) {
      const run = await direct.dispatch('echo', number, { tags: ['cut'] });
      ids.push((await run.wait({ timeoutSeconds: 20 })).id);
    }
    return ids;
  })();
  const seen: string[] = [];
  for await (const event of jobs.events({ tag: 'cut', fromStart: true, timeoutSeconds: 20 })) {
    seen.push(`${event.runId} ${event.seq}`);
    if (seen.length % 4 === 0) proxy.cut();
    if (seen.length === 18) break;
  }
  const expected = (await dispatching).flatMap((id) => oneTo(3).map((seq) => `${id} ${seq}`));
  assert.deepEqual(seen, expected);
});

test('listeners and results survive the end of the server', async () => {
  const gate = join(server.folder, 'gate');
  const run = await jobs.dispatch('counting', { lines: 20, gate });
  const heard: RunEvent[] = [];
  run.on('*', (event) => heard.push(event));
  const followed = all(run.events({ timeoutSeconds: 60 }));
  const result = run.result({ timeoutSeconds: 60 });
  await until(() => heard.length >= 10);
  await server.kill();
  await server.start();
  writeFileSync(gate, '');
  assert.equal(await result, 20);
  const seen = await followed;
  assert.deepEqual(
    seen.map((event) => event.seq),
    oneTo(seen.length),
  );
  assert.equal(seen.at(-1)?.type, 'completed');
  assert.deepEqual(
    heard.map((event) => event.id),
    seen.map((event) => event.id),
  );
});
