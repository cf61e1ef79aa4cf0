from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import Literal, cast






T = TypeVar("T", bound="RunCompleted")



@_attrs_define
class RunCompleted:
    """ The work is done.

        Attributes:
            type_ (Literal['completed']): The kind of report; determines the other fields.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
            result (Any | Unset): What the handler returned: any JSON value of at most 1 MiB (`JOBS_MAX_RESULT_BYTES`) that
                matches the `result_schema`. Default: null.
     """

    type_: Literal['completed']
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET
    result: Any | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        run_id = self.run_id

        attempt = self.attempt

        result = self.result


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
        })
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if result is not UNSET:
            field_dict["result"] = result

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal['completed'] , d.pop("type"))
        if type_ != 'completed':
            raise ValueError(f"type must match const 'completed', got '{type_}'")

        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

        result = d.pop("result", UNSET)

        run_completed = cls(
            type_=type_,
            run_id=run_id,
            attempt=attempt,
            result=result,
        )

        return run_completed

