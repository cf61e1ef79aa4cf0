from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Rates")



@_attrs_define
class Rates:
    """ What has happened, a second, on average over the last ten seconds.

        Attributes:
            started (float): Attempts that started.
            completed (float): Runs that completed.
            failed (float): Runs that failed.
            cancelled (float): Runs that were cancelled.
            retried (float): Attempts that failed and are followed by another.
            lost (float): Runs that were lost with their worker.
     """

    started: float
    completed: float
    failed: float
    cancelled: float
    retried: float
    lost: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        started = self.started

        completed = self.completed

        failed = self.failed

        cancelled = self.cancelled

        retried = self.retried

        lost = self.lost


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "started": started,
            "completed": completed,
            "failed": failed,
            "cancelled": cancelled,
            "retried": retried,
            "lost": lost,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        started = d.pop("started")

        completed = d.pop("completed")

        failed = d.pop("failed")

        cancelled = d.pop("cancelled")

        retried = d.pop("retried")

        lost = d.pop("lost")

        rates = cls(
            started=started,
            completed=completed,
            failed=failed,
            cancelled=cancelled,
            retried=retried,
            lost=lost,
        )


        rates.additional_properties = d
        return rates

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
