from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.listed_run import ListedRun
  from ..models.searched import Searched





T = TypeVar("T", bound="RunPage")



@_attrs_define
class RunPage:
    """ A page of runs, newest first.

        Attributes:
            data (list[ListedRun]): At most `limit` items.
            next_cursor (None | str): The `cursor` of the next page. null on the last page.
            searched (None | Searched | Unset): How far the search has come. Omitted, and never null, without `q`.
     """

    data: list[ListedRun]
    next_cursor: None | str
    searched: None | Searched | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.listed_run import ListedRun # noqa: PLC0415
        from ..models.searched import Searched # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)



        next_cursor: None | str
        next_cursor = self.next_cursor

        searched: dict[str, Any] | None | Unset
        if isinstance(self.searched, Unset):
            searched = UNSET
        elif isinstance(self.searched, Searched):
            searched = self.searched.to_dict()
        else:
            searched = self.searched


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "data": data,
            "next_cursor": next_cursor,
        })
        if searched is not UNSET:
            field_dict["searched"] = searched

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.listed_run import ListedRun # noqa: PLC0415
        from ..models.searched import Searched # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = ListedRun.from_dict(data_item_data)



            data.append(data_item)


        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))


        def _parse_searched(data: object) -> None | Searched | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                searched_type_0 = Searched.from_dict(data)



                return searched_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Searched | Unset, data)

        searched = _parse_searched(d.pop("searched", UNSET))


        run_page = cls(
            data=data,
            next_cursor=next_cursor,
            searched=searched,
        )


        run_page.additional_properties = d
        return run_page

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
