import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiError, DispatchIncomplete, Jobs, RunCancelled, RunFailed, TimeoutError, type RunEvent } from 'blazy-jobs';
import { all, JobServer, KEY } from './support.js';

const server = new JobServer();
let jobs: Jobs;

before(async () => {
  await server.start();
  jobs = new Jobs(server.url, { apiKey: KEY });
});
after(() => server.close());

const refused = (code: string, status: number) => (error: unknown) =>
  error instanceof ApiError && error.code === code && error.status === status;

test('a run is dispatched, heard and answered', async () => {
  const run = await jobs.dispatch<{ message_id: string }>('send-welcome-email', { userId: '123' });
  const heard: unknown[] = [];
  run
    .on('started', (event) => heard.push(['started', event.data.workerId?.slice(0, 4)]))
    .on('progress', (event) => heard.push(['progress', event.data]))
    .on('completed', (event) => heard.push(['completed', event.data.result]))
    .on('failed', (event) => heard.push(['failed', event.data.error]));
  assert.deepEqual(await run.result({ timeoutSeconds: 20 }), { message_id: '42', to: '123' });
  assert.deepEqual(heard, [
    ['started', 'wrk_'],
    ['progress', { percent: 50, message: 'rendering', data: { template_name: 'welcome' } }],
    ['completed', { message_id: '42', to: '123' }],
  ]);
  assert.equal(run.state, 'completed');
  assert.ok(run.finishedAt && run.finishedAt >= run.createdAt);
});

test('every kind of event is told, with its data', async () => {
  const run = await jobs.dispatch('eventful');
  const events = await all(run.events({ timeoutSeconds: 20 }));
  const types = events.map((event) => event.type);
  assert.deepEqual(types.slice(0, 6), ['queued', 'started', 'interrupted', 'started', 'retrying', 'started']);
  assert.deepEqual(types.slice(6, 8).sort(), ['log', 'progress']);
  assert.deepEqual(types.slice(8), ['completed']);
  assert.deepEqual(
    events.map((event) => event.seq),
    events.map((_, index) => index + 1),
  );
  for (const event of events) {
    assert.ok(event.time instanceof Date && event.runId === run.id && event.jobType === 'eventful', event.type);
    if (event.type === 'queued') assert.ok(event.data.dueAt instanceof Date);
    else if (event.type === 'interrupted') assert.equal(event.data.reason, 'snoozed');
    else if (event.type === 'retrying') assert.equal(event.data.error.type, 'RuntimeError');
    else if (event.type === 'progress') assert.equal(event.data.percent, 100);
    else if (event.type === 'log') assert.equal(event.data.level, 'warning');
    else if (event.type === 'completed') assert.equal(event.data.result, 'at last');
  }
  const attempts = await run.attempts();
  assert.deepEqual(
    attempts.map((attempt) => attempt.number),
    [1, 2, 3],
  );
  assert.ok(attempts[0]?.startedAt instanceof Date);
});

test('the result of a failed run is its error', async () => {
  const run = await jobs.dispatch('doomed');
  await assert.rejects(run.result({ timeoutSeconds: 20 }), (error) => {
    assert.ok(error instanceof RunFailed);
    assert.equal(error.name, 'RunFailed');
    assert.deepEqual([error.runId, error.code, error.error?.type], [run.id, 'handler_error', 'ValueError']);
    return true;
  });
  const hopeless = await jobs.dispatch('hopeless');
  await assert.rejects(hopeless.result({ timeoutSeconds: 20 }), { code: 'non_retryable' });
});

test('a cancel ends a waiting run at once, and tells a running handler', async () => {
  const waiting = await jobs.dispatch('echo', 1, { delaySeconds: 600 });
  assert.equal(waiting.state, 'scheduled');
  assert.equal((await waiting.cancel('not needed')).state, 'cancelled');
  await assert.rejects(waiting.result(), (error) => error instanceof RunCancelled && error.reason === 'not needed');
  assert.equal((await waiting.cancel()).state, 'cancelled');

  const running = await jobs.dispatch('endless');
  const heard: string[] = [];
  running.on('*', (event) => heard.push(event.type)).on('started', () => running.cancel('enough'));
  await assert.rejects(running.result({ timeoutSeconds: 20 }), RunCancelled);
  assert.deepEqual(heard, ['queued', 'started', 'cancelling', 'cancelled']);

  const done = await (await jobs.dispatch('echo')).wait({ timeoutSeconds: 20 });
  await assert.rejects(done.cancel(), refused('run_finished', 409));
});

