from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import Literal, cast






T = TypeVar("T", bound="LostReport")



@_attrs_define
class LostReport:
    """ The process with the run died, and it is unknown whether this run was the cause.

        Attributes:
            run_id (str): The `id` of the leased run.
            attempt (int): The lease's `attempt`.
            lease_token (str): The lease's `lease_token`; proves that the run is still leased to this worker.
            type_ (Literal['lost']): The kind of report; determines the other fields.
     """

    run_id: str
    attempt: int
    lease_token: str
    type_: Literal['lost']





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        attempt = self.attempt

        lease_token = self.lease_token

        type_ = self.type_


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "run_id": run_id,
            "attempt": attempt,
            "lease_token": lease_token,
            "type": type_,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        attempt = d.pop("attempt")

        lease_token = d.pop("lease_token")

        type_ = cast(Literal['lost'] , d.pop("type"))
        if type_ != 'lost':
            raise ValueError(f"type must match const 'lost', got '{type_}'")

        lost_report = cls(
            run_id=run_id,
            attempt=attempt,
            lease_token=lease_token,
            type_=type_,
        )

        return lost_report

