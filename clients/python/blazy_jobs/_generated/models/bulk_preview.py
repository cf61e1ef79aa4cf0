from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.bulk_preview_by_state import BulkPreviewByState
  from ..models.listed_run import ListedRun





T = TypeVar("T", bound="BulkPreview")



@_attrs_define
class BulkPreview:
    """ What a dry run found.

        Attributes:
            matched (int): How many runs match.
            at_least (bool): Whether there may be more: they are counted for about a second.
            by_state (BulkPreviewByState): How many there are in each state that has any.
            sample (list[ListedRun]): The newest of them, at most ten.
     """

    matched: int
    at_least: bool
    by_state: BulkPreviewByState
    sample: list[ListedRun]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.bulk_preview_by_state import BulkPreviewByState # noqa: PLC0415
        from ..models.listed_run import ListedRun # noqa: PLC0415
        matched = self.matched

        at_least = self.at_least

        by_state = self.by_state.to_dict()

        sample = []
        for sample_item_data in self.sample:
            sample_item = sample_item_data.to_dict()
            sample.append(sample_item)




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "matched": matched,
            "at_least": at_least,
            "by_state": by_state,
            "sample": sample,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bulk_preview_by_state import BulkPreviewByState # noqa: PLC0415
        from ..models.listed_run import ListedRun # noqa: PLC0415
        d = dict(src_dict)
        matched = d.pop("matched")

        at_least = d.pop("at_least")

        by_state = BulkPreviewByState.from_dict(d.pop("by_state"))




        sample = []
        _sample = d.pop("sample")
        for sample_item_data in (_sample):
            sample_item = ListedRun.from_dict(sample_item_data)



            sample.append(sample_item)


        bulk_preview = cls(
            matched=matched,
            at_least=at_least,
            by_state=by_state,
            sample=sample,
        )


        bulk_preview.additional_properties = d
        return bulk_preview

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
