/** The definition of a job type, whole, and its versions: what the tabs beside the first one show. */
import { html } from "../vendor/preact.js";
import { part } from "../core/api.js";
import { to } from "../core/base.js";
import { duration, number } from "../core/text.js";
import { Json } from "../kit/json.js";
import { Facts, Section } from "../kit/page.js";
import { Time } from "../kit/time.js";
import { SOURCES } from "./definition-parts.js";

export { Versions } from "./job-type-versions.js";

/** The policy of retries in words. @param {any} retry */
function retryText(retry) {
  if (retry.max_attempts === 1) return "no retries";
  const grows = retry.backoff === "fixed" || retry.backoff === "constant" ? `${duration(retry.initial_seconds)} apart`
    : retry.backoff === "linear" ? `after ${duration(retry.initial_seconds)}, then as much longer each time`
    : `after ${duration(retry.initial_seconds)}, then ×${retry.factor} each time`;
  return `${number(retry.max_attempts)} attempts: ${grows}, at most ${duration(retry.max_seconds)}${retry.jitter ? ", with jitter" : ""}`;
}

/** @param {{ type: any }} props */
export function Definition({ type }) {
  const { handler } = type;
  return html`<div class="page">
    ${type.description && html`<${Section} title="Description"><p class="description" dir="auto">${type.description}</p><//>`}
    <${Section} title="Settings"><${Facts} columns=${true} items=${[
      ["Handler", handler.kind === "http" ? html`<span class="mono" dir="ltr">${handler.url}</span>` : "workers claim its runs"],
      ["Headers", handler.kind === "http" && Object.keys(handler.headers).join(", ")],
      ["Completed by", handler.kind === "http" && (handler.completion === "report" ? "a report" : "the answer")],
      ["Heartbeat", handler.heartbeat_seconds && duration(handler.heartbeat_seconds)],
      ["Queue", html`<a href=${to(`queues/${part(type.queue)}`)}>${type.queue}</a>`],
      ["Priority", String(type.priority)],
      ["Retries", retryText(type.retry)],
      ["If lost", type.retry.on_lost === "fail" ? "it fails" : "it is tried again"],
      ["Timeout", duration(type.timeout_seconds)],
      ["Expires", type.expires_seconds ? `if not started within ${duration(type.expires_seconds)}` : html`<span class="faint">never</span>`],
      ["Concurrency", type.concurrency ? `${number(type.concurrency)} at a time` : html`<span class="faint">no limit</span>`],
      ["Finished runs", `kept for ${duration(type.retention_seconds)}`],
      ["Failed runs", type.retention_failed_seconds !== undefined && type.retention_failed_seconds !== null && `kept for ${duration(type.retention_failed_seconds)}`],
      ["Redacted", type.redact.length > 0 && html`<span class="mono">${type.redact.join(", ")}</span>`],
      ["Version", String(type.version)],
      ["Defined by", SOURCES[type.source] ?? type.source],
      ["Created", html`<${Time} at=${type.created_at} exact=${true} />`],
      ["Changed", html`<${Time} at=${type.updated_at} exact=${true} />`],
    ]} /><//>
    <${Section} title="Payload schema">${type.payload_schema === null ? html`<span class="faint">Any JSON is taken.</span>` : html`<${Json} value=${type.payload_schema} what="The schema" />`}<//>
    ${type.result_schema !== null && html`<${Section} title="Result schema"><${Json} value=${type.result_schema} what="The schema" /><//>`}
  </div>`;
}
