/**
 * What can be wrong with a request that says it is from the server, and with a report to it.
 *
 * JobsError
 * └── ReceivingError
 *     ├── SecretInvalid           a signing secret that cannot be one, or none at all
 *     ├── VerificationFailed      the request is not to be believed
 *     │   ├── HeadersInvalid      a header of the signature is missing or malformed
 *     │   ├── SignatureInvalid    signed with another secret, or not these bytes
 *     │   ├── TooOld              signed longer ago than is tolerated
 *     │   └── TooNew              signed in the future, by this machine's clock
 *     ├── BodyInvalid             genuine, but no handler call, or no event
 *     └── ReportRefused           the server did not take a report
 *         └── AttemptOver         the attempt has ended: the work can stop
 *
 * NonRetryable, RetryAfter, Snooze    thrown by a handler to say what comes next
 */
import { JobsError } from '../errors.js';

export class ReceivingError extends JobsError {
  override readonly name: string = 'ReceivingError';
}

/** Says what is wrong with a signing secret, without showing it. */
export class SecretInvalid extends ReceivingError {
  override readonly name = 'SecretInvalid';
}

/** The request is not known to be from the server: answer 401, and do nothing of what it says. */
export class VerificationFailed extends ReceivingError {
  override readonly name: string = 'VerificationFailed';
}

/** `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or malformed. */
export class HeadersInvalid extends VerificationFailed {
  override readonly name = 'HeadersInvalid';
}

/** No signature fits: another secret, or the body is not byte for byte what was sent. */
export class SignatureInvalid extends VerificationFailed {
  override readonly name = 'SignatureInvalid';
}

/** Genuine, but signed longer ago than is tolerated: repeated by someone, or one of the clocks is wrong. */
export class TooOld extends VerificationFailed {
  override readonly name = 'TooOld';
}

/** Genuine, but signed later than now by more than is tolerated: one of the clocks is wrong. */
export class TooNew extends VerificationFailed {
  override readonly name = 'TooNew';
}

/** Genuine, but not what this address is for, such as an event where a handler call is expected. */
export class BodyInvalid extends ReceivingError {
  override readonly name = 'BodyInvalid';
}

/** The server judged the report, and did not take it. */
export class ReportRefused extends ReceivingError {
  override readonly name: string = 'ReportRefused';
}

/** The attempt is no longer running: ended, timed out, taken back or cancelled. What is done for it is in vain. */
export class AttemptOver extends ReportRefused {
  override readonly name = 'AttemptOver';
}

/** Thrown by a handler: fail at once, no further attempt. */
export class NonRetryable extends Error {
  override readonly name = 'NonRetryable';
}

/** Thrown by a handler: this attempt failed, the next one comes after `seconds`. */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter';

  constructor(
    readonly seconds: number,
    message?: string,
  ) {
    super(message ?? `try again in ${seconds} s`);
    checkSeconds(seconds, 'RetryAfter');
  }
}

/** Thrown by a handler: not now, again after `seconds`; no attempt is spent. */
export class Snooze extends Error {
  override readonly name = 'Snooze';

  constructor(readonly seconds: number) {
    super(`snoozed for ${seconds} s`);
    checkSeconds(seconds, 'Snooze');
  }
}

const MAX_WAIT_SECONDS = 366 * 86_400;

export function checkSeconds(seconds: number, what: string): number {
  if (!(seconds >= 0 && seconds <= MAX_WAIT_SECONDS))
    throw new RangeError(`${what} takes seconds of 0 to ${MAX_WAIT_SECONDS}, not ${String(seconds)}`);
  return seconds;
}
