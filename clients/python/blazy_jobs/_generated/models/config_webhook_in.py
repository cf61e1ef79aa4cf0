from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.config_source import check_config_source
from ..models.config_source import ConfigSource
from ..models.disabled_reason import check_disabled_reason
from ..models.disabled_reason import DisabledReason
from ..models.webhook_event_type import check_webhook_event_type
from ..models.webhook_event_type import WebhookEventType
from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="ConfigWebhookIn")



@_attrs_define
class ConfigWebhookIn:
    """ A webhook as it is to be. Omitted fields get their defaults, except `enabled`.

        Attributes:
            url (str): Where messages are POSTed: `https`, or `http` for networks in JOBS_HTTP_ALLOW. At most 2,048
                characters.
            name (str): 1 to 128 letters, digits, `.`, `_` and `-`, starting with a letter or digit.
            events (list[WebhookEventType] | Unset): What it is told of, at most 10 entries. Default: all four.
            job_types (list[str] | None | Unset): Names of job types, or prefixes that end with `*`: only their runs. null:
                all. At most 100. Default: null.
            queues (list[str] | None | Unset): Names of queues, or prefixes that end with `*`: only runs in them. null: all.
                At most 100. Default: null.
            include (list[Literal['result']] | Unset): What messages contain besides, at most 10 entries. Default: nothing.
            enabled (bool | Unset): Whether messages are sent. What happens while it is false is delivered when it is true
                again, as far as it is still kept. Default: true.
            disabled_reason (DisabledReason | None | Unset): Read-only: taken, so that a webhook can be sent back as it was
                read, and ignored; so is null. Default: null.
            source (ConfigSource | None | Unset): Ignored; accepted so that an export can be applied. null (default): as if
                it were not there.
            owner (None | str | Unset): Whose it becomes if the document names no owner. null (default): `default`.
     """

    url: str
    name: str
    events: list[WebhookEventType] | Unset = UNSET
    job_types: list[str] | None | Unset = UNSET
    queues: list[str] | None | Unset = UNSET
    include: list[Literal['result']] | Unset = UNSET
    enabled: bool | Unset = UNSET
    disabled_reason: DisabledReason | None | Unset = UNSET
    source: ConfigSource | None | Unset = UNSET
    owner: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        url = self.url

        name = self.name

        events: list[str] | Unset = UNSET
        if not isinstance(self.events, Unset):
            events = []
            for events_item_data in self.events:
                events_item: str = events_item_data
                events.append(events_item)



        job_types: list[str] | None | Unset
        if isinstance(self.job_types, Unset):
            job_types = UNSET
        elif isinstance(self.job_types, list):
            job_types = self.job_types


        else:
            job_types = self.job_types

        queues: list[str] | None | Unset
        if isinstance(self.queues, Unset):
            queues = UNSET
        elif isinstance(self.queues, list):
            queues = self.queues


        else:
            queues = self.queues

        include: list[Literal['result']] | Unset = UNSET
        if not isinstance(self.include, Unset):
            include = self.include



        enabled = self.enabled

        disabled_reason: None | str | Unset
        if isinstance(self.disabled_reason, Unset):
            disabled_reason = UNSET
        elif isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        else:
            disabled_reason = self.disabled_reason

        source: None | str | Unset
        if isinstance(self.source, Unset):
            source = UNSET
        elif isinstance(self.source, str):
            source = self.source
        else:
            source = self.source

        owner: None | str | Unset
        if isinstance(self.owner, Unset):
            owner = UNSET
        else:
            owner = self.owner


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "url": url,
            "name": name,
        })
        if events is not UNSET:
            field_dict["events"] = events
        if job_types is not UNSET:
            field_dict["job_types"] = job_types
        if queues is not UNSET:
            field_dict["queues"] = queues
        if include is not UNSET:
            field_dict["include"] = include
        if enabled is not UNSET:
            field_dict["enabled"] = enabled
        if disabled_reason is not UNSET:
            field_dict["disabled_reason"] = disabled_reason
        if source is not UNSET:
            field_dict["source"] = source
        if owner is not UNSET:
            field_dict["owner"] = owner

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url")

        name = d.pop("name")

        _events = d.pop("events", UNSET)
        events: list[WebhookEventType] | Unset = UNSET
        if _events is not UNSET:
            events = []
            for events_item_data in _events:
                events_item = check_webhook_event_type(events_item_data)



                events.append(events_item)


        def _parse_job_types(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                job_types_type_0 = cast(list[str], data)

                return job_types_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        job_types = _parse_job_types(d.pop("job_types", UNSET))


        def _parse_queues(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                queues_type_0 = cast(list[str], data)

                return queues_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        queues = _parse_queues(d.pop("queues", UNSET))


        _include = d.pop("include", UNSET)
        include: list[Literal['result']] | Unset = UNSET
        if _include is not UNSET:
            include = []
            for include_item_data in _include:
                include_item = cast(Literal['result'] , include_item_data)
                if include_item != 'result':
                    raise ValueError(f"include_item must match const 'result', got '{include_item}'")
                include.append(include_item)


        enabled = d.pop("enabled", UNSET)

        def _parse_disabled_reason(data: object) -> DisabledReason | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_0 = check_disabled_reason(data)



                return disabled_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DisabledReason | None | Unset, data)

        disabled_reason = _parse_disabled_reason(d.pop("disabled_reason", UNSET))


        def _parse_source(data: object) -> ConfigSource | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                source_type_0 = check_config_source(data)



                return source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ConfigSource | None | Unset, data)

        source = _parse_source(d.pop("source", UNSET))


        def _parse_owner(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        owner = _parse_owner(d.pop("owner", UNSET))


        config_webhook_in = cls(
            url=url,
            name=name,
            events=events,
            job_types=job_types,
            queues=queues,
            include=include,
            enabled=enabled,
            disabled_reason=disabled_reason,
            source=source,
            owner=owner,
        )

        return config_webhook_in

