from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.key_scope import check_key_scope
from ..models.key_scope import KeyScope
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.key_rate import KeyRate





T = TypeVar("T", bound="KeyIn")



@_attrs_define
class KeyIn:
    """ An API key to create. Scopes and restrictions cannot be changed later.

        Attributes:
            name (str): What the key is for, 1 to 128 characters. Need not be unique.
            scopes (list[KeyScope]): What the key may do, 1 to 10 scopes.
            job_types (list[str] | None | Unset): Names of job types, or prefixes that end with `*`; what does not match
                does not exist for the key. null: all. Not with the scopes `metrics` and `admin`. At most 100. Default: null.
            queues (list[str] | None | Unset): Names of queues, or prefixes that end with `*`; others do not exist for the
                key. null: all. Not with the scopes `metrics` and `admin`. At most 100. Default: null.
            expires_at (datetime.datetime | None | Unset): When it ceases to be valid, in the future. null: never. Default:
                null.
            rate_limit (KeyRate | None | Unset): How many runs may be made with it, on each server. null: any number.
                Default: null.
     """

    name: str
    scopes: list[KeyScope]
    job_types: list[str] | None | Unset = UNSET
    queues: list[str] | None | Unset = UNSET
    expires_at: datetime.datetime | None | Unset = UNSET
    rate_limit: KeyRate | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.key_rate import KeyRate # noqa: PLC0415
        name = self.name

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item: str = scopes_item_data
            scopes.append(scopes_item)



        job_types: list[str] | None | Unset
        if isinstance(self.job_types, Unset):
            job_types = UNSET
        elif isinstance(self.job_types, list):
            job_types = self.job_types


        else:
            job_types = self.job_types

        queues: list[str] | None | Unset
        if isinstance(self.queues, Unset):
            queues = UNSET
        elif isinstance(self.queues, list):
            queues = self.queues


        else:
            queues = self.queues

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        rate_limit: dict[str, Any] | None | Unset
        if isinstance(self.rate_limit, Unset):
            rate_limit = UNSET
        elif isinstance(self.rate_limit, KeyRate):
            rate_limit = self.rate_limit.to_dict()
        else:
            rate_limit = self.rate_limit


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "name": name,
            "scopes": scopes,
        })
        if job_types is not UNSET:
            field_dict["job_types"] = job_types
        if queues is not UNSET:
            field_dict["queues"] = queues
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at
        if rate_limit is not UNSET:
            field_dict["rate_limit"] = rate_limit

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.key_rate import KeyRate # noqa: PLC0415
        d = dict(src_dict)
        name = d.pop("name")

        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in (_scopes):
            scopes_item = check_key_scope(scopes_item_data)



            scopes.append(scopes_item)


        def _parse_job_types(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                job_types_type_0 = cast(list[str], data)

                return job_types_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        job_types = _parse_job_types(d.pop("job_types", UNSET))


        def _parse_queues(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                queues_type_0 = cast(list[str], data)

                return queues_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        queues = _parse_queues(d.pop("queues", UNSET))


        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)



                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))


        def _parse_rate_limit(data: object) -> KeyRate | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                rate_limit_type_0 = KeyRate.from_dict(data)



                return rate_limit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(KeyRate | None | Unset, data)

        rate_limit = _parse_rate_limit(d.pop("rate_limit", UNSET))


        key_in = cls(
            name=name,
            scopes=scopes,
            job_types=job_types,
            queues=queues,
            expires_at=expires_at,
            rate_limit=rate_limit,
        )

        return key_in

