from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.config_job_type import ConfigJobType
  from ..models.config_queue import ConfigQueue
  from ..models.config_schedule import ConfigSchedule
  from ..models.config_webhook import ConfigWebhook





T = TypeVar("T", bound="Config")



@_attrs_define
class Config:
    """ Everything that is defined: job types, queues, schedules and webhooks by name, without what is secret.

        Attributes:
            job_types (list[ConfigJobType]): The job types, by name.
            queues (list[ConfigQueue]): The queues, by name; none if the request asked for one owner.
            schedules (list[ConfigSchedule]): The schedules, by name.
            webhooks (list[ConfigWebhook]): The webhooks, by name.
            owner (str | Unset): Present if the request asked for the configuration of one owner.
     """

    job_types: list[ConfigJobType]
    queues: list[ConfigQueue]
    schedules: list[ConfigSchedule]
    webhooks: list[ConfigWebhook]
    owner: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.config_job_type import ConfigJobType # noqa: PLC0415
        from ..models.config_queue import ConfigQueue # noqa: PLC0415
        from ..models.config_schedule import ConfigSchedule # noqa: PLC0415
        from ..models.config_webhook import ConfigWebhook # noqa: PLC0415
        job_types = []
        for job_types_item_data in self.job_types:
            job_types_item = job_types_item_data.to_dict()
            job_types.append(job_types_item)



        queues = []
        for queues_item_data in self.queues:
            queues_item = queues_item_data.to_dict()
            queues.append(queues_item)



        schedules = []
        for schedules_item_data in self.schedules:
            schedules_item = schedules_item_data.to_dict()
            schedules.append(schedules_item)



        webhooks = []
        for webhooks_item_data in self.webhooks:
            webhooks_item = webhooks_item_data.to_dict()
            webhooks.append(webhooks_item)



        owner = self.owner


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "job_types": job_types,
            "queues": queues,
            "schedules": schedules,
            "webhooks": webhooks,
        })
        if owner is not UNSET:
            field_dict["owner"] = owner

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.config_job_type import ConfigJobType # noqa: PLC0415
        from ..models.config_queue import ConfigQueue # noqa: PLC0415
        from ..models.config_schedule import ConfigSchedule # noqa: PLC0415
        from ..models.config_webhook import ConfigWebhook # noqa: PLC0415
        d = dict(src_dict)
        job_types = []
        _job_types = d.pop("job_types")
        for job_types_item_data in (_job_types):
            job_types_item = ConfigJobType.from_dict(job_types_item_data)



            job_types.append(job_types_item)


        queues = []
        _queues = d.pop("queues")
        for queues_item_data in (_queues):
            queues_item = ConfigQueue.from_dict(queues_item_data)



            queues.append(queues_item)


        schedules = []
        _schedules = d.pop("schedules")
        for schedules_item_data in (_schedules):
            schedules_item = ConfigSchedule.from_dict(schedules_item_data)



            schedules.append(schedules_item)


        webhooks = []
        _webhooks = d.pop("webhooks")
        for webhooks_item_data in (_webhooks):
            webhooks_item = ConfigWebhook.from_dict(webhooks_item_data)



            webhooks.append(webhooks_item)


        owner = d.pop("owner", UNSET)

        config = cls(
            job_types=job_types,
            queues=queues,
            schedules=schedules,
            webhooks=webhooks,
            owner=owner,
        )


        config.additional_properties = d
        return config

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
