from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset






T = TypeVar("T", bound="SomeCounts")



@_attrs_define
class SomeCounts:
    """ States of which there is no run are left out.

        Attributes:
            scheduled (int | Unset): Runs in this state. Omitted, and never null, if there is none.
            queued (int | Unset): Runs in this state. Omitted, and never null, if there is none.
            running (int | Unset): Runs in this state. Omitted, and never null, if there is none.
            retrying (int | Unset): Runs in this state. Omitted, and never null, if there is none.
            completed (int | Unset): Runs in this state. Omitted, and never null, if there is none.
            failed (int | Unset): Runs in this state. Omitted, and never null, if there is none.
            cancelled (int | Unset): Runs in this state. Omitted, and never null, if there is none.
     """

    scheduled: int | Unset = UNSET
    queued: int | Unset = UNSET
    running: int | Unset = UNSET
    retrying: int | Unset = UNSET
    completed: int | Unset = UNSET
    failed: int | Unset = UNSET
    cancelled: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        scheduled = self.scheduled

        queued = self.queued

        running = self.running

        retrying = self.retrying

        completed = self.completed

        failed = self.failed

        cancelled = self.cancelled


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
        })
        if scheduled is not UNSET:
            field_dict["scheduled"] = scheduled
        if queued is not UNSET:
            field_dict["queued"] = queued
        if running is not UNSET:
            field_dict["running"] = running
        if retrying is not UNSET:
            field_dict["retrying"] = retrying
        if completed is not UNSET:
            field_dict["completed"] = completed
        if failed is not UNSET:
            field_dict["failed"] = failed
        if cancelled is not UNSET:
            field_dict["cancelled"] = cancelled

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scheduled = d.pop("scheduled", UNSET)

        queued = d.pop("queued", UNSET)

        running = d.pop("running", UNSET)

        retrying = d.pop("retrying", UNSET)

        completed = d.pop("completed", UNSET)

        failed = d.pop("failed", UNSET)

        cancelled = d.pop("cancelled", UNSET)

        some_counts = cls(
            scheduled=scheduled,
            queued=queued,
            running=running,
            retrying=retrying,
            completed=completed,
            failed=failed,
            cancelled=cancelled,
        )


        some_counts.additional_properties = d
        return some_counts

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
