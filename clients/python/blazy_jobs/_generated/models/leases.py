from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.lease import Lease
  from ..models.lease_columns import LeaseColumns





T = TypeVar("T", bound="Leases")



@_attrs_define
class Leases:
    """ The claimed runs.

        Attributes:
            data (list[Lease]): Leases of one run each; if there is no run to claim, the response is `204`.
            columns (list[LeaseColumns] | Unset): Leases of several runs each. Omitted if there are none, or the claim did
                not set `columns`.
     """

    data: list[Lease]
    columns: list[LeaseColumns] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.lease import Lease # noqa: PLC0415
        from ..models.lease_columns import LeaseColumns # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)



        columns: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.columns, Unset):
            columns = []
            for columns_item_data in self.columns:
                columns_item = columns_item_data.to_dict()
                columns.append(columns_item)




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "data": data,
        })
        if columns is not UNSET:
            field_dict["columns"] = columns

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lease import Lease # noqa: PLC0415
        from ..models.lease_columns import LeaseColumns # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = Lease.from_dict(data_item_data)



            data.append(data_item)


        _columns = d.pop("columns", UNSET)
        columns: list[LeaseColumns] | Unset = UNSET
        if _columns is not UNSET:
            columns = []
            for columns_item_data in _columns:
                columns_item = LeaseColumns.from_dict(columns_item_data)



                columns.append(columns_item)


        leases = cls(
            data=data,
            columns=columns,
        )


        leases.additional_properties = d
        return leases

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
