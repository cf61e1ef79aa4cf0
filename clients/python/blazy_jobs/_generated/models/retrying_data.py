from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.run_error import RunError





T = TypeVar("T", bound="RetryingData")



@_attrs_define
class RetryingData:
    """ Why the attempt failed, and when the next one is due.

        Attributes:
            error (RunError): Why an attempt or a run failed.
            due_at (datetime.datetime): When the next attempt is due.
     """

    error: RunError
    due_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.run_error import RunError # noqa: PLC0415
        error = self.error.to_dict()

        due_at = self.due_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "error": error,
            "due_at": due_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run_error import RunError # noqa: PLC0415
        d = dict(src_dict)
        error = RunError.from_dict(d.pop("error"))




        due_at = datetime.datetime.fromisoformat(d.pop("due_at"))




        retrying_data = cls(
            error=error,
            due_at=due_at,
        )


        retrying_data.additional_properties = d
        return retrying_data

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
