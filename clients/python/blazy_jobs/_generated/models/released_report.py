from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="ReleasedReport")



@_attrs_define
class ReleasedReport:
    """ The run is returned to the queue; no attempt is spent.

        Attributes:
            run_id (str): The `id` of the leased run.
            attempt (int): The lease's `attempt`.
            lease_token (str): The lease's `lease_token`; proves that the run is still leased to this worker.
            type_ (Literal['released']): The kind of report; determines the other fields.
            reason (None | str | Unset): For people; not stored. null (default): none.
            alone (bool | None | Unset): `true`: the run may have blocked its worker; its next leases carry `alone` until an
                attempt ends. null (default): false.
     """

    run_id: str
    attempt: int
    lease_token: str
    type_: Literal['released']
    reason: None | str | Unset = UNSET
    alone: bool | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        attempt = self.attempt

        lease_token = self.lease_token

        type_ = self.type_

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
            "run_id": run_id,
            "attempt": attempt,
            "lease_token": lease_token,
            "type": type_,
        })
        if reason is not UNSET:
            field_dict["reason"] = reason
        if alone is not UNSET:
            field_dict["alone"] = alone

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        attempt = d.pop("attempt")

        lease_token = d.pop("lease_token")

        type_ = cast(Literal['released'] , d.pop("type"))
        if type_ != 'released':
            raise ValueError(f"type must match const 'released', got '{type_}'")

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


        released_report = cls(
            run_id=run_id,
            attempt=attempt,
            lease_token=lease_token,
            type_=type_,
            reason=reason,
            alone=alone,
        )

        return released_report

