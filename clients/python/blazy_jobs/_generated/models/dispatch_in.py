from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.metadata import Metadata
  from ..models.retry_in import RetryIn





T = TypeVar("T", bound="DispatchIn")



@_attrs_define
class DispatchIn:
    """ A run to dispatch. Omitted fields are taken from the job type.

        Attributes:
            payload (Any): The handler's input: any JSON value that matches the job type's `payload_schema`. The request
                body is limited to 1 MiB (`JOBS_MAX_BODY_BYTES`).
            queue (str | Unset): The queue of the run. Default: that of the job type.
            priority (int | Unset): The priority in its queue, from -100 to 100; higher starts first. Default: that of the
                job type.
            delay_seconds (float | None | Unset): Seconds from now until the run is due, at most 366 days; mutually
                exclusive with `run_at`. null (default): due immediately.
            run_at (datetime.datetime | None | Unset): When the run is due (RFC 3339), at most 366 days ahead; a time in the
                past is due immediately. Mutually exclusive with `delay_seconds`. null (default): due immediately.
            retry (int | RetryIn | Unset): The retry policy of this run, or the number of retries (one less than attempts, 0
                to 999). Omitted fields of a policy are taken from the job type. Default: that of the job type.
            timeout_seconds (float | Unset): Time limit of one attempt in seconds, more than 0 and at most 30 days. Default:
                that of the job type.
            expires_seconds (float | None | Unset): Seconds after the dispatch within which the run must start, more than 0
                and at most 366 days; otherwise it is `failed` with `expired`. null: no limit. Default: that of the job type.
            dedupe_key (None | str | Unset): 1 to 255 characters. While an unfinished run of this job type has the same key,
                that run is returned and no new one is created. null (default): no deduplication.
            tags (list[str] | Unset): At most 20 tags of 1 to 128 characters, to find the run by. Default: none.
            metadata (Metadata | Unset): The caller's own data about a run.
     """

    payload: Any
    queue: str | Unset = UNSET
    priority: int | Unset = UNSET
    delay_seconds: float | None | Unset = UNSET
    run_at: datetime.datetime | None | Unset = UNSET
    retry: int | RetryIn | Unset = UNSET
    timeout_seconds: float | Unset = UNSET
    expires_seconds: float | None | Unset = UNSET
    dedupe_key: None | str | Unset = UNSET
    tags: list[str] | Unset = UNSET
    metadata: Metadata | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.metadata import Metadata # noqa: PLC0415
        from ..models.retry_in import RetryIn # noqa: PLC0415
        payload = self.payload

        queue = self.queue

        priority = self.priority

        delay_seconds: float | None | Unset
        if isinstance(self.delay_seconds, Unset):
            delay_seconds = UNSET
        else:
            delay_seconds = self.delay_seconds

        run_at: None | str | Unset
        if isinstance(self.run_at, Unset):
            run_at = UNSET
        elif isinstance(self.run_at, datetime.datetime):
            run_at = self.run_at.isoformat()
        else:
            run_at = self.run_at

        retry: dict[str, Any] | int | Unset
        if isinstance(self.retry, Unset):
            retry = UNSET
        elif isinstance(self.retry, RetryIn):
            retry = self.retry.to_dict()
        else:
            retry = self.retry

        timeout_seconds = self.timeout_seconds

        expires_seconds: float | None | Unset
        if isinstance(self.expires_seconds, Unset):
            expires_seconds = UNSET
        else:
            expires_seconds = self.expires_seconds

        dedupe_key: None | str | Unset
        if isinstance(self.dedupe_key, Unset):
            dedupe_key = UNSET
        else:
            dedupe_key = self.dedupe_key

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags



        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "payload": payload,
        })
        if queue is not UNSET:
            field_dict["queue"] = queue
        if priority is not UNSET:
            field_dict["priority"] = priority
        if delay_seconds is not UNSET:
            field_dict["delay_seconds"] = delay_seconds
        if run_at is not UNSET:
            field_dict["run_at"] = run_at
        if retry is not UNSET:
            field_dict["retry"] = retry
        if timeout_seconds is not UNSET:
            field_dict["timeout_seconds"] = timeout_seconds
        if expires_seconds is not UNSET:
            field_dict["expires_seconds"] = expires_seconds
        if dedupe_key is not UNSET:
            field_dict["dedupe_key"] = dedupe_key
        if tags is not UNSET:
            field_dict["tags"] = tags
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.metadata import Metadata # noqa: PLC0415
        from ..models.retry_in import RetryIn # noqa: PLC0415
        d = dict(src_dict)
        payload = d.pop("payload")

        queue = d.pop("queue", UNSET)

        priority = d.pop("priority", UNSET)

        def _parse_delay_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        delay_seconds = _parse_delay_seconds(d.pop("delay_seconds", UNSET))


        def _parse_run_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                run_at_type_0 = datetime.datetime.fromisoformat(data)



                return run_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        run_at = _parse_run_at(d.pop("run_at", UNSET))


        def _parse_retry(data: object) -> int | RetryIn | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                retry_type_0 = RetryIn.from_dict(data)



                return retry_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(int | RetryIn | Unset, data)

        retry = _parse_retry(d.pop("retry", UNSET))


        timeout_seconds = d.pop("timeout_seconds", UNSET)

        def _parse_expires_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        expires_seconds = _parse_expires_seconds(d.pop("expires_seconds", UNSET))


        def _parse_dedupe_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        dedupe_key = _parse_dedupe_key(d.pop("dedupe_key", UNSET))


        tags = cast(list[str], d.pop("tags", UNSET))


        _metadata = d.pop("metadata", UNSET)
        metadata: Metadata | Unset
        if isinstance(_metadata,  Unset):
            metadata = UNSET
        else:
            metadata = Metadata.from_dict(_metadata)




        dispatch_in = cls(
            payload=payload,
            queue=queue,
            priority=priority,
            delay_seconds=delay_seconds,
            run_at=run_at,
            retry=retry,
            timeout_seconds=timeout_seconds,
            expires_seconds=expires_seconds,
            dedupe_key=dedupe_key,
            tags=tags,
            metadata=metadata,
        )

        return dispatch_in

