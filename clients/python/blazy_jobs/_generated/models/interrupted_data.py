from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.interrupted_data_reason import check_interrupted_data_reason
from ..models.interrupted_data_reason import InterruptedDataReason
from typing import cast
import datetime






T = TypeVar("T", bound="InterruptedData")



@_attrs_define
class InterruptedData:
    """ Why the run was requeued without spending an attempt, and when it is due again.

        Attributes:
            reason (InterruptedDataReason): `released`: the worker returned it, or never confirmed that it received it.
                `snoozed`: the handler asked to be called again later. `lost`: its worker died or its heartbeat stopped.
            due_at (datetime.datetime): When the run is due again.
     """

    reason: InterruptedDataReason
    due_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        reason: str = self.reason

        due_at = self.due_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "reason": reason,
            "due_at": due_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = check_interrupted_data_reason(d.pop("reason"))




        due_at = datetime.datetime.fromisoformat(d.pop("due_at"))




        interrupted_data = cls(
            reason=reason,
            due_at=due_at,
        )


        interrupted_data.additional_properties = d
        return interrupted_data

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
