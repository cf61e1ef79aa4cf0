/** The built package in a real browser, on a page of the server's own origin. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium as launcher } from 'playwright-core';
import type { Jobs as JobsClass } from 'blazy-jobs';
import { chromium, JobServer, KEY, PACKAGE } from './support.js';

const executablePath = chromium();
const PAGE = `<!doctype html><script type="importmap">{"imports":{"blazy-jobs":"/dist/index.js"}}</script>
<script type="module">import * as blazy from 'blazy-jobs'; window.blazy = blazy;</script>`;

/** Serves the page and the package, and passes the API on to the server with its key, as a backend would. */
class Origin {
  readonly #server: Server;

  constructor(target: JobServer) {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '/';
      if (path === '/') return response.setHeader('Content-Type', 'text/html').end(PAGE);
      if (path.startsWith('/dist/') && extname(path) === '.js') {
        return response.setHeader('Content-Type', 'text/javascript').end(readFileSync(join(PACKAGE, path)));
      }
      if (!path.startsWith('/v1/')) return response.writeHead(404).end();
      const headers = { ...request.headers, authorization: `Bearer ${KEY}` };
      const onward = forward(`${target.url}${path}`, { method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      return request.pipe(onward);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks all connections, the streams too. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

const server = new JobServer();
const origin = new Origin(server);

before(async () => {
  if (executablePath) await server.start();
});
after(async () => {
  origin.close();
  await server.close();
});

test('it works in a browser', { skip: executablePath ? false : 'Chromium is not installed' }, async () => {
  const browser = await launcher.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.exposeFunction('cut', () => origin.cut());
    await page.goto(await origin.start());
    await page.waitForFunction(() => 'blazy' in globalThis);
    const seen = await page.evaluate(async () => {
      const { blazy, cut } = globalThis as unknown as { blazy: { Jobs: typeof JobsClass }; cut(): Promise<void> };
      const jobs = new blazy.Jobs();
      const run = await jobs.dispatch('send-welcome-email', { userId: 'ü' });
      const heard: string[] = [];
      run.on('*', (event) => heard.push(event.type));
      const result = await run.result({ timeoutSeconds: 20 });
      const counting = await jobs.dispatch('counting', { lines: 10 });
      const seqs: number[] = [];
      for await (const event of counting.events({ timeoutSeconds: 20 })) {
        seqs.push(event.seq);
        if (event.seq === 5) await cut();
      }
      const code = await jobs.dispatch('no-such-job').catch((error) => error.code);
      return { url: jobs.url, result, heard: heard.filter((type) => type !== 'log'), seqs, code };
    });
    assert.deepEqual(seen, {
      url: new URL(page.url()).origin,
      result: { message_id: '42', to: 'ü' },
      heard: ['queued', 'started', 'progress', 'completed'],
      seqs: Array.from({ length: 13 }, (_, index) => index + 1),
      code: 'job_type_not_found',
    });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
});