test('the options of a dispatch reach the server, and payloads go through untouched', async () => {
  const runAt = new Date(Date.now() + 3_600_000);
  const payload = { userId: 1, snake_case: { innerName: [null, 'ü', { due_at: '2026-01-01T00:00:00Z' }] } };
  const run = await jobs.dispatch('echo', payload, {
    runAt,
    queue: 'mails',
    priority: 7,
    retry: { maxAttempts: 2, backoff: 'fixed', initialSeconds: 1 },
    timeoutSeconds: 12,
    expiresSeconds: 7200,
    dedupeKey: 'one-of-these',
    tags: ['a', 'b'],
    metadata: { requestId: 'r-1', other_name: 'x' },
  });
  assert.deepEqual(
    [run.dueAt, run.queue, run.priority, run.maxAttempts, run.dedupeKey, run.tags, run.metadata, run.payload],
    [runAt, 'mails', 7, 2, 'one-of-these', ['a', 'b'], { requestId: 'r-1', other_name: 'x' }, payload],
  );
  assert.equal(run.data.timeoutSeconds, 12);
  assert.equal((await jobs.dispatch('echo', payload, { dedupeKey: 'one-of-these' })).id, run.id);
  assert.equal((await jobs.dispatch('echo', 1, { retry: 0, delaySeconds: 60 })).maxAttempts, 1);
  const echoed = await jobs.dispatch('echo', payload);
  assert.deepEqual(await echoed.result({ timeoutSeconds: 20 }), payload);
  const nothing = await jobs.dispatch('echo');
  assert.equal(await nothing.result({ timeoutSeconds: 20 }), null);
});

test('one idempotency key makes one run', async () => {
  const options = { idempotencyKey: 'signup-123' };
  const first = await jobs.dispatch('echo', { a: 1 }, options);
  assert.equal((await jobs.dispatch('echo', { a: 1 }, options)).id, first.id);
  await assert.rejects(jobs.dispatch('echo', { a: 2 }, options), refused('idempotency_key_reused', 422));
  assert.notEqual((await jobs.dispatch('echo', { a: 1 })).id, first.id);
  const again = await first.replay(options);
  assert.equal(again.replayOf, first.id);
  assert.deepEqual(await again.result({ timeoutSeconds: 20 }), { a: 1 });
});

test('a run is replayed with another payload, null too', async () => {
  const run = await jobs.dispatch('echo', { a: 1 });
  const options = { payload: { a: 2 }, idempotencyKey: 'altered' };
  const altered = await run.replay(options);
  assert.deepEqual([altered.replayOf, altered.payload], [run.id, { a: 2 }]);
  assert.equal((await run.replay(options)).id, altered.id);
  assert.deepEqual(await altered.result({ timeoutSeconds: 20 }), { a: 2 });
  assert.equal((await run.replay({ payload: null })).payload, null);
  assert.deepEqual((await run.replay({ payload: undefined })).payload, { a: 1 });
});

test('what waits is due at once', async () => {
  const run = await jobs.dispatch('echo', 1, { delaySeconds: 3600 });
  assert.equal(run.state, 'scheduled');
  assert.equal(await run.runNow(), run);
  assert.ok(run.dueAt.getTime() < Date.now() + 60_000);
  assert.equal(await run.result({ timeoutSeconds: 20 }), 1);
  await assert.rejects(run.runNow(), refused('run_finished', 409));
});

