""" Contains all the data models used in inputs/outputs """

from .actor import Actor
from .attempt import Attempt
from .attempt_outcome_type_0 import AttemptOutcomeType0
from .attempt_page import AttemptPage
from .audit_entry import AuditEntry
from .audit_page import AuditPage
from .backoff import Backoff
from .batch import Batch
from .batch_in import BatchIn
from .batch_item import BatchItem
from .blocking import Blocking
from .bulk import Bulk
from .bulk_action import BulkAction
from .bulk_filter import BulkFilter
from .bulk_filter_type_0 import BulkFilterType0
from .bulk_in import BulkIn
from .bulk_page import BulkPage
from .bulk_preview import BulkPreview
from .bulk_preview_by_state import BulkPreviewByState
from .bulk_state import BulkState
from .bullmq import Bullmq
from .bullmq_out import BullmqOut
from .calendar_trigger_in import CalendarTriggerIn
from .calendar_trigger_out import CalendarTriggerOut
from .cancel_in import CancelIn
from .cancelled_data import CancelledData
from .cancelled_event import CancelledEvent
from .cancelled_report import CancelledReport
from .cancelling_data import CancellingData
from .cancelling_event import CancellingEvent
from .catch_up import CatchUp
from .claim_in import ClaimIn
from .commits_out import CommitsOut
from .completed_data import CompletedData
from .completed_event import CompletedEvent
from .completed_in import CompletedIn
from .completed_report import CompletedReport
from .completion import Completion
from .config import Config
from .config_action import ConfigAction
from .config_change import ConfigChange
from .config_difference import ConfigDifference
from .config_field import ConfigField
from .config_in import ConfigIn
from .config_job_type import ConfigJobType
from .config_job_type_in import ConfigJobTypeIn
from .config_kind import ConfigKind
from .config_queue import ConfigQueue
from .config_queue_in import ConfigQueueIn
from .config_schedule import ConfigSchedule
from .config_schedule_in import ConfigScheduleIn
from .config_source import ConfigSource
from .config_webhook import ConfigWebhook
from .config_webhook_in import ConfigWebhookIn
from .conflict_out import ConflictOut
from .conflict_out_kind import ConflictOutKind
from .cron_trigger_in import CronTriggerIn
from .cron_trigger_out import CronTriggerOut
from .database_out import DatabaseOut
from .database_out_kind import DatabaseOutKind
from .date_trigger_in import DateTriggerIn
from .date_trigger_out import DateTriggerOut
from .declares_in import DeclaresIn
from .delivery import Delivery
from .delivery_error import DeliveryError
from .delivery_page import DeliveryPage
from .delivery_state import DeliveryState
from .digest import Digest
from .digest_trouble_item import DigestTroubleItem
from .disabled_reason import DisabledReason
from .dispatch_in import DispatchIn
from .durations import Durations
from .empty_in import EmptyIn
from .error_group import ErrorGroup
from .error_group_page import ErrorGroupPage
from .event_page import EventPage
from .event_type import EventType
from .every import Every
from .every_in import EveryIn
from .explanation import Explanation
from .failed_data import FailedData
from .failed_event import FailedEvent
from .failed_report import FailedReport
from .fire_times import FireTimes
from .health import Health
from .health_redis_type_0 import HealthRedisType0
from .held_run import HeldRun
from .http_handler_in import HttpHandlerIn
from .http_handler_in_headers import HttpHandlerInHeaders
from .http_handler_out import HttpHandlerOut
from .http_handler_out_headers import HttpHandlerOutHeaders
from .interrupted_data import InterruptedData
from .interrupted_data_reason import InterruptedDataReason
from .interrupted_event import InterruptedEvent
from .interval_trigger_in import IntervalTriggerIn
from .interval_trigger_out import IntervalTriggerOut
from .job_type import JobType
from .job_type_in import JobTypeIn
from .job_type_page import JobTypePage
from .job_type_patch import JobTypePatch
from .job_type_put import JobTypePut
from .job_type_secret import JobTypeSecret
from .job_type_source import JobTypeSource
from .job_type_version import JobTypeVersion
from .job_type_version_page import JobTypeVersionPage
from .json_schema_type_0 import JsonSchemaType0
from .key import Key
from .key_in import KeyIn
from .key_page import KeyPage
from .key_rate import KeyRate
from .key_rate_out import KeyRateOut
from .key_scope import KeyScope
from .lane_counts import LaneCounts
from .late_queue import LateQueue
from .latency import Latency
from .lease import Lease
from .lease_columns import LeaseColumns
from .lease_columns_metadata_item import LeaseColumnsMetadataItem
from .leases import Leases
from .list_errors_state import ListErrorsState
from .list_versions import ListVersions
from .listed_run import ListedRun
from .log_data import LogData
from .log_data_fields import LogDataFields
from .log_event import LogEvent
from .log_level import LogLevel
from .log_report import LogReport
from .log_report_fields_type_0 import LogReportFieldsType0
from .log_word import LogWord
from .log_word_fields_type_0 import LogWordFieldsType0
from .lost_report import LostReport
from .metadata import Metadata
from .new_error import NewError
from .new_key import NewKey
from .new_webhook import NewWebhook
from .not_accepted import NotAccepted
from .not_accepted_status import NotAcceptedStatus
from .not_heard import NotHeard
from .not_heard_status import NotHeardStatus
from .oldest import Oldest
from .on_lost import OnLost
from .other_counts import OtherCounts
from .overlap import Overlap
from .preview_in import PreviewIn
from .problem import Problem
from .problem_error import ProblemError
from .progress import Progress
from .progress_event import ProgressEvent
from .progress_report import ProgressReport
from .progress_word import ProgressWord
from .queue import Queue
from .queue_declared import QueueDeclared
from .queue_engine import QueueEngine
from .queue_in import QueueIn
from .queue_page import QueuePage
from .queue_patch import QueuePatch
from .queued_data import QueuedData
from .queued_event import QueuedEvent
from .rate_limit import RateLimit
from .rates import Rates
from .recover_in import RecoverIn
from .recovered import Recovered
from .registered_job_type import RegisteredJobType
from .registered_job_type_source import RegisteredJobTypeSource
from .released_report import ReleasedReport
from .replay_in import ReplayIn
from .report_error_in import ReportErrorIn
from .report_in import ReportIn
from .report_out import ReportOut
from .reported import Reported
from .reported_status import ReportedStatus
from .retry_in import RetryIn
from .retry_out import RetryOut
from .retrying_data import RetryingData
from .retrying_event import RetryingEvent
from .rotate_in import RotateIn
from .run import Run
from .run_brief import RunBrief
from .run_cancelled import RunCancelled
from .run_completed import RunCompleted
from .run_count import RunCount
from .run_error import RunError
from .run_failed import RunFailed
from .run_in_hand import RunInHand
from .run_log import RunLog
from .run_log_fields_type_0 import RunLogFieldsType0
from .run_lost import RunLost
from .run_page import RunPage
from .run_progress import RunProgress
from .run_released import RunReleased
from .run_report_in import RunReportIn
from .run_report_out import RunReportOut
from .run_snoozed import RunSnoozed
from .run_state import RunState
from .run_versions import RunVersions
from .said_in import SaidIn
from .schedule import Schedule
from .schedule_in import ScheduleIn
from .schedule_page import SchedulePage
from .schedule_patch import SchedulePatch
from .schedule_put import SchedulePut
from .schedule_source import ScheduleSource
from .searched import Searched
from .self_ import Self
from .series import Series
from .series_point import SeriesPoint
from .series_total import SeriesTotal
from .server import Server
from .server_page import ServerPage
from .server_settings_type_0 import ServerSettingsType0
from .session import Session
from .session_in import SessionIn
from .snoozed_report import SnoozedReport
from .some_counts import SomeCounts
from .started_data import StartedData
from .started_event import StartedEvent
from .state_counts import StateCounts
from .stats import Stats
from .wait_reason import WaitReason
from .webhook import Webhook
from .webhook_event_type import WebhookEventType
from .webhook_in import WebhookIn
from .webhook_page import WebhookPage
from .webhook_patch import WebhookPatch
from .webhook_put import WebhookPut
from .webhook_test import WebhookTest
from .worker import Worker
from .worker_handler_in import WorkerHandlerIn
from .worker_handler_out import WorkerHandlerOut
from .worker_in import WorkerIn
from .worker_page import WorkerPage
from .worker_registered import WorkerRegistered
from .workers_now import WorkersNow

