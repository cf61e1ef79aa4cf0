// One run's life, each step by the code of another generator. It must compile, and work.
import * as kubb from "./kubb/index";
import * as orval from "./orval/api";
import { Configuration, RunsApi, WorkersApi } from "./typescript-fetch/index";
import type { components } from "./types";

declare const JOBS_URL: string;
type Shapes = components["schemas"];

const dispatch: Shapes["DispatchIn"] = { payload: { to: "a@example.com" } };
const claim: Shapes["ClaimIn"] = { max: 1 };
const trigger: Shapes["TriggerIn"] = { kind: "calendar", every: { days: 1 } };
const queue: Shapes["QueueIn"] = {};

// kubb's client says the type of a body only where it is told.
const headers = { "Content-Type": "application/json" };

const registered = await orval.registerJobType({ name: "welcome", handler: { kind: "worker" } });
if (registered.status !== 201) throw new Error(JSON.stringify(registered));
const run = await kubb.dispatchRun("welcome", dispatch, undefined, { headers });

const configuration = new Configuration({ basePath: JOBS_URL });
const workers = new WorkersApi(configuration);
const worker = await workers.registerWorker({ workerIn: { name: "w", jobTypes: ["welcome"] } });
const leases = await workers.claimRuns({ workerId: worker.id, claimIn: { max: claim.max } });
const lease = leases?.data[0];
if (lease === undefined) throw new Error("nothing was claimed");
const report: Shapes["CompletedReport"] = {
  type: "completed",
  run_id: run.id,
  attempt: lease.attempt,
  lease_token: lease.leaseToken,
  result: 42,
};
const reported = await kubb.reportRuns(worker.id, { reports: [report] }, { headers });

const read = await orval.getRun(run.id);
if (read.status !== 200) throw new Error(JSON.stringify(read));
const page = await new RunsApi(configuration).listRuns({ state: ["completed"] });
const schedule = await kubb.createSchedule({ name: "daily", job_type: "welcome", trigger }, { headers });
await orval.putQueue("mail", queue);
const events = await orval.followRun(run.id, undefined, { headers: { Accept: "application/json" } });

console.log(
  JSON.stringify({
    status: reported.data[0]?.status,
    state: read.data.state,
    result: read.data.result,
    listed: page.data.map((found) => found.id === run.id),
    schedule: schedule.trigger.kind,
    events: events.status,
  }),
);
