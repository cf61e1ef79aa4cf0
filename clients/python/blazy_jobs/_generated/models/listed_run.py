from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.run_state import check_run_state
from ..models.run_state import RunState
from ..models.wait_reason import check_wait_reason
from ..models.wait_reason import WaitReason
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.actor import Actor
  from ..models.metadata import Metadata
  from ..models.progress import Progress
  from ..models.run_error import RunError





T = TypeVar("T", bound="ListedRun")



@_attrs_define
class ListedRun:
    """ A run of a list: as it is read, or with `fields=brief` without payload, result and metadata.

        Attributes:
            id (str): The id of the run, assigned by the server; ids sort by creation.
            job_type (str): The name of its job type.
            job_type_version (int): The version of the job type with which it was dispatched, and whose settings it keeps.
            queue (str): The name of the queue in which it waits or waited.
            state (RunState): `scheduled`: due later. `queued`: due, waiting for a worker. `running`: claimed by a worker.
                `retrying`: an attempt failed, and the next one is due later. `completed`, `failed` and `cancelled` are final.
            priority (int): The priority in its queue, from -100 to 100; higher starts first.
            error (None | RunError): The error of the last failed attempt, while the run is `retrying` or `failed`;
                otherwise null.
            progress (None | Progress): The latest progress reported by the handler; null if there is none.
            attempt (int): The number of attempts started so far. Attempts that were released, snoozed, or lost with their
                worker do not count.
            max_attempts (int): Maximum number of attempts, including the first.
            losses (int): How often its worker was lost while it ran. After the third loss the run is `failed`.
            timeout_seconds (float): Time limit of one attempt in seconds.
            due_at (datetime.datetime): When the run, or its next attempt, is due: RFC 3339, UTC.
            expires_at (datetime.datetime | None): When it is `failed` with `expired` unless it has started by then. null:
                never.
            created_at (datetime.datetime): When it was dispatched.
            created_by (Actor | None): The API key that it was dispatched, replayed or triggered with; `root` is that of the
                settings. null: a schedule, a handler of the server's own workers, or a server without keys.
            started_at (datetime.datetime | None): When its latest attempt started; null before the first.
            finished_at (datetime.datetime | None): When it reached its final state; null before.
            cancel_requested (bool): Whether its handler has been told to stop.
            worker_id (None | str): The worker that has claimed it; null if there is none, or if it is an external BullMQ
                worker.
            schedule (None | str): The schedule that created it; null if it was dispatched.
            replay_of (None | str): The run that it replays; null if it is no replay.
            dedupe_key (None | str): The key with which it was dispatched; null if there is none.
            tags (list[str]): Tags to find it by.
            cancel_reason (None | str): The reason given with the cancel request; null if there is none.
            wait_reason (None | WaitReason): Why a due run does not start; null if nothing blocks it, and in every state
                except `queued`.
            resolved (bool): Whether nothing is left to be done about the failure: someone said so, or has replayed the run.
                false of every run that has not failed.
            resolved_at (datetime.datetime | None): When that was; null if it is not resolved.
            payload (Any | Unset): The handler's input, as dispatched. Omitted with `fields=brief`.
            result (Any | Unset): What the handler returned. null until the run is `completed`, or if the handler returned
                null. Omitted with `fields=brief`.
            metadata (Metadata | Unset): The caller's own data about a run.
     """

    id: str
    job_type: str
    job_type_version: int
    queue: str
    state: RunState
    priority: int
    error: None | RunError
    progress: None | Progress
    attempt: int
    max_attempts: int
    losses: int
    timeout_seconds: float
    due_at: datetime.datetime
    expires_at: datetime.datetime | None
    created_at: datetime.datetime
    created_by: Actor | None
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    cancel_requested: bool
    worker_id: None | str
    schedule: None | str
    replay_of: None | str
    dedupe_key: None | str
    tags: list[str]
    cancel_reason: None | str
    wait_reason: None | WaitReason
    resolved: bool
    resolved_at: datetime.datetime | None
    payload: Any | Unset = UNSET
    result: Any | Unset = UNSET
    metadata: Metadata | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.actor import Actor # noqa: PLC0415
        from ..models.metadata import Metadata # noqa: PLC0415
        from ..models.progress import Progress # noqa: PLC0415
        from ..models.run_error import RunError # noqa: PLC0415
        id = self.id

        job_type = self.job_type

        job_type_version = self.job_type_version

        queue = self.queue

        state: str = self.state

        priority = self.priority

        error: dict[str, Any] | None
        if isinstance(self.error, RunError):
            error = self.error.to_dict()
        else:
            error = self.error

        progress: dict[str, Any] | None
        if isinstance(self.progress, Progress):
            progress = self.progress.to_dict()
        else:
            progress = self.progress

        attempt = self.attempt

        max_attempts = self.max_attempts

        losses = self.losses

        timeout_seconds = self.timeout_seconds

        due_at = self.due_at.isoformat()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        created_at = self.created_at.isoformat()

        created_by: dict[str, Any] | None
        if isinstance(self.created_by, Actor):
            created_by = self.created_by.to_dict()
        else:
            created_by = self.created_by

        started_at: None | str
        if isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        cancel_requested = self.cancel_requested

        worker_id: None | str
        worker_id = self.worker_id

        schedule: None | str
        schedule = self.schedule

        replay_of: None | str
        replay_of = self.replay_of

        dedupe_key: None | str
        dedupe_key = self.dedupe_key

        tags = self.tags



        cancel_reason: None | str
        cancel_reason = self.cancel_reason

        wait_reason: None | str
        if isinstance(self.wait_reason, str):
            wait_reason = self.wait_reason
        else:
            wait_reason = self.wait_reason

        resolved = self.resolved

        resolved_at: None | str
        if isinstance(self.resolved_at, datetime.datetime):
            resolved_at = self.resolved_at.isoformat()
        else:
            resolved_at = self.resolved_at

        payload = self.payload

        result = self.result

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "job_type": job_type,
            "job_type_version": job_type_version,
            "queue": queue,
            "state": state,
            "priority": priority,
            "error": error,
            "progress": progress,
            "attempt": attempt,
            "max_attempts": max_attempts,
            "losses": losses,
            "timeout_seconds": timeout_seconds,
            "due_at": due_at,
            "expires_at": expires_at,
            "created_at": created_at,
            "created_by": created_by,
            "started_at": started_at,
            "finished_at": finished_at,
            "cancel_requested": cancel_requested,
            "worker_id": worker_id,
            "schedule": schedule,
            "replay_of": replay_of,
            "dedupe_key": dedupe_key,
            "tags": tags,
            "cancel_reason": cancel_reason,
            "wait_reason": wait_reason,
            "resolved": resolved,
            "resolved_at": resolved_at,
        })
        if payload is not UNSET:
            field_dict["payload"] = payload
        if result is not UNSET:
            field_dict["result"] = result
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.actor import Actor # noqa: PLC0415
        from ..models.metadata import Metadata # noqa: PLC0415
        from ..models.progress import Progress # noqa: PLC0415
        from ..models.run_error import RunError # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        job_type = d.pop("job_type")

        job_type_version = d.pop("job_type_version")

        queue = d.pop("queue")

        state = check_run_state(d.pop("state"))




        priority = d.pop("priority")

        def _parse_error(data: object) -> None | RunError:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_type_0 = RunError.from_dict(data)



                return error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RunError, data)

        error = _parse_error(d.pop("error"))


        def _parse_progress(data: object) -> None | Progress:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                progress_type_0 = Progress.from_dict(data)



                return progress_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Progress, data)

        progress = _parse_progress(d.pop("progress"))


        attempt = d.pop("attempt")

        max_attempts = d.pop("max_attempts")

        losses = d.pop("losses")

        timeout_seconds = d.pop("timeout_seconds")

        due_at = datetime.datetime.fromisoformat(d.pop("due_at"))




        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)



                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))


        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        def _parse_created_by(data: object) -> Actor | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                created_by_type_0 = Actor.from_dict(data)



                return created_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Actor | None, data)

        created_by = _parse_created_by(d.pop("created_by"))


        def _parse_started_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_at_type_0 = datetime.datetime.fromisoformat(data)



                return started_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        started_at = _parse_started_at(d.pop("started_at"))


        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)



                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))


        cancel_requested = d.pop("cancel_requested")

        def _parse_worker_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        worker_id = _parse_worker_id(d.pop("worker_id"))


        def _parse_schedule(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        schedule = _parse_schedule(d.pop("schedule"))


        def _parse_replay_of(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        replay_of = _parse_replay_of(d.pop("replay_of"))


        def _parse_dedupe_key(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        dedupe_key = _parse_dedupe_key(d.pop("dedupe_key"))


        tags = cast(list[str], d.pop("tags"))


        def _parse_cancel_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        cancel_reason = _parse_cancel_reason(d.pop("cancel_reason"))


        def _parse_wait_reason(data: object) -> None | WaitReason:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                wait_reason_type_0 = check_wait_reason(data)



                return wait_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | WaitReason, data)

        wait_reason = _parse_wait_reason(d.pop("wait_reason"))


        resolved = d.pop("resolved")

        def _parse_resolved_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resolved_at_type_0 = datetime.datetime.fromisoformat(data)



                return resolved_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        resolved_at = _parse_resolved_at(d.pop("resolved_at"))


        payload = d.pop("payload", UNSET)

        result = d.pop("result", UNSET)

        _metadata = d.pop("metadata", UNSET)
        metadata: Metadata | Unset
        if isinstance(_metadata,  Unset):
            metadata = UNSET
        else:
            metadata = Metadata.from_dict(_metadata)




        listed_run = cls(
            id=id,
            job_type=job_type,
            job_type_version=job_type_version,
            queue=queue,
            state=state,
            priority=priority,
            error=error,
            progress=progress,
            attempt=attempt,
            max_attempts=max_attempts,
            losses=losses,
            timeout_seconds=timeout_seconds,
            due_at=due_at,
            expires_at=expires_at,
            created_at=created_at,
            created_by=created_by,
            started_at=started_at,
            finished_at=finished_at,
            cancel_requested=cancel_requested,
            worker_id=worker_id,
            schedule=schedule,
            replay_of=replay_of,
            dedupe_key=dedupe_key,
            tags=tags,
            cancel_reason=cancel_reason,
            wait_reason=wait_reason,
            resolved=resolved,
            resolved_at=resolved_at,
            payload=payload,
            result=result,
            metadata=metadata,
        )


        listed_run.additional_properties = d
        return listed_run

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
