from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import Literal, cast






T = TypeVar("T", bound="CompletedReport")



@_attrs_define
class CompletedReport:
    """ The handler returned.

        Attributes:
            run_id (str): The `id` of the leased run.
            attempt (int): The lease's `attempt`.
            lease_token (str): The lease's `lease_token`; proves that the run is still leased to this worker.
            type_ (Literal['completed']): The kind of report; determines the other fields.
            result (Any | Unset): What the handler returned: any JSON value of at most 1 MiB (`JOBS_MAX_RESULT_BYTES`) that
                matches the `result_schema`. Default: null.
     """

    run_id: str
    attempt: int
    lease_token: str
    type_: Literal['completed']
    result: Any | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        attempt = self.attempt

        lease_token = self.lease_token

        type_ = self.type_

        result = self.result


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "run_id": run_id,
            "attempt": attempt,
            "lease_token": lease_token,
            "type": type_,
        })
        if result is not UNSET:
            field_dict["result"] = result

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        attempt = d.pop("attempt")

        lease_token = d.pop("lease_token")

        type_ = cast(Literal['completed'] , d.pop("type"))
        if type_ != 'completed':
            raise ValueError(f"type must match const 'completed', got '{type_}'")

        result = d.pop("result", UNSET)

        completed_report = cls(
            run_id=run_id,
            attempt=attempt,
            lease_token=lease_token,
            type_=type_,
            result=result,
        )

        return completed_report