test('a refusal carries its code and its places', async () => {
  await assert.rejects(jobs.dispatch('no-such-job'), refused('job_type_not_found', 404));
  await jobs.jobTypes.put('checked', {
    handler: { kind: 'worker' },
    payloadSchema: { type: 'object', required: ['user_id'], properties: { user_id: { type: 'string' } } },
  });
  await assert.rejects(jobs.dispatch('checked', { user_id: 5 }), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code, error.errors[0]?.path], [422, 'invalid_payload', '/payload/user_id']);
    assert.match(error.message, /422 invalid_payload: .*\/payload\/user_id/);
    return true;
  });
  await assert.rejects(jobs.runs.get('run_nonsense'), refused('run_not_found', 404));
  await assert.rejects(new Jobs(server.url, { apiKey: 'wrong' }).dispatch('echo'), { status: 401, name: 'ApiError' });
});

test('many runs are dispatched in chunks, in order, and once', async () => {
  const items = Array.from({ length: 10_050 }, (_, number) => ({
    jobType: 'echo',
    payload: { number },
    delaySeconds: 3600,
    queue: 'many',
  }));
  const ids = await jobs.dispatchMany(items, { idempotencyKey: 'the-import' });
  assert.equal(new Set(ids).size, items.length);
  for (const place of [0, 9_999, 10_000, 10_049]) {
    assert.deepEqual((await jobs.runs.get(ids[place]!)).payload, { number: place });
  }
  assert.deepEqual(await jobs.dispatchMany(items, { idempotencyKey: 'the-import' }), ids);
  assert.deepEqual(await jobs.dispatchMany([]), []);

  items[10_020]!.jobType = 'no-such-job';
  await assert.rejects(jobs.dispatchMany(items), (error) => {
    assert.ok(error instanceof DispatchIncomplete && error.cause instanceof ApiError);
    assert.equal(error.ids.length, 10_000);
    assert.equal(error.cause.code, 'invalid_batch');
    assert.match(error.cause.errors[0]?.path ?? '', /^\/runs\/10020\//);
    return true;
  });
  await assert.rejects(jobs.dispatchMany([{ jobType: 'no-such-job' }]), refused('invalid_batch', 422));
});

test('runs are listed page by page', async () => {
  const tag = 'listed';
  const made = [];
  for (const number of [1, 2, 3, 4, 5]) made.push(await jobs.dispatch('echo', number, { tags: [tag] }));
  for (const run of made) await run.wait({ timeoutSeconds: 20 });
  const listed = await all(jobs.runs.list({ tag, limit: 2, state: ['completed', 'failed'] }));
  assert.deepEqual(
    listed.map((run) => run.id),
    made.map((run) => run.id).reverse(),
  );
  const filters = { tag, jobType: 'echo', state: 'completed' as const, createdAfter: made[0]!.createdAt };
  assert.equal((await all(jobs.runs.list(filters))).length, 5);
  assert.equal((await all(jobs.runs.list({ tag, createdBefore: new Date(0) }))).length, 0);
  for await (const run of jobs.runs.list({ tag, limit: 1 })) {
    assert.equal(run.id, made[4]!.id);
    break;
  }
  await jobs.runs.erase(made[0]!.id);
  await assert.rejects(made[0]!.refresh(), refused('run_not_found', 404));
});

test('job types are registered, changed, held back and retired', async () => {
  const definition = { name: 'made-here', handler: { kind: 'worker' as const }, retry: 2, timeoutSeconds: 5 };
  const made = await jobs.jobTypes.register(definition);
  assert.deepEqual([made.retry.maxAttempts, made.timeoutSeconds, made.version, made.source], [3, 5, 1, 'api']);
  assert.ok(made.createdAt instanceof Date);
  await assert.rejects(jobs.jobTypes.register(definition), refused('job_type_exists', 409));
  const schema = { type: 'object', properties: { someName: {}, other_name: {} } };
  const put = await jobs.jobTypes.put('made-here', { handler: { kind: 'worker' }, payloadSchema: schema });
  assert.deepEqual([put.version, put.payloadSchema], [2, schema]);
  const changed = await jobs.jobTypes.change('made-here', { retry: { maxAttempts: 9, onLost: 'fail' } });
  assert.deepEqual([changed.retry.maxAttempts, changed.retry.onLost], [9, 'fail']);
  assert.equal((await jobs.jobTypes.pause('made-here')).paused, true);
  const run = await jobs.dispatch('made-here', {});
  assert.equal((await run.refresh()).waitReason, 'paused');
  await assert.rejects(jobs.jobTypes.retire('made-here'), refused('job_type_in_use', 409));
  await run.cancel();
  assert.equal((await jobs.jobTypes.resume('made-here')).paused, false);
  assert.deepEqual((await jobs.jobTypes.get('made-here')).retry, changed.retry);
  const names = (await all(jobs.jobTypes.list({ limit: 3 }))).map((jobType) => jobType.name);
  assert.ok(names.includes('made-here') && names.includes('echo') && new Set(names).size === names.length);
  await jobs.jobTypes.retire('made-here');
  await assert.rejects(jobs.jobTypes.get('made-here'), refused('job_type_not_found', 404));
});

test('failures are grouped, and resolved', async () => {
  await jobs.jobTypes.put('fails-here', { handler: { kind: 'worker' }, retentionFailedSeconds: 60 });
  const run = await jobs.dispatch('fails-here', {}, { expiresSeconds: 0.001 });
  await assert.rejects(run.result({ timeoutSeconds: 20 }), RunFailed);
  const [group, ...others] = await all(jobs.errors.groups({ jobType: 'fails-here', limit: 1 }));
  assert.equal(others.length, 0);
  assert.deepEqual([group?.code, group?.count, group?.sampleRunId], ['expired', 1, run.id]);
  assert.ok(group?.lastAt instanceof Date);
  assert.equal((await run.resolve()).data.resolved, true);
  assert.deepEqual(await all(jobs.errors.groups({ jobType: 'fails-here' })), []);
  const waiting = await jobs.dispatch('fails-here', {});
  assert.equal((await waiting.explain()).blocking[0]?.reason, 'no_worker');
  await assert.rejects(waiting.resolve(), refused('run_not_failed', 409));
  await waiting.cancel();
});

test('queues are made, held back and listed', async () => {
  const made = await jobs.queues.put('bulk', { paused: false });
  assert.deepEqual([made.name, made.engine, made.rateLimit], ['bulk', 'database', null]);
  assert.equal((await jobs.queues.pause('bulk')).paused, true);
  await jobs.dispatch('echo', 1, { queue: 'bulk' });
  assert.equal((await jobs.queues.get('bulk')).counts.queued, 1);
  await assert.rejects(jobs.queues.get('no-such-queue'), refused('queue_not_found', 404));
  assert.equal((await jobs.queues.resume('bulk')).paused, false);
  const names = (await all(jobs.queues.list({ limit: 1 }))).map((queue) => queue.name);
  assert.ok(names.includes('bulk') && names.includes('default') && new Set(names).size === names.length);
});

test('keys are made, shown once, rotated and revoked', async () => {
  const made = await jobs.keys.create({
    name: 'ci',
    scopes: ['runs:read'],
    expiresAt: new Date('2100-01-01T00:00:00Z'),
  });
  assert.deepEqual([made.expiresAt, made.lastUsedAt], [new Date('2100-01-01T00:00:00Z'), null]);
  const reader = new Jobs(server.url, { apiKey: made.key });
  assert.deepEqual(await reader.keys.own(), {
    id: made.id,
    name: 'ci',
    scopes: ['runs:read'],
    jobTypes: null,
    queues: null,
  });
  await assert.rejects(reader.keys.create({ name: 'x', scopes: ['admin'] }), refused('forbidden', 403));
  const rotated = await jobs.keys.rotate(made.id, { overlapSeconds: 60 });
  assert.ok(rotated.id === made.id && rotated.key !== made.key && rotated.previousUntil instanceof Date);
  await reader.keys.own();
  await assert.rejects(jobs.keys.rotate(made.id), refused('rotation_pending', 409));
  assert.ok((await all(jobs.keys.list({ limit: 1 }))).some((key) => key.id === made.id && !('key' in key)));
  await jobs.keys.revoke(made.id);
  const [revoked] = await all(jobs.audit.list({ target: made.id, limit: 1 }));
  assert.deepEqual([revoked?.action, revoked?.outcome, revoked?.changed], ['key.revoke', 'done', []]);
  await assert.rejects(new Jobs(server.url, { apiKey: rotated.key }).keys.own(), refused('unauthorized', 401));
  await assert.rejects(jobs.keys.revoke('0000000000'), refused('key_not_found', 404));
});

test('webhooks are made, changed, given another secret and deleted', async () => {
  const made = await jobs.webhooks.create({ name: 'shop', url: 'https://shop.invalid/hook', jobTypes: ['echo'] });
  assert.match(made.secret, /^whsec_/);
  assert.deepEqual([made.jobTypes, made.queues, made.enabled, made.lastSuccessAt], [['echo'], null, true, null]);
  await assert.rejects(jobs.webhooks.create({ name: 'shop', url: made.url }), refused('webhook_exists', 409));
  const put = await jobs.webhooks.put('shop', { url: made.url, events: ['run.failed'], enabled: false });
  assert.ok(!('secret' in put) && put.events.length === 1 && !put.enabled && put.jobTypes === null);
  const changed = await jobs.webhooks.change('shop', { include: ['result'] });
  assert.deepEqual(await jobs.webhooks.get('shop'), changed);
  const rotated = await jobs.webhooks.rotateSecret('shop', { overlapSeconds: 60 });
  assert.ok(rotated.secret !== made.secret && rotated.previousSecretUntil instanceof Date);
  await jobs.webhooks.forgetPreviousSecret('shop');
  assert.deepEqual(await all(jobs.webhooks.deliveries('shop', { state: 'failed', limit: 1 })), []);
  assert.equal(await jobs.webhooks.recover('shop', new Date()), 0);
  await assert.rejects(jobs.webhooks.retry('shop', 'evt_0000000000000'), refused('delivery_not_found', 404));
  assert.equal((await all(jobs.webhooks.list({ limit: 1 })))[0]?.name, 'shop');
  await jobs.webhooks.delete('shop');
  await assert.rejects(jobs.webhooks.test('shop'), refused('webhook_not_found', 404));
});

test('a configuration is exported, compared and applied', async () => {
  const document = {
    owner: 'ts',
    job_types: [{ name: 'configured', handler: { kind: 'worker' as const }, priority: 3 }],
  };
  const diff = await jobs.config.diff(document);
  assert.deepEqual([diff.dryRun, diff.changes.map((change) => change.action)], [true, ['create']]);
  const applied = await jobs.config.apply(document);
  assert.deepEqual(applied.changes, diff.changes);
  const exported = await jobs.config.export({ owner: 'ts' });
  assert.deepEqual([exported.owner, exported.job_types[0]?.priority], ['ts', 3]);
  assert.deepEqual((await jobs.config.diff(exported)).changes, []);
  const gone = await jobs.config.apply({}, { owner: 'ts', prune: true });
  assert.deepEqual(
    gone.changes.map(({ action, name }) => [action, name]),
    [['delete', 'configured']],
  );
});

test('schedules are made, changed, held back and deleted', async () => {
  const definition = {
    name: 'nightly',
    jobType: 'echo',
    payload: { due_at: '2026-01-01T00:00:00Z' },
    trigger: { kind: 'cron' as const, expression: '30 2 * * *' },
    timezone: 'Europe/Berlin',
    endAt: new Date('2100-01-01T00:00:00Z'),
  };
  const made = await jobs.schedules.create(definition);
  assert.deepEqual([made.payload, made.trigger], [definition.payload, definition.trigger]);
  assert.deepEqual([made.endAt, made.catchUp, made.lastRunId, made.missed], [definition.endAt, 'latest', null, 0]);
  assert.ok(made.nextFireAt && made.nextFireAt > made.createdAt);
  await assert.rejects(jobs.schedules.create(definition), refused('schedule_exists', 409));
  const trigger = { kind: 'calendar' as const, every: { months: 1 }, hour: 3, minute: 0 };
  const put = await jobs.schedules.put('nightly', { jobType: 'echo', trigger, jitterSeconds: 5 });
  assert.deepEqual(
    [put.trigger, put.jitterSeconds, put.timezone, put.payload, put.endAt],
    [{ ...trigger, every: { months: 1, weeks: 0, days: 0 } }, 5, 'UTC', null, null],
  );
  const at = new Date(Date.now() + 3_600_000);
  const changed = await jobs.schedules.change('nightly', { trigger: { kind: 'date', at }, overlap: 'skip' });
  assert.deepEqual([changed.trigger, changed.overlap, changed.nextFireAt], [{ kind: 'date', at }, 'skip', at]);
  assert.equal(changed.jitterSeconds, 5);
  const paused = await jobs.schedules.pause('nightly');
  assert.deepEqual([paused.paused, paused.nextFireAt], [true, null]);
  assert.deepEqual((await jobs.schedules.resume('nightly')).nextFireAt, at);
  assert.deepEqual((await jobs.schedules.get('nightly')).nextFireAt, at);
  await jobs.schedules.put('another', { jobType: 'echo', trigger: { kind: 'interval', everySeconds: 3600 } });
  const names = (await all(jobs.schedules.list({ limit: 1 }))).map((schedule) => schedule.name);
  assert.deepEqual(names, ['another', 'nightly']);
  for (const name of names) await jobs.schedules.delete(name);
  assert.deepEqual(await all(jobs.schedules.list()), []);
  await assert.rejects(jobs.schedules.get('nightly'), refused('schedule_not_found', 404));
});

test('a schedule fires at its time, and makes a run when it is triggered', async () => {
  const at = new Date(Date.now() + 1000);
  const trigger = { kind: 'date' as const, at };
  await jobs.schedules.put('once', { jobType: 'echo', payload: { someName: 1 }, trigger, tags: ['at-last'] });
  const options = { idempotencyKey: 'trigger-1' };
  const triggered = await jobs.schedules.trigger('once', options);
  assert.equal((await jobs.schedules.trigger('once', options)).id, triggered.id);
  assert.deepEqual(await triggered.result({ timeoutSeconds: 20 }), { someName: 1 });
  for await (const event of jobs.events({ type: 'queued', tag: 'at-last', fromStart: true, timeoutSeconds: 20 })) {
    const run = await jobs.runs.get(event.runId);
    if (run.id === triggered.id) continue;
    assert.deepEqual([run.data.schedule, run.dueAt, run.payload], ['once', at, { someName: 1 }]);
    break;
  }
  assert.deepEqual((await jobs.schedules.get('once')).lastFireAt, at);
  await jobs.schedules.delete('once');
});

test('when a schedule fires is told, also over a change of the clocks', async () => {
  const plan = { trigger: { kind: 'cron' as const, expression: '30 2 * * *' }, timezone: 'Europe/Berlin' };
  const times = await jobs.schedules.preview({ ...plan, after: new Date('2026-03-28T12:00:00Z'), count: 2 });
  assert.deepEqual(times, [new Date('2026-03-29T01:00:00Z'), new Date('2026-03-30T00:30:00Z')]);
  const made = await jobs.schedules.put('foreseen', { jobType: 'echo', ...plan });
  assert.equal((await jobs.schedules.next('foreseen')).length, 10);
  assert.deepEqual(await jobs.schedules.next('foreseen', { count: 1 }), [made.nextFireAt]);
  await jobs.schedules.delete('foreseen');
  const never = { trigger: { kind: 'cron' as const, expression: '30 2 30 2 *' } };
  await assert.rejects(jobs.schedules.preview(never), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.errors[0]?.path], [422, '/trigger/expression']);
    return true;
  });
});

