from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.actor import Actor
  from ..models.http_handler_out import HttpHandlerOut
  from ..models.json_schema_type_0 import JsonSchemaType0
  from ..models.retry_out import RetryOut
  from ..models.worker_handler_out import WorkerHandlerOut





T = TypeVar("T", bound="JobTypeVersion")



@_attrs_define
class JobTypeVersion:
    """ A definition that the job type has had, and what it changed.

        Attributes:
            version (int): Its number, from 1 without gaps.
            changed (list[str]): The names of the fields that differ from the version before. Empty for the first.
            created_at (datetime.datetime | None): When it was made: RFC 3339, UTC. null: it was replaced before this was
                recorded.
            created_by (Actor | None): The API key that made it. null: a server without keys, code of its own workers, or
                unrecorded.
            name (str): Unique among the job types that are not retired.
            description (str): For people; may be empty.
            handler (HttpHandlerOut | WorkerHandlerOut): What executes the runs.
            queue (str): The queue of its runs, unless a dispatch names another.
            priority (int): The priority of its runs, unless a dispatch sets another: from -100 to 100, higher starts first.
            retry (RetryOut): The retry policy.
            timeout_seconds (float): Time limit of one attempt in seconds.
            expires_seconds (float | None): Seconds after its dispatch within which a run must start; otherwise it is
                `failed` with `expired`. null: no limit.
            payload_schema (bool | JsonSchemaType0 | None): The JSON Schema of payloads. null: any payload.
            result_schema (bool | JsonSchemaType0 | None): The JSON Schema of results. null: any result.
            retention_seconds (float): Seconds that finished runs are kept.
            retention_failed_seconds (float | None): Seconds that failed runs are kept. null: `retention_seconds`.
            concurrency (int | None): Maximum number of its runs at a time. null: no limit.
            tags (list[str]): Tags to find it by.
            redact (list[str]): JSON Pointers to what is shown as `***` to keys without the scope `runs:reveal`.
     """

    version: int
    changed: list[str]
    created_at: datetime.datetime | None
    created_by: Actor | None
    name: str
    description: str
    handler: HttpHandlerOut | WorkerHandlerOut
    queue: str
    priority: int
    retry: RetryOut
    timeout_seconds: float
    expires_seconds: float | None
    payload_schema: bool | JsonSchemaType0 | None
    result_schema: bool | JsonSchemaType0 | None
    retention_seconds: float
    retention_failed_seconds: float | None
    concurrency: int | None
    tags: list[str]
    redact: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.actor import Actor # noqa: PLC0415
        from ..models.http_handler_out import HttpHandlerOut # noqa: PLC0415
        from ..models.json_schema_type_0 import JsonSchemaType0 # noqa: PLC0415
        from ..models.retry_out import RetryOut # noqa: PLC0415
        from ..models.worker_handler_out import WorkerHandlerOut # noqa: PLC0415
        version = self.version

        changed = self.changed



        created_at: None | str
        if isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        created_by: dict[str, Any] | None
        if isinstance(self.created_by, Actor):
            created_by = self.created_by.to_dict()
        else:
            created_by = self.created_by

        name = self.name

        description = self.description

        handler: dict[str, Any]
        if isinstance(self.handler, WorkerHandlerOut):
            handler = self.handler.to_dict()
        else:
            handler = self.handler.to_dict()


        queue = self.queue

        priority = self.priority

        retry = self.retry.to_dict()

        timeout_seconds = self.timeout_seconds

        expires_seconds: float | None
        expires_seconds = self.expires_seconds

        payload_schema: bool | dict[str, Any] | None
        if isinstance(self.payload_schema, JsonSchemaType0):
            payload_schema = self.payload_schema.to_dict()
        else:
            payload_schema = self.payload_schema

        result_schema: bool | dict[str, Any] | None
        if isinstance(self.result_schema, JsonSchemaType0):
            result_schema = self.result_schema.to_dict()
        else:
            result_schema = self.result_schema

        retention_seconds = self.retention_seconds

        retention_failed_seconds: float | None
        retention_failed_seconds = self.retention_failed_seconds

        concurrency: int | None
        concurrency = self.concurrency

        tags = self.tags



        redact = self.redact




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "version": version,
            "changed": changed,
            "created_at": created_at,
            "created_by": created_by,
            "name": name,
            "description": description,
            "handler": handler,
            "queue": queue,
            "priority": priority,
            "retry": retry,
            "timeout_seconds": timeout_seconds,
            "expires_seconds": expires_seconds,
            "payload_schema": payload_schema,
            "result_schema": result_schema,
            "retention_seconds": retention_seconds,
            "retention_failed_seconds": retention_failed_seconds,
            "concurrency": concurrency,
            "tags": tags,
            "redact": redact,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.actor import Actor # noqa: PLC0415
        from ..models.http_handler_out import HttpHandlerOut # noqa: PLC0415
        from ..models.json_schema_type_0 import JsonSchemaType0 # noqa: PLC0415
        from ..models.retry_out import RetryOut # noqa: PLC0415
        from ..models.worker_handler_out import WorkerHandlerOut # noqa: PLC0415
        d = dict(src_dict)
        version = d.pop("version")

        changed = cast(list[str], d.pop("changed"))


        def _parse_created_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_at_type_0 = datetime.datetime.fromisoformat(data)



                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        created_at = _parse_created_at(d.pop("created_at"))


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


        name = d.pop("name")

        description = d.pop("description")

        def _parse_handler(data: object) -> HttpHandlerOut | WorkerHandlerOut:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_handler_out_type_0 = WorkerHandlerOut.from_dict(data)



                return componentsschemas_handler_out_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_handler_out_type_1 = HttpHandlerOut.from_dict(data)



            return componentsschemas_handler_out_type_1

        handler = _parse_handler(d.pop("handler"))


        queue = d.pop("queue")

        priority = d.pop("priority")

        retry = RetryOut.from_dict(d.pop("retry"))




        timeout_seconds = d.pop("timeout_seconds")

        def _parse_expires_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        expires_seconds = _parse_expires_seconds(d.pop("expires_seconds"))


        def _parse_payload_schema(data: object) -> bool | JsonSchemaType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_json_schema_type_0 = JsonSchemaType0.from_dict(data)



                return componentsschemas_json_schema_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(bool | JsonSchemaType0 | None, data)

        payload_schema = _parse_payload_schema(d.pop("payload_schema"))


        def _parse_result_schema(data: object) -> bool | JsonSchemaType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_json_schema_type_0 = JsonSchemaType0.from_dict(data)



                return componentsschemas_json_schema_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(bool | JsonSchemaType0 | None, data)

        result_schema = _parse_result_schema(d.pop("result_schema"))


        retention_seconds = d.pop("retention_seconds")

        def _parse_retention_failed_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        retention_failed_seconds = _parse_retention_failed_seconds(d.pop("retention_failed_seconds"))


        def _parse_concurrency(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        concurrency = _parse_concurrency(d.pop("concurrency"))


        tags = cast(list[str], d.pop("tags"))


        redact = cast(list[str], d.pop("redact"))


        job_type_version = cls(
            version=version,
            changed=changed,
            created_at=created_at,
            created_by=created_by,
            name=name,
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
            tags=tags,
            redact=redact,
        )


        job_type_version.additional_properties = d
        return job_type_version

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
