from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.conflict_out import ConflictOut





T = TypeVar("T", bound="WorkerRegistered")



@_attrs_define
class WorkerRegistered:
    """ The worker's id, and the intervals that it must keep.

        Attributes:
            id (str): The worker's id, for its further requests.
            lease_seconds (float): Duration of a lease in seconds. A worker that sends no request for this long is removed,
                and its runs are lost.
            columns (bool): Whether claims may set `columns` and reports may contain `completed`; always true.
            said (bool): Whether reports may contain `said`; always true.
            heartbeat_seconds (float): Maximum seconds between two reports of the worker; each renews its leases.
            conflicts (list[ConflictOut]): The declarations that were not applied; empty if all were.
     """

    id: str
    lease_seconds: float
    columns: bool
    said: bool
    heartbeat_seconds: float
    conflicts: list[ConflictOut]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.conflict_out import ConflictOut # noqa: PLC0415
        id = self.id

        lease_seconds = self.lease_seconds

        columns = self.columns

        said = self.said

        heartbeat_seconds = self.heartbeat_seconds

        conflicts = []
        for conflicts_item_data in self.conflicts:
            conflicts_item = conflicts_item_data.to_dict()
            conflicts.append(conflicts_item)




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "lease_seconds": lease_seconds,
            "columns": columns,
            "said": said,
            "heartbeat_seconds": heartbeat_seconds,
            "conflicts": conflicts,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.conflict_out import ConflictOut # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        lease_seconds = d.pop("lease_seconds")

        columns = d.pop("columns")

        said = d.pop("said")

        heartbeat_seconds = d.pop("heartbeat_seconds")

        conflicts = []
        _conflicts = d.pop("conflicts")
        for conflicts_item_data in (_conflicts):
            conflicts_item = ConflictOut.from_dict(conflicts_item_data)



            conflicts.append(conflicts_item)


        worker_registered = cls(
            id=id,
            lease_seconds=lease_seconds,
            columns=columns,
            said=said,
            heartbeat_seconds=heartbeat_seconds,
            conflicts=conflicts,
        )


        worker_registered.additional_properties = d
        return worker_registered

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
