from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.http_handler_in import HttpHandlerIn
  from ..models.json_schema_type_0 import JsonSchemaType0
  from ..models.retry_in import RetryIn
  from ..models.worker_handler_in import WorkerHandlerIn





T = TypeVar("T", bound="JobTypePatch")



@_attrs_define
class JobTypePatch:
    """ The fields of a job type to change; omitted fields are not changed.

        Attributes:
            description (str | Unset): For people, at most 4,096 characters. If omitted, it is not changed.
            handler (HttpHandlerIn | Unset | WorkerHandlerIn): What executes the runs.
            queue (str | Unset): The queue of its runs, unless a dispatch names another. If omitted, it is not changed.
            priority (int | Unset): The priority of its runs in their queue, from -100 to 100; higher starts first. If
                omitted, it is not changed.
            retry (int | RetryIn | Unset): The retry policy, or the number of retries (one less than attempts, 0 to 999). If
                omitted, it is not changed.
            timeout_seconds (float | Unset): Time limit of one attempt in seconds, more than 0 and at most 30 days; the
                attempt then fails with `timeout`. If omitted, it is not changed.
            expires_seconds (float | None | Unset): Seconds after its dispatch within which a run must start, more than 0
                and at most 366 days; otherwise it is `failed` with `expired`. null: no limit. If omitted, it is not changed.
            payload_schema (bool | JsonSchemaType0 | None | Unset): The JSON Schema of payloads; a payload that does not
                match is refused with `422 invalid_payload`. null: any payload. If omitted, it is not changed.
            result_schema (bool | JsonSchemaType0 | None | Unset): The JSON Schema of results; a run whose result does not
                match is `failed` with `invalid_result`. null: any result. If omitted, it is not changed.
            retention_seconds (float | Unset): Seconds that finished runs are kept, at most ten years; 0 deletes them soon
                after they finish. If omitted, it is not changed.
            retention_failed_seconds (float | None | Unset): Seconds that failed runs are kept, instead of
                `retention_seconds`, at most ten years. null: as long as other runs. If omitted, it is not changed.
            concurrency (int | None | Unset): Maximum number of its runs at a time, across all workers, from 1 to 1,000,000.
                null: no limit. If omitted, it is not changed.
            paused (bool | Unset): Whether its runs are held back. Not part of the definition: changing it creates no new
                version. If omitted, it is not changed.
            tags (list[str] | Unset): At most 20 tags of 1 to 128 characters, to find it by. If omitted, it is not changed.
            redact (list[str] | Unset): JSON Pointers (RFC 6901) to values in payloads, results, progress data and log
                fields that are shown as `***` to keys without the scope `runs:reveal`; at most 50 of at most 256 characters. A
                pointer that leads nowhere in a document hides nothing there. Workers get the values. A key without
                `runs:reveal` cannot remove pointers. If omitted, it is not changed.
     """

    description: str | Unset = UNSET
    handler: HttpHandlerIn | Unset | WorkerHandlerIn = UNSET
    queue: str | Unset = UNSET
    priority: int | Unset = UNSET
    retry: int | RetryIn | Unset = UNSET
    timeout_seconds: float | Unset = UNSET
    expires_seconds: float | None | Unset = UNSET
    payload_schema: bool | JsonSchemaType0 | None | Unset = UNSET
    result_schema: bool | JsonSchemaType0 | None | Unset = UNSET
    retention_seconds: float | Unset = UNSET
    retention_failed_seconds: float | None | Unset = UNSET
    concurrency: int | None | Unset = UNSET
    paused: bool | Unset = UNSET
    tags: list[str] | Unset = UNSET
    redact: list[str] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.http_handler_in import HttpHandlerIn # noqa: PLC0415
        from ..models.json_schema_type_0 import JsonSchemaType0 # noqa: PLC0415
        from ..models.retry_in import RetryIn # noqa: PLC0415
        from ..models.worker_handler_in import WorkerHandlerIn # noqa: PLC0415
        description = self.description

        handler: dict[str, Any] | Unset
        if isinstance(self.handler, Unset):
            handler = UNSET
        elif isinstance(self.handler, WorkerHandlerIn):
            handler = self.handler.to_dict()
        else:
            handler = self.handler.to_dict()


        queue = self.queue

        priority = self.priority

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

        payload_schema: bool | dict[str, Any] | None | Unset
        if isinstance(self.payload_schema, Unset):
            payload_schema = UNSET
        elif isinstance(self.payload_schema, JsonSchemaType0):
            payload_schema = self.payload_schema.to_dict()
        else:
            payload_schema = self.payload_schema

        result_schema: bool | dict[str, Any] | None | Unset
        if isinstance(self.result_schema, Unset):
            result_schema = UNSET
        elif isinstance(self.result_schema, JsonSchemaType0):
            result_schema = self.result_schema.to_dict()
        else:
            result_schema = self.result_schema

        retention_seconds = self.retention_seconds

        retention_failed_seconds: float | None | Unset
        if isinstance(self.retention_failed_seconds, Unset):
            retention_failed_seconds = UNSET
        else:
            retention_failed_seconds = self.retention_failed_seconds

        concurrency: int | None | Unset
        if isinstance(self.concurrency, Unset):
            concurrency = UNSET
        else:
            concurrency = self.concurrency

        paused = self.paused

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags



        redact: list[str] | Unset = UNSET
        if not isinstance(self.redact, Unset):
            redact = self.redact




        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if description is not UNSET:
            field_dict["description"] = description
        if handler is not UNSET:
            field_dict["handler"] = handler
        if queue is not UNSET:
            field_dict["queue"] = queue
        if priority is not UNSET:
            field_dict["priority"] = priority
        if retry is not UNSET:
            field_dict["retry"] = retry
        if timeout_seconds is not UNSET:
            field_dict["timeout_seconds"] = timeout_seconds
        if expires_seconds is not UNSET:
            field_dict["expires_seconds"] = expires_seconds
        if payload_schema is not UNSET:
            field_dict["payload_schema"] = payload_schema
        if result_schema is not UNSET:
            field_dict["result_schema"] = result_schema
        if retention_seconds is not UNSET:
            field_dict["retention_seconds"] = retention_seconds
        if retention_failed_seconds is not UNSET:
            field_dict["retention_failed_seconds"] = retention_failed_seconds
        if concurrency is not UNSET:
            field_dict["concurrency"] = concurrency
        if paused is not UNSET:
            field_dict["paused"] = paused
        if tags is not UNSET:
            field_dict["tags"] = tags
        if redact is not UNSET:
            field_dict["redact"] = redact

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.http_handler_in import HttpHandlerIn # noqa: PLC0415
        from ..models.json_schema_type_0 import JsonSchemaType0 # noqa: PLC0415
        from ..models.retry_in import RetryIn # noqa: PLC0415
        from ..models.worker_handler_in import WorkerHandlerIn # noqa: PLC0415
        d = dict(src_dict)
        description = d.pop("description", UNSET)

        def _parse_handler(data: object) -> HttpHandlerIn | Unset | WorkerHandlerIn:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_handler_in_type_0 = WorkerHandlerIn.from_dict(data)



                return componentsschemas_handler_in_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_handler_in_type_1 = HttpHandlerIn.from_dict(data)



            return componentsschemas_handler_in_type_1

        handler = _parse_handler(d.pop("handler", UNSET))


        queue = d.pop("queue", UNSET)

        priority = d.pop("priority", UNSET)

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


        def _parse_payload_schema(data: object) -> bool | JsonSchemaType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_json_schema_type_0 = JsonSchemaType0.from_dict(data)



                return componentsschemas_json_schema_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(bool | JsonSchemaType0 | None | Unset, data)

        payload_schema = _parse_payload_schema(d.pop("payload_schema", UNSET))


        def _parse_result_schema(data: object) -> bool | JsonSchemaType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_json_schema_type_0 = JsonSchemaType0.from_dict(data)



                return componentsschemas_json_schema_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(bool | JsonSchemaType0 | None | Unset, data)

        result_schema = _parse_result_schema(d.pop("result_schema", UNSET))


        retention_seconds = d.pop("retention_seconds", UNSET)

        def _parse_retention_failed_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        retention_failed_seconds = _parse_retention_failed_seconds(d.pop("retention_failed_seconds", UNSET))


        def _parse_concurrency(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        concurrency = _parse_concurrency(d.pop("concurrency", UNSET))


        paused = d.pop("paused", UNSET)

        tags = cast(list[str], d.pop("tags", UNSET))


        redact = cast(list[str], d.pop("redact", UNSET))


        job_type_patch = cls(
            description=description,
            handler=handler,
            queue=queue,
            priority=priority,
            retry=retry,
            timeout_seconds=timeout_seconds,
            expires_seconds=expires_seconds,
            payload_schema=payload_schema,
            result_schema=result_schema,
            retention_seconds=retention_seconds,
            retention_failed_seconds=retention_failed_seconds,
            concurrency=concurrency,
            paused=paused,
            tags=tags,
            redact=redact,
        )

        return job_type_patch

