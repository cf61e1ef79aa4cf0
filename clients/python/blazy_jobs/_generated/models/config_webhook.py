from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.config_source import check_config_source
from ..models.config_source import ConfigSource
from ..models.webhook_event_type import check_webhook_event_type
from ..models.webhook_event_type import WebhookEventType
from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="ConfigWebhook")



@_attrs_define
class ConfigWebhook:
    """ A webhook in a configuration, without its secret.

        Attributes:
            name (str): 1 to 128 letters, digits, `.`, `_` and `-`, starting with a letter or digit.
            url (str): Where messages are POSTed.
            events (list[WebhookEventType]): What it is told of.
            job_types (list[str] | None): Names of job types, or prefixes that end with `*`: only their runs. null: all. At
                most 100.
            queues (list[str] | None): Names of queues, or prefixes that end with `*`: only runs in them. null: all. At most
                100.
            include (list[Literal['result']]): What messages contain besides.
            source (ConfigSource): Where a definition comes from.
            owner (None | str): Who applied it, where `source` is `config`. null: nobody.
            enabled (bool | Unset): Present and false if somebody disabled it.
     """

    name: str
    url: str
    events: list[WebhookEventType]
    job_types: list[str] | None
    queues: list[str] | None
    include: list[Literal['result']]
    source: ConfigSource
    owner: None | str
    enabled: bool | Unset = UNSET
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



        source: str = self.source

        owner: None | str
        owner = self.owner

        enabled = self.enabled


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "name": name,
            "url": url,
            "events": events,
            "job_types": job_types,
            "queues": queues,
            "include": include,
            "source": source,
            "owner": owner,
        })
        if enabled is not UNSET:
            field_dict["enabled"] = enabled

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


        source = check_config_source(d.pop("source"))




        def _parse_owner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        owner = _parse_owner(d.pop("owner"))


        enabled = d.pop("enabled", UNSET)

        config_webhook = cls(
            name=name,
            url=url,
            events=events,
            job_types=job_types,
            queues=queues,
            include=include,
            source=source,
            owner=owner,
            enabled=enabled,
        )


        config_webhook.additional_properties = d
        return config_webhook

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
