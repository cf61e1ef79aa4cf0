/**
 * For web apps of one's own: handlers that the server calls over HTTP, and webhooks. Needs no more than Request, Response
 * and WebCrypto.
 */
export { receive, receiveWebhook } from './receive.js';
export type { FetchHandler, Handler, Handlers, Platform, ReceiveOptions, Receiver, WebhookOptions } from './receive.js';
export { nodeListener, type NodeRequest, type NodeResponse } from './node.js';
export { CallContext, Later } from './context.js';
export { readCall, readEvent } from './messages.js';
export type { HandlerCall, ReportAddress, WebhookData, WebhookEvent, WebhookEventType } from './messages.js';
export { Reporter, type FailureOptions, type Heard, type LogLevel, type ReportItem } from './reporter.js';
export { verify, Verifier } from './verifying.js';
export type { Body, HeadersLike, Message, Secrets, VerifyOptions } from './verifying.js';
export {
  AttemptOver,
  BodyInvalid,
  HeadersInvalid,
  NonRetryable,
  ReceivingError,
  ReportRefused,
  RetryAfter,
  SecretInvalid,
  SignatureInvalid,
  Snooze,
  TooNew,
  TooOld,
  VerificationFailed,
} from './errors.js';
