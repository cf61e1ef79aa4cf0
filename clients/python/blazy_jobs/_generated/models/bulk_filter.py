from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.run_state import check_run_state
from ..models.run_state import RunState
from ..types import UNSET, Unset
from typing import cast
import datetime






T = TypeVar("T", bound="BulkFilter")



@_attrs_define
class BulkFilter:
    """ Which runs: the filters of `GET /v1/runs`, combined with AND.

        Attributes:
            id (list[str] | None | str | Unset): An id, or at most 200. null (default): any.
            state (list[RunState] | None | RunState | Unset): A state, or several. null (default): any.
            job_type (None | str | Unset): The job type. null (default): any.
            queue (None | str | Unset): The queue. null (default): any.
            tag (None | str | Unset): A tag. null (default): any.
            schedule (None | str | Unset): The schedule that created them. null (default): any.
            error_code (None | str | Unset): The code of their error. null (default): any.
            error_group (None | str | Unset): The group of their error. null (default): any.
            resolved (bool | None | Unset): Whether they are resolved. null (default): any.
            worker_id (None | str | Unset): The worker that has their latest attempt, or had it when it ended. null
                (default): any.
            attempt_min (int | None | Unset): At least so many attempts were started. null (default): any.
            created_after (datetime.datetime | None | Unset): They were dispatched at this time or later (RFC 3339). null
                (default): any.
            created_before (datetime.datetime | None | Unset): They were dispatched before this time (RFC 3339). null
                (default): any.
            finished_after (datetime.datetime | None | Unset): They were finished at this time or later (RFC 3339). null
                (default): any.
            finished_before (datetime.datetime | None | Unset): They were finished before this time (RFC 3339). null
                (default): any.
            q (None | str | Unset): Text in payload, result, error, tags or metadata, whatever the case of A to Z; 1 to 256
                characters. null (default): any.
     """

    id: list[str] | None | str | Unset = UNSET
    state: list[RunState] | None | RunState | Unset = UNSET
    job_type: None | str | Unset = UNSET
    queue: None | str | Unset = UNSET
    tag: None | str | Unset = UNSET
    schedule: None | str | Unset = UNSET
    error_code: None | str | Unset = UNSET
    error_group: None | str | Unset = UNSET
    resolved: bool | None | Unset = UNSET
    worker_id: None | str | Unset = UNSET
    attempt_min: int | None | Unset = UNSET
    created_after: datetime.datetime | None | Unset = UNSET
    created_before: datetime.datetime | None | Unset = UNSET
    finished_after: datetime.datetime | None | Unset = UNSET
    finished_before: datetime.datetime | None | Unset = UNSET
    q: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        id: list[str] | None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, list):
            id = self.id


        else:
            id = self.id

        state: list[str] | None | str | Unset
        if isinstance(self.state, Unset):
            state = UNSET
        elif isinstance(self.state, str):
            state = self.state
        elif isinstance(self.state, list):
            state = []
            for state_type_1_item_data in self.state:
                state_type_1_item: str = state_type_1_item_data
                state.append(state_type_1_item)


        else:
            state = self.state

        job_type: None | str | Unset
        if isinstance(self.job_type, Unset):
            job_type = UNSET
        else:
            job_type = self.job_type

        queue: None | str | Unset
        if isinstance(self.queue, Unset):
            queue = UNSET
        else:
            queue = self.queue

        tag: None | str | Unset
        if isinstance(self.tag, Unset):
            tag = UNSET
        else:
            tag = self.tag

        schedule: None | str | Unset
        if isinstance(self.schedule, Unset):
            schedule = UNSET
        else:
            schedule = self.schedule

        error_code: None | str | Unset
        if isinstance(self.error_code, Unset):
            error_code = UNSET
        else:
            error_code = self.error_code

        error_group: None | str | Unset
        if isinstance(self.error_group, Unset):
            error_group = UNSET
        else:
            error_group = self.error_group

        resolved: bool | None | Unset
        if isinstance(self.resolved, Unset):
            resolved = UNSET
        else:
            resolved = self.resolved

        worker_id: None | str | Unset
        if isinstance(self.worker_id, Unset):
            worker_id = UNSET
        else:
            worker_id = self.worker_id

        attempt_min: int | None | Unset
        if isinstance(self.attempt_min, Unset):
            attempt_min = UNSET
        else:
            attempt_min = self.attempt_min

        created_after: None | str | Unset
        if isinstance(self.created_after, Unset):
            created_after = UNSET
        elif isinstance(self.created_after, datetime.datetime):
            created_after = self.created_after.isoformat()
        else:
            created_after = self.created_after

        created_before: None | str | Unset
        if isinstance(self.created_before, Unset):
            created_before = UNSET
        elif isinstance(self.created_before, datetime.datetime):
            created_before = self.created_before.isoformat()
        else:
            created_before = self.created_before

        finished_after: None | str | Unset
        if isinstance(self.finished_after, Unset):
            finished_after = UNSET
        elif isinstance(self.finished_after, datetime.datetime):
            finished_after = self.finished_after.isoformat()
        else:
            finished_after = self.finished_after

        finished_before: None | str | Unset
        if isinstance(self.finished_before, Unset):
            finished_before = UNSET
        elif isinstance(self.finished_before, datetime.datetime):
            finished_before = self.finished_before.isoformat()
        else:
            finished_before = self.finished_before

        q: None | str | Unset
        if isinstance(self.q, Unset):
            q = UNSET
        else:
            q = self.q


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if id is not UNSET:
            field_dict["id"] = id
        if state is not UNSET:
            field_dict["state"] = state
        if job_type is not UNSET:
            field_dict["job_type"] = job_type
        if queue is not UNSET:
            field_dict["queue"] = queue
        if tag is not UNSET:
            field_dict["tag"] = tag
        if schedule is not UNSET:
            field_dict["schedule"] = schedule
        if error_code is not UNSET:
            field_dict["error_code"] = error_code
        if error_group is not UNSET:
            field_dict["error_group"] = error_group
        if resolved is not UNSET:
            field_dict["resolved"] = resolved
        if worker_id is not UNSET:
            field_dict["worker_id"] = worker_id
        if attempt_min is not UNSET:
            field_dict["attempt_min"] = attempt_min
        if created_after is not UNSET:
            field_dict["created_after"] = created_after
        if created_before is not UNSET:
            field_dict["created_before"] = created_before
        if finished_after is not UNSET:
            field_dict["finished_after"] = finished_after
        if finished_before is not UNSET:
            field_dict["finished_before"] = finished_before
        if q is not UNSET:
            field_dict["q"] = q

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_id(data: object) -> list[str] | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                id_type_1 = cast(list[str], data)

                return id_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | str | Unset, data)

        id = _parse_id(d.pop("id", UNSET))


        def _parse_state(data: object) -> list[RunState] | None | RunState | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                state_type_0 = check_run_state(data)



                return state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, list):
                    raise TypeError()
                state_type_1 = []
                _state_type_1 = data
                for state_type_1_item_data in (_state_type_1):
                    state_type_1_item = check_run_state(state_type_1_item_data)



                    state_type_1.append(state_type_1_item)

                return state_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RunState] | None | RunState | Unset, data)

        state = _parse_state(d.pop("state", UNSET))


        def _parse_job_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        job_type = _parse_job_type(d.pop("job_type", UNSET))


        def _parse_queue(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        queue = _parse_queue(d.pop("queue", UNSET))


        def _parse_tag(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        tag = _parse_tag(d.pop("tag", UNSET))


        def _parse_schedule(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        schedule = _parse_schedule(d.pop("schedule", UNSET))


        def _parse_error_code(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_code = _parse_error_code(d.pop("error_code", UNSET))


        def _parse_error_group(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_group = _parse_error_group(d.pop("error_group", UNSET))


        def _parse_resolved(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        resolved = _parse_resolved(d.pop("resolved", UNSET))


        def _parse_worker_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        worker_id = _parse_worker_id(d.pop("worker_id", UNSET))


        def _parse_attempt_min(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        attempt_min = _parse_attempt_min(d.pop("attempt_min", UNSET))


        def _parse_created_after(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_after_type_0 = datetime.datetime.fromisoformat(data)



                return created_after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        created_after = _parse_created_after(d.pop("created_after", UNSET))


        def _parse_created_before(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_before_type_0 = datetime.datetime.fromisoformat(data)



                return created_before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        created_before = _parse_created_before(d.pop("created_before", UNSET))


        def _parse_finished_after(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_after_type_0 = datetime.datetime.fromisoformat(data)



                return finished_after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        finished_after = _parse_finished_after(d.pop("finished_after", UNSET))


        def _parse_finished_before(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_before_type_0 = datetime.datetime.fromisoformat(data)



                return finished_before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        finished_before = _parse_finished_before(d.pop("finished_before", UNSET))


        def _parse_q(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        q = _parse_q(d.pop("q", UNSET))


        bulk_filter = cls(
            id=id,
            state=state,
            job_type=job_type,
            queue=queue,
            tag=tag,
            schedule=schedule,
            error_code=error_code,
            error_group=error_group,
            resolved=resolved,
            worker_id=worker_id,
            attempt_min=attempt_min,
            created_after=created_after,
            created_before=created_before,
            finished_after=finished_after,
            finished_before=finished_before,
            q=q,
        )

        return bulk_filter