test('a wait ends at its time, or when it is told to', async () => {
  const run = await jobs.dispatch('endless');
  const began = Date.now();
  await assert.rejects(run.result({ timeoutSeconds: 0.3 }), TimeoutError);
  await assert.rejects(all(run.events({ timeoutSeconds: 0.3 })), TimeoutError);
  await assert.rejects(all(jobs.events({ timeoutSeconds: 0.3, tag: 'nothing' })), { name: 'TimeoutError' });
  await assert.rejects(run.wait({ signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough of it')), 200);
  await assert.rejects(all(run.events({ signal: abort.signal })), /enough of it/);
  await assert.rejects(jobs.dispatch('echo', 1, { signal: abort.signal }), /enough of it/);
  assert.ok(Date.now() - began < 5000);
  await run.cancel();
});

test('listeners come late, go, and fail without harm', async (context) => {
  const logged = context.mock.method(console, 'error', () => undefined);
  const run = await jobs.dispatch('eventful');
  const heard: string[] = [];
  const removed = () => assert.fail('it was removed');
  run
    .on('started', () => {
      throw new Error('of a listener');
    })
    .on('progress', () => Promise.reject(new Error('of a listener that promised')))
    .on('log', removed)
    .off('log', removed);
  await run.result({ timeoutSeconds: 20 });
  run.on('*', (event) => heard.push(event.type));
  await new Promise(setImmediate);
  assert.equal(heard.length, 9);
  assert.equal(logged.mock.callCount(), 4);

  const stopped = await jobs.dispatch('endless');
  await new Promise((resolve) => stopped.on('started', resolve));
  stopped.off();
  await stopped.cancel('done with');
  const rest: RunEvent[] = [];
  stopped.on('*', (event) => rest.push(event));
  await assert.rejects(stopped.result({ timeoutSeconds: 20 }), RunCancelled);
  assert.deepEqual(
    rest.map((event) => event.seq),
    [1, 2, 3, 4],
  );
});

test('the events of all runs are filtered, and resume from a cursor or from the start', async () => {
  const abort = new AbortController();
  const wanted = { tag: 'watched', type: ['queued', 'completed'] as const, signal: abort.signal };
  const made: string[] = [];
  for (const number of [1, 2, 3]) {
    const run = await jobs.dispatch('echo', number, { tags: ['watched'] });
    made.push(run.id);
    await run.wait({ timeoutSeconds: 20 });
  }
  const expected = made.flatMap((id) => [`${id} queued`, `${id} completed`]);
  const read: RunEvent[] = [];
  for await (const event of jobs.events({ ...wanted, fromStart: true, timeoutSeconds: 20 })) {
    read.push(event);
    if (read.length === expected.length) break;
  }
  assert.deepEqual(
    read.map((event) => `${event.runId} ${event.type}`),
    expected,
  );
  const again = [];
  for await (const event of jobs.events({ ...wanted, after: read[2]!.cursor, timeoutSeconds: 20 })) {
    again.push(event.id);
    if (again.length === 3) break;
  }
  assert.deepEqual(
    again,
    read.slice(3).map((event) => event.id),
  );
});

test('what has been read ends at once', async () => {
  const run = await (await jobs.dispatch('echo')).wait({ timeoutSeconds: 20 });
  const events = await all(run.events());
  assert.deepEqual(await all(run.events({ after: events.length })), []);
  assert.deepEqual(
    (await all(run.events({ after: 1 }))).map((event) => event.seq),
    [2, 3],
  );
});

test('digests come at once, and when something has changed', async () => {
  const stop = new AbortController();
  const digests = jobs.live({ timeoutSeconds: 60, signal: stop.signal });
  const { value: before } = await digests.next();
  assert.ok(before);
  await (await jobs.dispatch('echo', { name: 'ada' })).result({ timeoutSeconds: 30 });
  for await (const digest of digests) {
    if (digest.counts.completed <= before.counts.completed) continue;
    assert.ok(digest.versions.runs.completed > before.versions.runs.completed);
    assert.equal(typeof digest.workers.slots, 'number');
    break;
  }
  stop.abort();
});

test('the history has points of a step', async () => {
  const to = new Date();
  const from = new Date(to.getTime() - 7_200_000);
  const series = await jobs.stats.series({ from, to, stepSeconds: 900, jobType: 'echo' });
  assert.equal(series.stepSeconds, 900);
  assert.ok([8, 9].includes(series.data.length));
  assert.ok((await jobs.stats.now()).version);
  await assert.rejects(jobs.stats.series({ from: new Date(0), stepSeconds: 60 }), { code: 'invalid_request' });
});
