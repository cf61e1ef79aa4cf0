from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="RunCancelled")



@_attrs_define
class RunCancelled:
    """ The work has stopped after a cancel.

        Attributes:
            type_ (Literal['cancelled']): The kind of report; determines the other fields.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
            reason (None | str | Unset): For people; not stored. null (default): none.
     """

    type_: Literal['cancelled']
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET
    reason: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        run_id = self.run_id

        attempt = self.attempt

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
        })
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal['cancelled'] , d.pop("type"))
        if type_ != 'cancelled':
            raise ValueError(f"type must match const 'cancelled', got '{type_}'")

        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))


        run_cancelled = cls(
            type_=type_,
            run_id=run_id,
            attempt=attempt,
            reason=reason,
        )

        return run_cancelled

