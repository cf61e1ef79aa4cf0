from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import Literal, cast






T = TypeVar("T", bound="CronTriggerIn")



@_attrs_define
class CronTriggerIn:
    """ Five fields in the schedule's time zone, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.

        Attributes:
            kind (Literal['cron']): A cron expression.
            expression (str): Minute, hour, day of the month, month and day of the week, or a nickname such as `@daily`; at
                most 256 characters.
     """

    kind: Literal['cron']
    expression: str





    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        expression = self.expression


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
            "expression": expression,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = cast(Literal['cron'] , d.pop("kind"))
        if kind != 'cron':
            raise ValueError(f"kind must match const 'cron', got '{kind}'")

        expression = d.pop("expression")

        cron_trigger_in = cls(
            kind=kind,
            expression=expression,
        )

        return cron_trigger_in

