/** The README's examples: they are checked as TypeScript, and run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { JobServer, KEY, PACKAGE } from './support.js';

const BUILT = join(PACKAGE, '.built-tests');
const server = new JobServer();

before(() => server.start());
after(() => server.close());

test('the examples of the README do what they say', async () => {
  const readme = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
  const code = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]).join('\n');
  assert.match(code, /new Jobs\('http:\/\/127\.0\.0\.1:8000'\)/);
  writeFileSync(join(BUILT, 'readme.ts'), code.replaceAll('http://127.0.0.1:8000', server.url));
  const tsc = join(PACKAGE, 'node_modules', '.bin', 'tsc');
  const options = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--lib', 'es2022,dom,dom.iterable'];
  await promisify(execFile)(tsc, [...options, join(BUILT, 'readme.ts')]).catch((error) => assert.fail(error.stdout));
  const { stdout } = await promisify(execFile)(process.execPath, [join(BUILT, 'readme.js')], {
    env: { ...process.env, JOBS_API_KEY: KEY },
    timeout: 30_000,
  });
  const lines = stdout.trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 3), [
    'started, attempt 1',
    '50 rendering',
    "completed { message_id: '42', to: '123' }",
  ]);
  assert.deepEqual(lines.slice(3, 6), ["{ message_id: '42', to: '123' }", '1 queued', '2 started']);
  assert.match(stdout, /^\d completed\nrun_\w+ cancelled\n2 4\nsend-welcome-email true$/m);
  assert.match(stdout, /^typed 42 7\n7 7$/m);
  assert.match(stdout, /^3 times to come\ntrue\nnightly-mail true\n18\n18\nnightly-mail cron$/m);
});
