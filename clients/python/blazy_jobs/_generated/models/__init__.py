""" Contains all the data models used in inputs/outputs """

from .attempt import Attempt
from .attempt_outcome_type_0 import AttemptOutcomeType0
from .attempt_page import AttemptPage
from .batch import Batch
from .batch_in import BatchIn
from .batch_item import BatchItem
from .batch_item_metadata import BatchItemMetadata
from .cancel_in import CancelIn
from .claim_in import ClaimIn
from .conflict_out import ConflictOut
from .conflict_out_kind import ConflictOutKind
from .declares_in import DeclaresIn
from .dispatch_in import DispatchIn
from .dispatch_in_metadata import DispatchInMetadata
from .empty_in import EmptyIn
from .event import Event
from .event_data import EventData
from .event_page import EventPage
from .event_state import EventState
from .event_type import EventType
from .handler_in import HandlerIn
from .handler_in_kind import HandlerInKind
from .handler_out import HandlerOut
from .handler_out_kind import HandlerOutKind
from .health import Health
from .held_run import HeldRun
from .job_type import JobType
from .job_type_in import JobTypeIn
from .job_type_in_payload_schema_type_0 import JobTypeInPayloadSchemaType0
from .job_type_in_result_schema_type_0 import JobTypeInResultSchemaType0
from .job_type_page import JobTypePage
from .job_type_patch import JobTypePatch
from .job_type_patch_payload_schema_type_0 import JobTypePatchPayloadSchemaType0
from .job_type_patch_result_schema_type_0 import JobTypePatchResultSchemaType0
from .job_type_payload_schema_type_0 import JobTypePayloadSchemaType0
from .job_type_put import JobTypePut
from .job_type_put_payload_schema_type_0 import JobTypePutPayloadSchemaType0
from .job_type_put_result_schema_type_0 import JobTypePutResultSchemaType0
from .job_type_result_schema_type_0 import JobTypeResultSchemaType0
from .job_type_source import JobTypeSource
from .latency import Latency
from .lease import Lease
from .leases import Leases
from .list_runs_state_item import ListRunsStateItem
from .problem import Problem
from .problem_error import ProblemError
from .progress import Progress
from .queue import Queue
from .queue_engine import QueueEngine
from .queue_in import QueueIn
from .queue_in_bullmq_type_0 import QueueInBullmqType0
from .queue_in_engine import QueueInEngine
from .queue_in_rate_limit_type_0 import QueueInRateLimitType0
from .queue_page import QueuePage
from .queue_rate_limit_type_0 import QueueRateLimitType0
from .report_error_in import ReportErrorIn
from .report_in import ReportIn
from .report_item import ReportItem
from .report_item_fields_type_0 import ReportItemFieldsType0
from .report_item_type import ReportItemType
from .report_out import ReportOut
from .reported import Reported
from .reported_status import ReportedStatus
from .retry_in import RetryIn
from .retry_in_backoff_type_0 import RetryInBackoffType0
from .retry_in_on_lost_type_0 import RetryInOnLostType0
from .retry_out import RetryOut
from .retry_out_backoff import RetryOutBackoff
from .retry_out_on_lost import RetryOutOnLost
from .run import Run
from .run_brief import RunBrief
from .run_brief_state import RunBriefState
from .run_error import RunError
from .run_metadata import RunMetadata
from .run_page import RunPage
from .run_state import RunState
from .run_wait_reason_type_0 import RunWaitReasonType0
from .state_counts import StateCounts
from .stats import Stats
from .stats_oldest import StatsOldest
from .worker import Worker
from .worker_in import WorkerIn
from .worker_page import WorkerPage
from .worker_registered import WorkerRegistered

__all__ = (
    "Attempt",
    "AttemptOutcomeType0",
    "AttemptPage",
    "Batch",
    "BatchIn",
    "BatchItem",
    "BatchItemMetadata",
    "CancelIn",
    "ClaimIn",
    "ConflictOut",
    "ConflictOutKind",
    "DeclaresIn",
    "DispatchIn",
    "DispatchInMetadata",
    "EmptyIn",
    "Event",
    "EventData",
    "EventPage",
    "EventState",
    "EventType",
    "HandlerIn",
    "HandlerInKind",
    "HandlerOut",
    "HandlerOutKind",
    "Health",
    "HeldRun",
    "JobType",
    "JobTypeIn",
    "JobTypeInPayloadSchemaType0",
    "JobTypeInResultSchemaType0",
    "JobTypePage",
    "JobTypePatch",
    "JobTypePatchPayloadSchemaType0",
    "JobTypePatchResultSchemaType0",
    "JobTypePayloadSchemaType0",
    "JobTypePut",
    "JobTypePutPayloadSchemaType0",
    "JobTypePutResultSchemaType0",
    "JobTypeResultSchemaType0",
    "JobTypeSource",
    "Latency",
    "Lease",
    "Leases",
    "ListRunsStateItem",
    "Problem",
    "ProblemError",
    "Progress",
    "Queue",
    "QueueEngine",
    "QueueIn",
    "QueueInBullmqType0",
    "QueueInEngine",
    "QueueInRateLimitType0",
    "QueuePage",
    "QueueRateLimitType0",
    "Reported",
    "ReportedStatus",
    "ReportErrorIn",
    "ReportIn",
    "ReportItem",
    "ReportItemFieldsType0",
    "ReportItemType",
    "ReportOut",
    "RetryIn",
    "RetryInBackoffType0",
    "RetryInOnLostType0",
    "RetryOut",
    "RetryOutBackoff",
    "RetryOutOnLost",
    "Run",
    "RunBrief",
    "RunBriefState",
    "RunError",
    "RunMetadata",
    "RunPage",
    "RunState",
    "RunWaitReasonType0",
    "StateCounts",
    "Stats",
    "StatsOldest",
    "Worker",
    "WorkerIn",
    "WorkerPage",
    "WorkerRegistered",
)
