/** What stands around the client in its tests: a real server, a proxy that misbehaves, a server that is played. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const REPO = join(PACKAGE, '..', '..');
const PYTHON = process.env['BLAZY_JOBS_PYTHON'] ?? join(REPO, '.venv', 'bin', 'python');
const MARK = 'BLAZY_TEST_MARK';
export const KEY = 'a-key-for-tests';

/** A server process on a data folder of its own, with one worker that serves `jobs.py`. */
export class JobServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'blazy-jobs-'));
  readonly #mark = `${process.pid}-${Math.random()}`;
  #process: ChildProcess | undefined;
  port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when the server has said that it is ready; the second time on the same port and data. */
  async start(): Promise<this> {
    const log = openSync(join(this.folder, 'server.log'), 'a');
    const jobs = join(PACKAGE, 'tests', 'jobs.py');
    const where = ['--host', '127.0.0.1', '--port', String(this.port), '--data', join(this.folder, 'data')];
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('JOBS_'));
    const own = { [MARK]: this.#mark, JOBS_API_KEY: KEY, JOBS_STOP_GRACE_SECONDS: '1', PYTHONPATH: REPO };
    this.#process = spawn(
      PYTHON,
      ['-m', 'blazy_jobs_server.cli', 'serve', jobs, ...where, '--workers', '1', '--ready-fd', '3'],
      {
        cwd: REPO,
        env: { ...Object.fromEntries(others), ...own },
        stdio: ['ignore', log, log, 'pipe'],
      },
    );
    const ready = this.#process.stdio[3] as Readable;
    const [line] = await Promise.race([once(createInterface(ready), 'line'), once(this.#process, 'exit')]);
    if (typeof line !== 'string') throw new Error(`the server did not start:\n${this.log()}`);
    this.port = Number(new URL(line).port);
    return this;
  }

  /** SIGKILL to the server alone: its workers live on. */
  async kill(): Promise<void> {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Ends it and all that it has started. */
  async close(): Promise<void> {
    await this.kill();
    for (const pid of this.#marked()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await until(() => this.#marked().length === 0);
    rmSync(this.folder, { recursive: true, force: true });
  }

  log(): string {
    return readFileSync(join(this.folder, 'server.log'), 'utf8').split('\n').slice(-40).join('\n');
  }

  #marked(): number[] {
    const marked = (pid: number) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${this.#mark}`);
      } catch {
        return false;
      }
    };
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid && pid !== process.pid && marked(pid));
  }
}

/** Passes bytes on to a server, as long as the test lets it. */
export class Proxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: TcpServer;
  /** How many answers are still swallowed: the server has done its work, and the client never hears. */
  losesAnswers = 0;
  connections = 0;
  /** All that was sent to the server. */
  sent = '';

  private constructor(readonly target: { port: number }) {
    this.#server = createServer((client) => this.#connected(client));
  }

  static async to(target: { port: number }): Promise<Proxy> {
    const proxy = new Proxy(target);
    await listen(proxy.#server);
    return proxy;
  }

  get url(): string {
    return urlOf(this.#server);
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #connected(client: Socket): void {
    this.connections += 1;
    const server = connect(this.target.port, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (bytes) => {
      this.sent += bytes.toString('latin1');
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!this.losesAnswers) return client.write(bytes);
      this.losesAnswers -= 1;
      return client.destroy();
    });
  }
}

/** A server that is played by the test, which answers each request. */
export class PlayedServer {
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[] = [];
  readonly #server;

  private constructor(answer: (request: IncomingMessage, response: ServerResponse, number: number) => unknown) {
    this.#server = createHttpServer(async (request, response) => {
      const { method = '', url: path = '', headers } = request;
      this.requests.push({ method, path, headers, body: await text(request) });
      await answer(request, response, this.requests.length);
    });
  }

  static async that(answer: (request: IncomingMessage, response: ServerResponse, number: number) => unknown) {
    const server = new PlayedServer(answer);
    await listen(server.#server);
    return server;
  }

  get url(): string {
    return urlOf(this.#server);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'Content-Type': type, ...headers }).end(JSON.stringify(body));
}

export function stream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
}

/** A block of a stream: an event of a run, as the server writes it. */
export function block(seq: number, type: string, data: object = {}, id: string = String(seq)): string {
  const time = '2026-01-01T00:00:00.000000Z';
  const run = { run_id: 'run_1', job_type: 'played', queue: 'default', state: 'running', attempt: 1 };
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ id: `evt_${seq}`, seq, type, time, ...run, data })}\n\n`;
}

/** A run as a server tells it. */
export function run(state: string, more: object = {}): Record<string, unknown> {
  return { id: 'run_1', job_type: 'played', state, result: null, error: null, ...more };
}

export async function until(condition: () => unknown, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export function chromium(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
}

async function listen(server: TcpServer): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function urlOf(server: TcpServer): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
