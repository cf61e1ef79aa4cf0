import { html } from "../vendor/preact.js";
import { ROOT } from "../core/base.js";
import { Empty } from "../kit/empty.js";

/** Before there is any run: the line to begin with. */
export function FirstRun() {
  const curl = `curl -X PUT ${ROOT}v1/job-types/hello \\
  -H 'Content-Type: application/json' \\
  -d '{"name": "hello", "handler": {"kind": "worker"}}'

curl ${ROOT}v1/job-types/hello/runs \\
  -H 'Content-Type: application/json' \\
  -d '{"payload": {"name": "Ada"}}'`;
  return html`<${Empty} icon="bolt" title="No runs yet"><p>Register a job type and dispatch its first run, from any language:</p><br /><pre>${curl}</pre><//>`;
}

