import { BodyInvalid, NonRetryable, RetryAfter, Snooze, VerificationFailed } from './errors.js';
import { failedItem, type ReportItem } from './reporter.js';

const MAX_MESSAGE_BYTES = 1024;
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** What an attempt came to, as a report; `result` is its JSON already. */
export function verdictOf(value: unknown): ReportItem {
  try {
    const result: unknown = JSON.parse(JSON.stringify(value ?? null) ?? 'null');
    return { type: 'completed', result };
  } catch (error) {
    return failedItem(`the result cannot be written as JSON: ${(error as Error).message}`, 'invalid_result', false);
  }
}

export function verdictOfError(error: unknown): ReportItem {
  if (error instanceof Snooze) return { type: 'snoozed', delay_seconds: error.seconds };
  if (error instanceof NonRetryable) return failedItem(error, 'non_retryable', false);
  const failed = failedItem(error, 'handler_error', true);
  return error instanceof RetryAfter ? { ...failed, retry_after_seconds: error.seconds } : failed;
}

export function verdictOfStop(reason: 'cancel' | 'timeout' | 'release' | 'over'): ReportItem {
  if (reason === 'release') return { type: 'released' };
  return reason === 'timeout'
    ? failedItem('the handler did not end within its timeout', 'timeout', true)
    : { type: 'cancelled' };
}

/**
 * `500`: failed, tried again as the job type says. `422`: failed for good. `503` and `429` with `Retry-After`: tried again
 * then, and no attempt is spent.
 */
export function answerOf(verdict: ReportItem): Response {
  const error = verdict['error'] as { message: string; code: string; type: string | null } | undefined;
  switch (verdict.type) {
    case 'completed':
      return Response.json(verdict['result']);
    case 'snoozed':
      return said(429, `snoozed for ${String(verdict['delay_seconds'])} s`, {}, verdict['delay_seconds']);
    case 'failed': {
      const about = { code: error!.code, ...(error!.type ? { type: error!.type } : {}) };
      const wait = verdict['retry_after_seconds'];
      if (wait !== undefined) return said(503, error!.message, about, wait);
      return said(verdict['retryable'] ? 500 : 422, error!.message, about);
    }
    default: // cancelled: nobody reads it; released: this process is ending
      return said(503, 'the handler was stopped', {}, 1);
  }
}

/** A request that is not from the server, or not for this address. */
export function refusalOf(error: unknown): Response {
  if (error instanceof VerificationFailed) return said(401, error.message);
  if (error instanceof BodyInvalid) return said(400, error.message);
  console.error(error);
  return said(500, error instanceof Error ? error.message : String(error));
}

export function said(status: number, message: string, about: object = {}, retryAfterSeconds?: unknown): Response {
  const headers =
    retryAfterSeconds === undefined
      ? undefined
      : { 'Retry-After': String(Math.min(Math.ceil(Number(retryAfterSeconds)), MAX_RETRY_AFTER_SECONDS)) };
  return Response.json({ message: cut(message), ...about }, { status, ...(headers && { headers }) });
}

function cut(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= MAX_MESSAGE_BYTES) return text;
  return `${new TextDecoder().decode(bytes.subarray(0, MAX_MESSAGE_BYTES - 6)).replace(/\uFFFD+$/, '')}…`;
}
