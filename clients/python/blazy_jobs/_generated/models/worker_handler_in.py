from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import Literal, cast






T = TypeVar("T", bound="WorkerHandlerIn")



@_attrs_define
class WorkerHandlerIn:
    """ Workers that serve this job type claim the runs.

        Attributes:
            kind (Literal['worker']): The runs are claimed by workers.
     """

    kind: Literal['worker']





    def to_dict(self) -> dict[str, Any]:
        kind = self.kind


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = cast(Literal['worker'] , d.pop("kind"))
        if kind != 'worker':
            raise ValueError(f"kind must match const 'worker', got '{kind}'")

        worker_handler_in = cls(
            kind=kind,
        )

        return worker_handler_in

