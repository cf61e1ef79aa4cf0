from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.registered_job_type_source import check_registered_job_type_source
from ..models.registered_job_type_source import RegisteredJobTypeSource
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.http_handler_out import HttpHandlerOut
  from ..models.json_schema_type_0 import JsonSchemaType0
  from ..models.retry_out import RetryOut
  from ..models.worker_handler_out import WorkerHandlerOut





T = TypeVar("T", bound="RegisteredJobType")



@_attrs_define
class RegisteredJobType:
    """ The job type, and its signing secret where this request created one.

        Attributes:
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
            paused (bool): Whether its runs are held back.
            tags (list[str]): Tags to find it by.
            redact (list[str]): JSON Pointers to what is shown as `***` to keys without the scope `runs:reveal`.
            version (int): 1 for the first definition under this name, incremented by each change.
            source (RegisteredJobTypeSource): `code` if a worker declared it, `config` if it was applied as a configuration,
                and it has not been changed over HTTP since; otherwise `api`.
            created_at (datetime.datetime): When it was created: RFC 3339, UTC.
            updated_at (datetime.datetime): When it was last changed: RFC 3339, UTC.
            secret (None | str | Unset): The secret that signs its requests, `whsec_` and base64. Shown once: omitted, or
                null, unless this request created it.
     """

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
    paused: bool
    tags: list[str]
    redact: list[str]
    version: int
    source: RegisteredJobTypeSource
    created_at: datetime.datetime
    updated_at: datetime.datetime
    secret: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.http_handler_out import HttpHandlerOut # noqa: PLC0415
        from ..models.json_schema_type_0 import JsonSchemaType0 # noqa: PLC0415
        from ..models.retry_out import RetryOut # noqa: PLC0415
        from ..models.worker_handler_out import WorkerHandlerOut # noqa: PLC0415
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

        paused = self.paused

        tags = self.tags



        redact = self.redact



        version = self.version

        source: str = self.source

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        secret: None | str | Unset
        if isinstance(self.secret, Unset):
            secret = UNSET
        else:
            secret = self.secret


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
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
            "paused": paused,
            "tags": tags,
            "redact": redact,
            "version": version,
            "source": source,
            "created_at": created_at,
            "updated_at": updated_at,
        })
        if secret is not UNSET:
            field_dict["secret"] = secret

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.http_handler_out import HttpHandlerOut # noqa: PLC0415
        from ..models.json_schema_type_0 import JsonSchemaType0 # noqa: PLC0415
        from ..models.retry_out import RetryOut # noqa: PLC0415
        from ..models.worker_handler_out import WorkerHandlerOut # noqa: PLC0415
        d = dict(src_dict)
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


        paused = d.pop("paused")

        tags = cast(list[str], d.pop("tags"))


        redact = cast(list[str], d.pop("redact"))


        version = d.pop("version")

        source = check_registered_job_type_source(d.pop("source"))




        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        def _parse_secret(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        secret = _parse_secret(d.pop("secret", UNSET))


        registered_job_type = cls(
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
            paused=paused,
            tags=tags,
            redact=redact,
            version=version,
            source=source,
            created_at=created_at,
            updated_at=updated_at,
            secret=secret,
        )


        registered_job_type.additional_properties = d
        return registered_job_type

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
