from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import Literal, cast






T = TypeVar("T", bound="CronTriggerOut")



@_attrs_define
class CronTriggerOut:
    """ At the times of a cron expression.

        Attributes:
            kind (Literal['cron']): A cron expression.
            expression (str): Minute, hour, day of the month, month and day of the week, or a nickname such as `@daily`; at
                most 256 characters.
     """

    kind: Literal['cron']
    expression: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        expression = self.expression


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
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

        cron_trigger_out = cls(
            kind=kind,
            expression=expression,
        )


        cron_trigger_out.additional_properties = d
        return cron_trigger_out

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
