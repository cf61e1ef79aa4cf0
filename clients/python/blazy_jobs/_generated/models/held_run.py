from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="HeldRun")



@_attrs_define
class HeldRun:
    """ Whether a run is still leased to this worker.

        Attributes:
            run_id (str): As in `holding`.
            held (bool): `false`: the run is no longer leased to this worker; stop its handler, and send no report.
            cancel_requested (bool): Whether to stop the handler and report `cancelled`.
     """

    run_id: str
    held: bool
    cancel_requested: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        held = self.held

        cancel_requested = self.cancel_requested


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "run_id": run_id,
            "held": held,
            "cancel_requested": cancel_requested,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        held = d.pop("held")

        cancel_requested = d.pop("cancel_requested")

        held_run = cls(
            run_id=run_id,
            held=held,
            cancel_requested=cancel_requested,
        )


        held_run.additional_properties = d
        return held_run

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
