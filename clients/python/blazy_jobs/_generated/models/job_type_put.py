from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.handler_in import HandlerIn
  from ..models.job_type_put_payload_schema_type_0 import JobTypePutPayloadSchemaType0
  from ..models.job_type_put_result_schema_type_0 import JobTypePutResultSchemaType0
  from ..models.retry_in import RetryIn





T = TypeVar("T", bound="JobTypePut")



@_attrs_define
class JobTypePut:
    """ A whole definition; the name comes from the path and may be left out.

        Attributes:
            handler (HandlerIn):
            description (None | str | Unset):
            queue (None | str | Unset):
            priority (int | None | Unset):
            retry (int | None | RetryIn | Unset):
            timeout_seconds (float | None | Unset):
            expires_seconds (float | None | Unset):
            payload_schema (bool | JobTypePutPayloadSchemaType0 | None | Unset):
            result_schema (bool | JobTypePutResultSchemaType0 | None | Unset):
            retention_seconds (float | None | Unset):
            concurrency (int | None | Unset):
            paused (bool | None | Unset):
            tags (list[str] | None | Unset):
            name (None | str | Unset):
     """

    handler: HandlerIn
    description: None | str | Unset = UNSET
    queue: None | str | Unset = UNSET
    priority: int | None | Unset = UNSET
    retry: int | None | RetryIn | Unset = UNSET
    timeout_seconds: float | None | Unset = UNSET
    expires_seconds: float | None | Unset = UNSET
    payload_schema: bool | JobTypePutPayloadSchemaType0 | None | Unset = UNSET
    result_schema: bool | JobTypePutResultSchemaType0 | None | Unset = UNSET
    retention_seconds: float | None | Unset = UNSET
    concurrency: int | None | Unset = UNSET
    paused: bool | None | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    name: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.handler_in import HandlerIn # noqa: PLC0415
        from ..models.job_type_put_payload_schema_type_0 import JobTypePutPayloadSchemaType0 # noqa: PLC0415
        from ..models.job_type_put_result_schema_type_0 import JobTypePutResultSchemaType0 # noqa: PLC0415
        from ..models.retry_in import RetryIn # noqa: PLC0415
        handler = self.handler.to_dict()

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        queue: None | str | Unset
        if isinstance(self.queue, Unset):
            queue = UNSET
        else:
            queue = self.queue

        priority: int | None | Unset
        if isinstance(self.priority, Unset):
            priority = UNSET
        else:
            priority = self.priority

        retry: dict[str, Any] | int | None | Unset
        if isinstance(self.retry, Unset):
            retry = UNSET
        elif isinstance(self.retry, RetryIn):
            retry = self.retry.to_dict()
        else:
            retry = self.retry

        timeout_seconds: float | None | Unset
        if isinstance(self.timeout_seconds, Unset):
            timeout_seconds = UNSET
        else:
            timeout_seconds = self.timeout_seconds

        expires_seconds: float | None | Unset
        if isinstance(self.expires_seconds, Unset):
            expires_seconds = UNSET
        else:
            expires_seconds = self.expires_seconds

        payload_schema: bool | dict[str, Any] | None | Unset
        if isinstance(self.payload_schema, Unset):
            payload_schema = UNSET
        elif isinstance(self.payload_schema, JobTypePutPayloadSchemaType0):
            payload_schema = self.payload_schema.to_dict()
        else:
            payload_schema = self.payload_schema

        result_schema: bool | dict[str, Any] | None | Unset
        if isinstance(self.result_schema, Unset):
            result_schema = UNSET
        elif isinstance(self.result_schema, JobTypePutResultSchemaType0):
            result_schema = self.result_schema.to_dict()
        else:
            result_schema = self.result_schema

        retention_seconds: float | None | Unset
        if isinstance(self.retention_seconds, Unset):
            retention_seconds = UNSET
        else:
            retention_seconds = self.retention_seconds

        concurrency: int | None | Unset
        if isinstance(self.concurrency, Unset):
            concurrency = UNSET
        else:
            concurrency = self.concurrency

        paused: bool | None | Unset
        if isinstance(self.paused, Unset):
            paused = UNSET
        else:
            paused = self.paused

        tags: list[str] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = self.tags


        else:
            tags = self.tags

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "handler": handler,
        })
        if description is not UNSET:
            field_dict["description"] = description
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
        if concurrency is not UNSET:
            field_dict["concurrency"] = concurrency
        if paused is not UNSET:
            field_dict["paused"] = paused
        if tags is not UNSET:
            field_dict["tags"] = tags
        if name is not UNSET:
            field_dict["name"] = name

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.handler_in import HandlerIn # noqa: PLC0415
        from ..models.job_type_put_payload_schema_type_0 import JobTypePutPayloadSchemaType0 # noqa: PLC0415
        from ..models.job_type_put_result_schema_type_0 import JobTypePutResultSchemaType0 # noqa: PLC0415
        from ..models.retry_in import RetryIn # noqa: PLC0415
        d = dict(src_dict)
        handler = HandlerIn.from_dict(d.pop("handler"))




        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))


        def _parse_queue(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        queue = _parse_queue(d.pop("queue", UNSET))


        def _parse_priority(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        priority = _parse_priority(d.pop("priority", UNSET))


        def _parse_retry(data: object) -> int | None | RetryIn | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                retry_type_0 = RetryIn.from_dict(data)



                return retry_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(int | None | RetryIn | Unset, data)

        retry = _parse_retry(d.pop("retry", UNSET))


        def _parse_timeout_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        timeout_seconds = _parse_timeout_seconds(d.pop("timeout_seconds", UNSET))


        def _parse_expires_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        expires_seconds = _parse_expires_seconds(d.pop("expires_seconds", UNSET))


        def _parse_payload_schema(data: object) -> bool | JobTypePutPayloadSchemaType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                payload_schema_type_0 = JobTypePutPayloadSchemaType0.from_dict(data)



                return payload_schema_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(bool | JobTypePutPayloadSchemaType0 | None | Unset, data)

        payload_schema = _parse_payload_schema(d.pop("payload_schema", UNSET))


        def _parse_result_schema(data: object) -> bool | JobTypePutResultSchemaType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                result_schema_type_0 = JobTypePutResultSchemaType0.from_dict(data)



                return result_schema_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(bool | JobTypePutResultSchemaType0 | None | Unset, data)

        result_schema = _parse_result_schema(d.pop("result_schema", UNSET))


        def _parse_retention_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        retention_seconds = _parse_retention_seconds(d.pop("retention_seconds", UNSET))


        def _parse_concurrency(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        concurrency = _parse_concurrency(d.pop("concurrency", UNSET))


        def _parse_paused(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        paused = _parse_paused(d.pop("paused", UNSET))


        def _parse_tags(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tags_type_0 = cast(list[str], data)

                return tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        tags = _parse_tags(d.pop("tags", UNSET))


        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))


        job_type_put = cls(
            handler=handler,
            description=description,
            queue=queue,
            priority=priority,
            retry=retry,
            timeout_seconds=timeout_seconds,
            expires_seconds=expires_seconds,
            payload_schema=payload_schema,
            result_schema=result_schema,
            retention_seconds=retention_seconds,
            concurrency=concurrency,
            paused=paused,
            tags=tags,
            name=name,
        )

        return job_type_put

