// One Node process that does as it is told: commands are JSON lines on standard input, answers and news on standard
// output. It uses BullMQ as any Node program does.
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { FlowProducer, Queue, QueueEvents, defaultRepeatStrategy, UnrecoverableError, Worker } from "bullmq";

const connect = () => new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const queues = new Map();
const workers = [];
const listeners = new Map();

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function queueOf(name, prefix = "bull") {
  const key = `${prefix}:${name}`;
  if (!queues.has(key)) queues.set(key, new Queue(name, { connection: connect(), prefix }));
  return queues.get(key);
}

async function eventsOf(name) {
  if (!listeners.has(name)) {
    const events = new QueueEvents(name, { connection: connect() });
    await events.waitUntilReady();
    listeners.set(name, events);
  }
  return listeners.get(name);
}

// What a job's data asks for: {progress: [...], logs: [...], fail: n (attempts), stop: bool, raise: anything,
// sleep: ms, long: length, result}
async function carryOut(job) {
  say({ news: "started", id: job.id, name: job.name, data: job.data, priority: job.priority, attempt: job.attemptsMade });
  const asked = job.data ?? {};
  for (const value of asked.progress ?? []) await job.updateProgress(value);
  for (const line of asked.logs ?? []) await job.log(line);
  if (asked.sleep) await sleep(asked.sleep);
  if (asked.stop) throw new UnrecoverableError("never ✗");
  if (job.attemptsMade < (asked.fail ?? 0)) throw new TypeError(`no luck ✗ ${job.attemptsMade + 1}`);
  if (asked.raise) throw asked.raise;
  if (asked.long) return "x".repeat(asked.long);
  return asked.result ?? { done: job.data };
}

const commands = {
  async add({ queue, name, data, opts }) {
    return (await queueOf(queue).add(name, data, opts)).id;
  },
  async bulk({ queue, name, count }) {
    const jobs = Array.from({ length: count }, (_, n) => ({ name, data: { n } }));
    return (await queueOf(queue).addBulk(jobs)).map((job) => job.id);
  },
  async work({ queue, concurrency = 1, opts = {} }) {
    const worker = new Worker(queue, carryOut, { connection: connect(), concurrency, drainDelay: 1, ...opts });
    worker.on("error", (error) => say({ news: "error", message: String(error) }));
    workers.push(worker);
    await worker.waitUntilReady();
  },
  async stop() {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
  },
  async listen({ queue }) {
    const events = await eventsOf(queue);
    for (const kind of ["progress", "completed", "failed", "removed", "delayed", "paused", "resumed"])
      events.on(kind, (args) => say({ news: kind, ...(args ?? {}) }));
  },
  async wait({ queue, id, ms }) {
    const job = await queueOf(queue).getJob(id);
    return await job.waitUntilFinished(await eventsOf(queue), ms);
  },
  async job({ queue, id }) {
    const job = await queueOf(queue).getJob(id);
    return job ? { ...job.asJSON(), state: await job.getState(), logs: (await queueOf(queue).getJobLogs(id)).logs } : null;
  },
  async scheduler({ queue, id, repeat, template }) {
    return (await queueOf(queue).upsertJobScheduler(id, repeat, template))?.id;
  },
  async schedulers({ queue }) {
    return await queueOf(queue).getJobSchedulers();
  },
  async removeScheduler({ queue, id }) {
    return await queueOf(queue).removeJobScheduler(id);
  },
  async limit({ queue, concurrency, max, duration }) {
    if (concurrency) await queueOf(queue).setGlobalConcurrency(concurrency);
    if (max) await queueOf(queue).setGlobalRateLimit(max, duration);
  },
  async flow({ tree }) {
    const node = await new FlowProducer({ connection: connect() }).add(tree);
    return { id: node.job.id, children: (node.children ?? []).map((child) => child.job.id) };
  },
  async promote({ queue, id }) {
    await (await queueOf(queue).getJob(id)).promote();
  },
  async jobs({ queue, states }) {
    return (await queueOf(queue).getJobs(states)).map((job) => ({ ...job.asJSON(), delay: job.delay }));
  },
  cronTimes({ pattern, tz, from, count }) {
    const times = [];
    for (let at = from; times.length < count; ) {
      at = defaultRepeatStrategy(at, { pattern, ...(tz ? { tz } : {}) });
      times.push(at ?? null);
      if (!at) break;
    }
    return times;
  },
  async counts({ queue }) {
    return await queueOf(queue).getJobCounts();
  },
  async pause({ queue }) {
    await queueOf(queue).pause();
  },
  async resume({ queue }) {
    await queueOf(queue).resume();
  },
  async paused({ queue }) {
    return await queueOf(queue).isPaused();
  },
  async remove({ queue, id }) {
    await (await queueOf(queue).getJob(id)).remove();
  },
};

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const { ask, command, ...rest } = JSON.parse(line);
    try {
      say({ ask, answer: (await commands[command](rest)) ?? null });
    } catch (error) {
      say({ ask, error: String(error?.message ?? error) });
    }
  })
  .on("close", () => process.exit(0));
say({ news: "ready" });
