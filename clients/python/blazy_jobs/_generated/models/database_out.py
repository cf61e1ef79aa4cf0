from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.database_out_kind import check_database_out_kind
from ..models.database_out_kind import DatabaseOutKind
from typing import cast






T = TypeVar("T", bound="DatabaseOut")



@_attrs_define
class DatabaseOut:
    """ The database that they share.

        Attributes:
            kind (DatabaseOutKind): `sqlite` or `postgresql`.
            bytes_ (int): The size of the database.
            wal_bytes (int): The size of SQLite's write-ahead log; 0 with PostgreSQL.
            free_bytes (int): Room in the SQLite file that is reused for new rows; 0 with PostgreSQL.
     """

    kind: DatabaseOutKind
    bytes_: int
    wal_bytes: int
    free_bytes: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        bytes_ = self.bytes_

        wal_bytes = self.wal_bytes

        free_bytes = self.free_bytes


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "kind": kind,
            "bytes": bytes_,
            "wal_bytes": wal_bytes,
            "free_bytes": free_bytes,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_database_out_kind(d.pop("kind"))




        bytes_ = d.pop("bytes")

        wal_bytes = d.pop("wal_bytes")

        free_bytes = d.pop("free_bytes")

        database_out = cls(
            kind=kind,
            bytes_=bytes_,
            wal_bytes=wal_bytes,
            free_bytes=free_bytes,
        )


        database_out.additional_properties = d
        return database_out

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
