from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="RunReleased")



@_attrs_define
class RunReleased:
    """ The run is returned to the queue; no attempt is spent.

        Attributes:
            type_ (Literal['released']): The kind of report; determines the other fields.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
            reason (None | str | Unset): For people; not stored. null (default): none.
            alone (bool | None | Unset): `true`: the run may have blocked its worker; its next leases carry `alone` until an
                attempt ends. null (default): false.
     """

    type_: Literal['released']
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET
    reason: None | str | Unset = UNSET
    alone: bool | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        run_id = self.run_id

        attempt = self.attempt

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        alone: bool | None | Unset
        if isinstance(self.alone, Unset):
            alone = UNSET
        else:
            alone = self.alone


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
        if alone is not UNSET:
            field_dict["alone"] = alone

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal['released'] , d.pop("type"))
        if type_ != 'released':
            raise ValueError(f"type must match const 'released', got '{type_}'")

        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))


        def _parse_alone(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        alone = _parse_alone(d.pop("alone", UNSET))


        run_released = cls(
            type_=type_,
            run_id=run_id,
            attempt=attempt,
            reason=reason,
            alone=alone,
        )

        return run_released

