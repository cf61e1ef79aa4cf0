// Drains a BullMQ queue with BullMQ's own worker. Arguments: the folder with the packages, Redis' URL, the number of
// jobs, the payload, the concurrency. It says `ready` once the jobs wait, begins at a line on standard input, says the
// seconds until the last job's result was stored, and lives until standard input ends, so that its processor time can
// be read.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, url, number, payload, concurrency] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { Queue, Worker } = require("bullmq");
const { Redis } = require("ioredis");

const FILLED_AT_ONCE = 1000;
const connect = () => new Redis(url, { maxRetriesPerRequest: null });
const name = `theirs-${process.pid}`;
const data = JSON.parse(payload);

const queue = new Queue(name, { connection: connect() });
for (let first = 0; first < Number(number); first += FILLED_AT_ONCE) {
  const size = Math.min(FILLED_AT_ONCE, Number(number) - first);
  await queue.addBulk(Array.from({ length: size }, () => ({ name: "noop", data })));
}
const worker = new Worker(name, async () => null, {
  connection: connect(),
  concurrency: Number(concurrency),
  autorun: false,
});
await worker.waitUntilReady();

let left = Number(number);
let began;
worker.on("completed", () => {
  if (--left === 0) console.log((performance.now() - began) / 1000);
});
worker.on("error", (error) => console.error(error));
createInterface({ input: process.stdin })
  .once("line", () => {
    began = performance.now();
    worker.run();
  })
  .on("close", () => process.exit(0));
console.log("ready");
