from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="Worker")



@_attrs_define
class Worker:
    """ A connected worker.

        Attributes:
            id (str): The worker's id, assigned at registration.
            name (str): The worker's own name.
            job_types (list[str]): The names of the job types that it serves.
            queues (list[str] | None): The names of the queues that it serves. null: all queues.
            concurrency (int): Maximum number of runs that it has at a time.
            registered_at (datetime.datetime): When it registered: RFC 3339, UTC.
            seen_at (datetime.datetime): When its last request arrived: RFC 3339, UTC.
     """

    id: str
    name: str
    job_types: list[str]
    queues: list[str] | None
    concurrency: int
    registered_at: datetime.datetime
    seen_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        job_types = self.job_types



        queues: list[str] | None
        if isinstance(self.queues, list):
            queues = self.queues


        else:
            queues = self.queues

        concurrency = self.concurrency

        registered_at = self.registered_at.isoformat()

        seen_at = self.seen_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "name": name,
            "job_types": job_types,
            "queues": queues,
            "concurrency": concurrency,
            "registered_at": registered_at,
            "seen_at": seen_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        job_types = cast(list[str], d.pop("job_types"))


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


        concurrency = d.pop("concurrency")

        registered_at = datetime.datetime.fromisoformat(d.pop("registered_at"))




        seen_at = datetime.datetime.fromisoformat(d.pop("seen_at"))




        worker = cls(
            id=id,
            name=name,
            job_types=job_types,
            queues=queues,
            concurrency=concurrency,
            registered_at=registered_at,
            seen_at=seen_at,
        )


        worker.additional_properties = d
        return worker

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
