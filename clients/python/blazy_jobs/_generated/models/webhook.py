from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.disabled_reason import check_disabled_reason
from ..models.disabled_reason import DisabledReason
from ..models.webhook_event_type import check_webhook_event_type
from ..models.webhook_event_type import WebhookEventType
from typing import cast
from typing import Literal, cast
import datetime






T = TypeVar("T", bound="Webhook")



@_attrs_define
class Webhook:
    """ A webhook, without its secret.

        Attributes:
            name (str): 1 to 128 letters, digits, `.`, `_` and `-`, starting with a letter or digit.
            url (str): Where messages are POSTed.
            events (list[WebhookEventType]): What it is told of.
            job_types (list[str] | None): Names of job types, or prefixes that end with `*`: only their runs. null: all. At
                most 100.
            queues (list[str] | None): Names of queues, or prefixes that end with `*`: only runs in them. null: all. At most
                100.
            include (list[Literal['result']]): What messages contain besides.
            enabled (bool): Whether messages are sent.
            disabled_reason (DisabledReason | None): Why the server disabled it. null: it did not.
            failing_since (datetime.datetime | None): When the first attempt after the last success failed. null: the last
                attempt succeeded, or there was none.
            last_success_at (datetime.datetime | None): When a message was last received. null: never.
            previous_secret_until (datetime.datetime | None): Until when the secret before the last rotation signs too.
                null: it does not.
            source (str): `api`: it was made or changed over HTTP; `config`: it was applied as a configuration.
            created_at (datetime.datetime): When it was created: RFC 3339, UTC.
            updated_at (datetime.datetime): When it was last changed: RFC 3339, UTC.
     """

    name: str
    url: str
    events: list[WebhookEventType]
    job_types: list[str] | None
    queues: list[str] | None
    include: list[Literal['result']]
    enabled: bool
    disabled_reason: DisabledReason | None
    failing_since: datetime.datetime | None
    last_success_at: datetime.datetime | None
    previous_secret_until: datetime.datetime | None
    source: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        name = self.name

        url = self.url

        events = []
        for events_item_data in self.events:
            events_item: str = events_item_data
            events.append(events_item)



        job_types: list[str] | None
        if isinstance(self.job_types, list):
            job_types = self.job_types


        else:
            job_types = self.job_types

        queues: list[str] | None
        if isinstance(self.queues, list):
            queues = self.queues


        else:
            queues = self.queues

        include = self.include



        enabled = self.enabled

        disabled_reason: None | str
        if isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        else:
            disabled_reason = self.disabled_reason

        failing_since: None | str
        if isinstance(self.failing_since, datetime.datetime):
            failing_since = self.failing_since.isoformat()
        else:
            failing_since = self.failing_since

        last_success_at: None | str
        if isinstance(self.last_success_at, datetime.datetime):
            last_success_at = self.last_success_at.isoformat()
        else:
            last_success_at = self.last_success_at

        previous_secret_until: None | str
        if isinstance(self.previous_secret_until, datetime.datetime):
            previous_secret_until = self.previous_secret_until.isoformat()
        else:
            previous_secret_until = self.previous_secret_until

        source = self.source

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "name": name,
            "url": url,
            "events": events,
            "job_types": job_types,
            "queues": queues,
            "include": include,
            "enabled": enabled,
            "disabled_reason": disabled_reason,
            "failing_since": failing_since,
            "last_success_at": last_success_at,
            "previous_secret_until": previous_secret_until,
            "source": source,
            "created_at": created_at,
            "updated_at": updated_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        url = d.pop("url")

        events = []
        _events = d.pop("events")
        for events_item_data in (_events):
            events_item = check_webhook_event_type(events_item_data)



            events.append(events_item)


        def _parse_job_types(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                job_types_type_0 = cast(list[str], data)

                return job_types_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        job_types = _parse_job_types(d.pop("job_types"))


        def _parse_queues(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                queues_type_0 = cast(list[str], data)

                return queues_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        queues = _parse_queues(d.pop("queues"))


        include = []
        _include = d.pop("include")
        for include_item_data in (_include):
            include_item = cast(Literal['result'] , include_item_data)
            if include_item != 'result':
                raise ValueError(f"include_item must match const 'result', got '{include_item}'")
            include.append(include_item)


        enabled = d.pop("enabled")

        def _parse_disabled_reason(data: object) -> DisabledReason | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_0 = check_disabled_reason(data)



                return disabled_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DisabledReason | None, data)

        disabled_reason = _parse_disabled_reason(d.pop("disabled_reason"))


        def _parse_failing_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failing_since_type_0 = datetime.datetime.fromisoformat(data)



                return failing_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        failing_since = _parse_failing_since(d.pop("failing_since"))


        def _parse_last_success_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_success_at_type_0 = datetime.datetime.fromisoformat(data)



                return last_success_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_success_at = _parse_last_success_at(d.pop("last_success_at"))


        def _parse_previous_secret_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                previous_secret_until_type_0 = datetime.datetime.fromisoformat(data)



                return previous_secret_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        previous_secret_until = _parse_previous_secret_until(d.pop("previous_secret_until"))


        source = d.pop("source")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        webhook = cls(
            name=name,
            url=url,
            events=events,
            job_types=job_types,
            queues=queues,
            include=include,
            enabled=enabled,
            disabled_reason=disabled_reason,
            failing_since=failing_since,
            last_success_at=last_success_at,
            previous_secret_until=previous_secret_until,
            source=source,
            created_at=created_at,
            updated_at=updated_at,
        )


        webhook.additional_properties = d
        return webhook

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
