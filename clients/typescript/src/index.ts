export { Jobs, type EventsOptions } from './jobs.js';
export type { AnyJobs, JobShape } from './job-map.js';
export {
  Run,
  type Attempt,
  type Explanation,
  type Progress,
  type RunData,
  type ReplayOptions,
  type RunEventsOptions,
  type WaitOptions,
} from './run.js';
export { BulkOperation } from './bulk.js';
export type { BulkOptions, RunChoice, RunFilters, Runs } from './runs.js';
export type {
  JobType,
  JobTypeChanges,
  JobTypeDefinition,
  JobTypeSecret,
  JobTypeSettings,
  JobTypes,
  RegisteredJobType,
} from './job-types.js';
export type { Queue, QueueChanges, QueueSettings, Queues } from './queues.js';
export type { ErrorGroup, ErrorGroupFilter, Errors } from './error-groups.js';
export type { Digest, Series, SeriesOptions, ServerStatistics, ServerStats } from './stats.js';
export type { Audit, AuditEntry, AuditFilter } from './audit.js';
export type { Key, KeyDefinition, Keys, NewKey, OwnKey } from './keys.js';
export type {
  Schedule,
  ScheduleChanges,
  ScheduleDefinition,
  SchedulePreview,
  ScheduleSettings,
  Schedules,
  Trigger,
} from './schedules.js';
export type { DispatchItem, DispatchOptions, RunOptions } from './dispatching.js';
export type { EventData, EventType, RunEvent, RunState } from './events.js';
export type { Listener } from './listening.js';
export type { Abortable, JobsOptions, Keyed } from './server.js';
export type { Problem, ProblemError } from './generated/index.js';
export {
  ApiError,
  ConnectionFailed,
  DispatchIncomplete,
  JobsError,
  RunCancelled,
  RunFailed,
  TimeoutError,
  type RunError,
} from './errors.js';
export type { ApplyOptions, Config, ConfigDifference, ConfigDocument, ConfigExport } from './config.js';
export type {
  Delivery,
  DeliveryFilter,
  NewWebhook,
  Webhook,
  WebhookDefinition,
  Webhooks,
  WebhookTest,
} from './webhooks.js';
