from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.run_state import check_run_state
from ..models.run_state import RunState
from typing import cast






T = TypeVar("T", bound="RunBrief")



@_attrs_define
class RunBrief:
    """ A run of a batch: its id, and its state at the time of the response.

        Attributes:
            id (str): The id of the run.
            state (RunState): `scheduled`: due later. `queued`: due, waiting for a worker. `running`: claimed by a worker.
                `retrying`: an attempt failed, and the next one is due later. `completed`, `failed` and `cancelled` are final.
     """

    id: str
    state: RunState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        state: str = self.state


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "state": state,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        state = check_run_state(d.pop("state"))




        run_brief = cls(
            id=id,
            state=state,
        )


        run_brief.additional_properties = d
        return run_brief

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
