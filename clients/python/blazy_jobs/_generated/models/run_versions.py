from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="RunVersions")



@_attrs_define
class RunVersions:
    """ For each state, a number that is another one whenever runs entered, left or changed within it.

        Attributes:
            scheduled (int): Another number whenever runs entered or left this state, or changed within it.
            queued (int): Another number whenever runs entered or left this state, or changed within it.
            running (int): Another number whenever runs entered or left this state, or changed within it.
            retrying (int): Another number whenever runs entered or left this state, or changed within it.
            completed (int): Another number whenever runs entered or left this state, or changed within it.
            failed (int): Another number whenever runs entered or left this state, or changed within it.
            cancelled (int): Another number whenever runs entered or left this state, or changed within it.
     """

    scheduled: int
    queued: int
    running: int
    retrying: int
    completed: int
    failed: int
    cancelled: int
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
            "scheduled": scheduled,
            "queued": queued,
            "running": running,
            "retrying": retrying,
            "completed": completed,
            "failed": failed,
            "cancelled": cancelled,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scheduled = d.pop("scheduled")

        queued = d.pop("queued")

        running = d.pop("running")

        retrying = d.pop("retrying")

        completed = d.pop("completed")

        failed = d.pop("failed")

        cancelled = d.pop("cancelled")

        run_versions = cls(
            scheduled=scheduled,
            queued=queued,
            running=running,
            retrying=retrying,
            completed=completed,
            failed=failed,
            cancelled=cancelled,
        )


        run_versions.additional_properties = d
        return run_versions

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