__all__ = (
    "Actor",
    "Attempt",
    "AttemptOutcomeType0",
    "AttemptPage",
    "AuditEntry",
    "AuditPage",
    "Backoff",
    "Batch",
    "BatchIn",
    "BatchItem",
    "Blocking",
    "Bulk",
    "BulkAction",
    "BulkFilter",
    "BulkFilterType0",
    "BulkIn",
    "BulkPage",
    "BulkPreview",
    "BulkPreviewByState",
    "BulkState",
    "Bullmq",
    "BullmqOut",
    "CalendarTriggerIn",
    "CalendarTriggerOut",
    "CancelIn",
    "CancelledData",
    "CancelledEvent",
    "CancelledReport",
    "CancellingData",
    "CancellingEvent",
    "CatchUp",
    "ClaimIn",
    "CommitsOut",
    "CompletedData",
    "CompletedEvent",
    "CompletedIn",
    "CompletedReport",
    "Completion",
    "Config",
    "ConfigAction",
    "ConfigChange",
    "ConfigDifference",
    "ConfigField",
    "ConfigIn",
    "ConfigJobType",
    "ConfigJobTypeIn",
    "ConfigKind",
    "ConfigQueue",
    "ConfigQueueIn",
    "ConfigSchedule",
    "ConfigScheduleIn",
    "ConfigSource",
    "ConfigWebhook",
    "ConfigWebhookIn",
    "ConflictOut",
    "ConflictOutKind",
    "CronTriggerIn",
    "CronTriggerOut",
    "DatabaseOut",
    "DatabaseOutKind",
    "DateTriggerIn",
    "DateTriggerOut",
    "DeclaresIn",
    "Delivery",
    "DeliveryError",
    "DeliveryPage",
    "DeliveryState",
    "Digest",
    "DigestTroubleItem",
    "DisabledReason",
    "DispatchIn",
    "Durations",
    "EmptyIn",
    "ErrorGroup",
    "ErrorGroupPage",
    "EventPage",
    "EventType",
    "Every",
    "EveryIn",
    "Explanation",
    "FailedData",
    "FailedEvent",
    "FailedReport",
    "FireTimes",
    "Health",
    "HealthRedisType0",
    "HeldRun",
    "HttpHandlerIn",
    "HttpHandlerInHeaders",
    "HttpHandlerOut",
    "HttpHandlerOutHeaders",
    "InterruptedData",
    "InterruptedDataReason",
    "InterruptedEvent",
    "IntervalTriggerIn",
    "IntervalTriggerOut",
    "JobType",
    "JobTypeIn",
    "JobTypePage",
    "JobTypePatch",
    "JobTypePut",
    "JobTypeSecret",
    "JobTypeSource",
    "JobTypeVersion",
    "JobTypeVersionPage",
    "JsonSchemaType0",
    "Key",
    "KeyIn",
    "KeyPage",
    "KeyRate",
    "KeyRateOut",
    "KeyScope",
    "LaneCounts",
    "Latency",
    "LateQueue",
    "Lease",
    "LeaseColumns",
    "LeaseColumnsMetadataItem",
    "Leases",
    "ListedRun",
    "ListErrorsState",
    "ListVersions",
    "LogData",
    "LogDataFields",
    "LogEvent",
    "LogLevel",
    "LogReport",
    "LogReportFieldsType0",
    "LogWord",
    "LogWordFieldsType0",
    "LostReport",
    "Metadata",
    "NewError",
    "NewKey",
    "NewWebhook",
    "NotAccepted",
    "NotAcceptedStatus",
    "NotHeard",
    "NotHeardStatus",
    "Oldest",
    "OnLost",
    "OtherCounts",
    "Overlap",
    "PreviewIn",
    "Problem",
    "ProblemError",
    "Progress",
    "ProgressEvent",
    "ProgressReport",
    "ProgressWord",
    "Queue",
    "QueuedData",
    "QueueDeclared",
    "QueuedEvent",
    "QueueEngine",
    "QueueIn",
    "QueuePage",
    "QueuePatch",
    "RateLimit",
    "Rates",
    "Recovered",
    "RecoverIn",
    "RegisteredJobType",
    "RegisteredJobTypeSource",
    "ReleasedReport",
    "ReplayIn",
    "Reported",
    "ReportedStatus",
    "ReportErrorIn",
    "ReportIn",
    "ReportOut",
    "RetryIn",
    "RetryingData",
    "RetryingEvent",
    "RetryOut",
    "RotateIn",
    "Run",
    "RunBrief",
    "RunCancelled",
    "RunCompleted",
    "RunCount",
    "RunError",
    "RunFailed",
    "RunInHand",
    "RunLog",
    "RunLogFieldsType0",
    "RunLost",
    "RunPage",
    "RunProgress",
    "RunReleased",
    "RunReportIn",
    "RunReportOut",
    "RunSnoozed",
    "RunState",
    "RunVersions",
    "SaidIn",
    "Schedule",
    "ScheduleIn",
    "SchedulePage",
    "SchedulePatch",
    "SchedulePut",
    "ScheduleSource",
    "Searched",
    "Self",
    "Series",
    "SeriesPoint",
    "SeriesTotal",
    "Server",
    "ServerPage",
    "ServerSettingsType0",
    "Session",
    "SessionIn",
    "SnoozedReport",
    "SomeCounts",
    "StartedData",
    "StartedEvent",
    "StateCounts",
    "Stats",
    "WaitReason",
    "Webhook",
    "WebhookEventType",
    "WebhookIn",
    "WebhookPage",
    "WebhookPatch",
    "WebhookPut",
    "WebhookTest",
    "Worker",
    "WorkerHandlerIn",
    "WorkerHandlerOut",
    "WorkerIn",
    "WorkerPage",
    "WorkerRegistered",
    "WorkersNow",
)
