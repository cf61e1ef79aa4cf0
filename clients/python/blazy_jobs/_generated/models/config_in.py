from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.config_job_type_in import ConfigJobTypeIn
  from ..models.config_queue_in import ConfigQueueIn
  from ..models.config_schedule_in import ConfigScheduleIn
  from ..models.config_webhook_in import ConfigWebhookIn





T = TypeVar("T", bound="ConfigIn")



@_attrs_define
class ConfigIn:
    """ A configuration to apply. What it does not name stays, unless `prune` is true.

        Attributes:
            owner (None | str | Unset): Who applies it: 1 to 128 letters, digits, `.`, `_` and `-`. What it creates or
                changes belongs to this owner. null (default): `default`.
            prune (bool | Unset): Whether what belongs to the owner and is not in the document is removed: schedules and
                webhooks are deleted, job types retired. Queues are never removed. Default: false.
            job_types (list[ConfigJobTypeIn] | Unset): The job types, at most 5,000. Default: none.
            queues (list[ConfigQueueIn] | Unset): The queues, at most 5,000. Default: none.
            schedules (list[ConfigScheduleIn] | Unset): The schedules, at most 5,000. Default: none.
            webhooks (list[ConfigWebhookIn] | Unset): The webhooks, at most 100. Default: none.
     """

    owner: None | str | Unset = UNSET
    prune: bool | Unset = UNSET
    job_types: list[ConfigJobTypeIn] | Unset = UNSET
    queues: list[ConfigQueueIn] | Unset = UNSET
    schedules: list[ConfigScheduleIn] | Unset = UNSET
    webhooks: list[ConfigWebhookIn] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.config_job_type_in import ConfigJobTypeIn # noqa: PLC0415
        from ..models.config_queue_in import ConfigQueueIn # noqa: PLC0415
        from ..models.config_schedule_in import ConfigScheduleIn # noqa: PLC0415
        from ..models.config_webhook_in import ConfigWebhookIn # noqa: PLC0415
        owner: None | str | Unset
        if isinstance(self.owner, Unset):
            owner = UNSET
        else:
            owner = self.owner

        prune = self.prune

        job_types: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.job_types, Unset):
            job_types = []
            for job_types_item_data in self.job_types:
                job_types_item = job_types_item_data.to_dict()
                job_types.append(job_types_item)



        queues: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.queues, Unset):
            queues = []
            for queues_item_data in self.queues:
                queues_item = queues_item_data.to_dict()
                queues.append(queues_item)



        schedules: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.schedules, Unset):
            schedules = []
            for schedules_item_data in self.schedules:
                schedules_item = schedules_item_data.to_dict()
                schedules.append(schedules_item)



        webhooks: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.webhooks, Unset):
            webhooks = []
            for webhooks_item_data in self.webhooks:
                webhooks_item = webhooks_item_data.to_dict()
                webhooks.append(webhooks_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if owner is not UNSET:
            field_dict["owner"] = owner
        if prune is not UNSET:
            field_dict["prune"] = prune
        if job_types is not UNSET:
            field_dict["job_types"] = job_types
        if queues is not UNSET:
            field_dict["queues"] = queues
        if schedules is not UNSET:
            field_dict["schedules"] = schedules
        if webhooks is not UNSET:
            field_dict["webhooks"] = webhooks

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.config_job_type_in import ConfigJobTypeIn # noqa: PLC0415
        from ..models.config_queue_in import ConfigQueueIn # noqa: PLC0415
        from ..models.config_schedule_in import ConfigScheduleIn # noqa: PLC0415
        from ..models.config_webhook_in import ConfigWebhookIn # noqa: PLC0415
        d = dict(src_dict)
        def _parse_owner(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        owner = _parse_owner(d.pop("owner", UNSET))


        prune = d.pop("prune", UNSET)

        _job_types = d.pop("job_types", UNSET)
        job_types: list[ConfigJobTypeIn] | Unset = UNSET
        if _job_types is not UNSET:
            job_types = []
            for job_types_item_data in _job_types:
                job_types_item = ConfigJobTypeIn.from_dict(job_types_item_data)



                job_types.append(job_types_item)


        _queues = d.pop("queues", UNSET)
        queues: list[ConfigQueueIn] | Unset = UNSET
        if _queues is not UNSET:
            queues = []
            for queues_item_data in _queues:
                queues_item = ConfigQueueIn.from_dict(queues_item_data)



                queues.append(queues_item)


        _schedules = d.pop("schedules", UNSET)
        schedules: list[ConfigScheduleIn] | Unset = UNSET
        if _schedules is not UNSET:
            schedules = []
            for schedules_item_data in _schedules:
                schedules_item = ConfigScheduleIn.from_dict(schedules_item_data)



                schedules.append(schedules_item)


        _webhooks = d.pop("webhooks", UNSET)
        webhooks: list[ConfigWebhookIn] | Unset = UNSET
        if _webhooks is not UNSET:
            webhooks = []
            for webhooks_item_data in _webhooks:
                webhooks_item = ConfigWebhookIn.from_dict(webhooks_item_data)



                webhooks.append(webhooks_item)


        config_in = cls(
            owner=owner,
            prune=prune,
            job_types=job_types,
            queues=queues,
            schedules=schedules,
            webhooks=webhooks,
        )

        return config_in

