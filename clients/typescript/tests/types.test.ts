/** What the compiler takes of a caller's code, and what it refuses. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PACKAGE } from './support.js';

const PROLOGUE = `
import { Jobs, RunFailed, type Run, type RunEvent } from 'blazy-jobs';

interface MyJobs {
  'send-welcome-email': { payload: { userId: string }; result: { message_id: string } };
  count: { payload?: number; result: number };
  tidy: {};
}
const jobs = new Jobs<MyJobs>();
const open = new Jobs();
const run = await jobs.dispatch('send-welcome-email', { userId: '1' });
`;

const RIGHT = `
export const told: { message_id: string } = await run.result();
export const kept: string = run.payload.userId + run.data.payload.userId + (run.data.result?.message_id ?? '');
export const facts: [number, Date, Date | null, string | null, boolean] = [
  run.data.timeoutSeconds, run.data.dueAt, run.data.finishedAt, run.data.workerId, run.data.cancelRequested];
run.on('completed', (event) => event.data.result.message_id.length).on('*', (event: RunEvent) => event.runId);
run.on('retrying', (event) => event.data.dueAt.getTime()).on('started', (event) => event.data.workerId);
run.on('progress', (event) => event.data.percent ?? event.data.data);
export const counted: number = (await (await jobs.dispatch('count')).replay()).data.result ?? 0;
export const altered: number | null = (await (await jobs.dispatch('count')).replay({ payload: 5 })).payload;
export const payload: number | null = (await jobs.dispatch('count', 5, { priority: 3 })).payload;
await jobs.dispatch('tidy');
await jobs.dispatch('tidy', { anything: 1 }, { delaySeconds: 5 });
await jobs.dispatchMany([
  { jobType: 'send-welcome-email', payload: { userId: '1' }, priority: 1 }, { jobType: 'count' }, { jobType: 'tidy', payload: 1 }]);
for await (const each of jobs.runs.list({ jobType: 'count', state: 'completed' })) (await each.result()).toFixed();
for await (const each of jobs.runs.list({ tag: 'x' })) String(await each.result());
for await (const each of jobs.events({ jobType: 'count' })) if (each.type === 'completed') each.data.result.toFixed();
await jobs.schedules.put('s', { jobType: 'count', payload: 1, trigger: { kind: 'interval', everySeconds: 60 } });
await jobs.schedules.put('s', { jobType: 'tidy', trigger: { kind: 'interval', everySeconds: 60 } });
const any: Run[] = [run, await jobs.dispatch('count'), await open.dispatch('whatever', { it: 'is' })];
const given: { id: string } = await (await open.dispatch<{ id: string }>('whatever')).result();
const name: string = any[0]!.jobType + given.id;
await open.dispatch(name, 5);
await open.dispatchMany([{ jobType: name, payload: 5 }, { jobType: 'other' }]);
for await (const each of open.runs.list({ jobType: name, createdAfter: new Date(0) })) console.log(each.data.jobTypeVersion);
for await (const each of run.events()) if (each.type === 'failed') console.log(each.data.error.traceback);
for (const each of await run.attempts()) console.log(each.workerId, each.finishedAt?.getTime(), each.error?.code);
export const failed = (error: unknown) => (error instanceof RunFailed ? error.error?.message : '');
`;

const WRONG = [
  "jobs.dispatch('send-welcom-email', { userId: '1' });",
  "jobs.dispatch('send-welcome-email', { userid: '1' });",
  "jobs.dispatch('send-welcome-email', { userId: 1 });",
  "jobs.dispatch('send-welcome-email');",
  "jobs.dispatch('send-welcome-email', { userId: '1' }, { prority: 1 });",
  "jobs.dispatch('count', 'five');",
  'export const text: string = (await run.result()).messageId;',
  "export const text2: string = await (await jobs.dispatch('count', 1)).result();",
  'export const text3: string = (await run.replay()).data.result!.messageId;',
  "run.replay({ payload: { userid: '1' } });",
  "run.on('completed', (event) => event.data.result.messageId);",
  "run.on('complted', () => undefined);",
  "run.off('complted');",
  "run.on('progress', (event) => event.data.percnt);",
  'export const seconds = run.data.timeout_seconds;',
  "jobs.dispatchMany([{ jobType: 'nope' }]);",
  "jobs.dispatchMany([{ jobType: 'send-welcome-email' }]);",
  "jobs.dispatchMany([{ jobType: 'count', payload: 'five' }]);",
  "jobs.runs.list({ jobType: 'nope' });",
  "jobs.runs.list({ stat: 'failed' });",
  "jobs.runs.list({ state: 'faild' });",
  "for await (const each of jobs.runs.list({ jobType: 'count' })) (await each.result()).length;",
  'for await (const each of jobs.runs.list()) (await each.result()).toFixed();',
  "jobs.events({ jobType: 'nope' });",
  "jobs.events({ type: 'complted' });",
  "jobs.events({ types: 'completed' });",
  "jobs.schedules.put('s', { jobType: 'nope', trigger: { kind: 'interval', everySeconds: 60 } });",
  "jobs.schedules.put('s', { jobType: 'count', payload: 'x', trigger: { kind: 'interval', everySeconds: 60 } });",
  "open.dispatch('whatever', 1, { prority: 1 });",
  "open.runs.list({ stat: 'failed' });",
  'export const wrong = new Jobs<{ count: { paylod: number } }>();',
  'export const wrong2 = new Jobs<{ count: number }>();',
];

test('right uses compile, and each wrong one is refused', async () => {
  const before = (PROLOGUE + RIGHT).split('\n').length;
  const file = join(PACKAGE, '.built-tests', 'uses.ts');
  writeFileSync(file, [PROLOGUE + RIGHT, ...WRONG].join('\n'));
  const tsc = join(PACKAGE, 'node_modules', '.bin', 'tsc');
  const options = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--lib', 'es2022,dom,dom.iterable'];
  const found: string = await promisify(execFile)(tsc, [...options, '--noEmit', '--pretty', 'false', file]).then(
    () => '',
    (error) => error.stdout,
  );
  const lines = new Set([...found.matchAll(/uses\.ts\((\d+),\d+\): error/g)].map((match) => Number(match[1])));
  assert.deepEqual(
    [...lines].filter((line) => line <= before),
    [],
    found,
  );
  const missed = WRONG.filter((_, place) => !lines.has(before + 1 + place));
  assert.deepEqual(missed, []);
});
