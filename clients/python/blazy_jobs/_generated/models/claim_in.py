from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset






T = TypeVar("T", bound="ClaimIn")



@_attrs_define
class ClaimIn:
    """ How many runs to claim, and how long to wait for the first.

        Attributes:
            max_ (int | Unset): Maximum number of runs to claim, from 1 to 1,000. Default: 10.
            wait_seconds (float | Unset): Seconds to wait for the first run, at most 3,600; the server limits it to
                `JOBS_MAX_WAIT_SECONDS` (60). Default: 30.
            columns (bool | Unset): Return runs that share their settings as columns, which costs both sides less. Default:
                false.
     """

    max_: int | Unset = UNSET
    wait_seconds: float | Unset = UNSET
    columns: bool | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        max_ = self.max_

        wait_seconds = self.wait_seconds

        columns = self.columns


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if max_ is not UNSET:
            field_dict["max"] = max_
        if wait_seconds is not UNSET:
            field_dict["wait_seconds"] = wait_seconds
        if columns is not UNSET:
            field_dict["columns"] = columns

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        max_ = d.pop("max", UNSET)

        wait_seconds = d.pop("wait_seconds", UNSET)

        columns = d.pop("columns", UNSET)

        claim_in = cls(
            max_=max_,
            wait_seconds=wait_seconds,
            columns=columns,
        )

        return claim_in

