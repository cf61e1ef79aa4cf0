from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="LateQueue")



@_attrs_define
class LateQueue:
    """ A queue in which runs wait.

        Attributes:
            name (str): The name of the queue.
            queued (int): The runs that are due and wait.
            unserved (int): Those of them that no connected worker serves.
            oldest_due_at (datetime.datetime | None): Since when the first of them has been due (RFC 3339, UTC). null if it
                has just started.
            paused (bool): Whether the queue is paused.
     """

    name: str
    queued: int
    unserved: int
    oldest_due_at: datetime.datetime | None
    paused: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        name = self.name

        queued = self.queued

        unserved = self.unserved

        oldest_due_at: None | str
        if isinstance(self.oldest_due_at, datetime.datetime):
            oldest_due_at = self.oldest_due_at.isoformat()
        else:
            oldest_due_at = self.oldest_due_at

        paused = self.paused


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "name": name,
            "queued": queued,
            "unserved": unserved,
            "oldest_due_at": oldest_due_at,
            "paused": paused,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        queued = d.pop("queued")

        unserved = d.pop("unserved")

        def _parse_oldest_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                oldest_due_at_type_0 = datetime.datetime.fromisoformat(data)



                return oldest_due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        oldest_due_at = _parse_oldest_due_at(d.pop("oldest_due_at"))


        paused = d.pop("paused")

        late_queue = cls(
            name=name,
            queued=queued,
            unserved=unserved,
            oldest_due_at=oldest_due_at,
            paused=paused,
        )


        late_queue.additional_properties = d
        return late_queue

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
