from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import Literal, cast






T = TypeVar("T", bound="RunLost")



@_attrs_define
class RunLost:
    """ The work was lost, and it is unknown whether this run was the cause.

        Attributes:
            type_ (Literal['lost']): The kind of report; determines the other fields.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
     """

    type_: Literal['lost']
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        run_id = self.run_id

        attempt = self.attempt


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
        })
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if attempt is not UNSET:
            field_dict["attempt"] = attempt

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal['lost'] , d.pop("type"))
        if type_ != 'lost':
            raise ValueError(f"type must match const 'lost', got '{type_}'")

        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

        run_lost = cls(
            type_=type_,
            run_id=run_id,
            attempt=attempt,
        )

        return run_lost

