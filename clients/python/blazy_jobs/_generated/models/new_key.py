from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.key_scope import check_key_scope
from ..models.key_scope import KeyScope
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.key_rate_out import KeyRateOut





T = TypeVar("T", bound="NewKey")



@_attrs_define
class NewKey:
    """ An API key with its secret, which is shown only here.

        Attributes:
            id (str): Ten letters and digits; it remains the same when the key is rotated.
            name (str): What the key is for, 1 to 128 characters. Need not be unique.
            scopes (list[KeyScope]): What the key may do.
            job_types (list[str] | None): Names of job types, or prefixes that end with `*`; what does not match does not
                exist for the key. null: all.
            queues (list[str] | None): Names of queues, or prefixes that end with `*`; others do not exist for the key.
                null: all.
            rate_limit (KeyRateOut | None): How many runs may be made with it. null: any number.
            created_at (datetime.datetime): When it was created.
            created_by (str): The id of the key that created it; `root`: the key of the settings, `command`: the command
                line, `anyone`: a request while there was no key.
            expires_at (datetime.datetime | None): When it ceases to be valid. null: never.
            last_used_at (datetime.datetime | None): When it was last used, to the minute. null: never.
            revoked_at (datetime.datetime | None): When it was revoked. null: it was not.
            previous_until (datetime.datetime | None): Until when the secret before the last rotation remains valid. null:
                it was never rotated, or without overlap.
            key (str): The key itself, for `Authorization: Bearer`. It cannot be read again.
     """

    id: str
    name: str
    scopes: list[KeyScope]
    job_types: list[str] | None
    queues: list[str] | None
    rate_limit: KeyRateOut | None
    created_at: datetime.datetime
    created_by: str
    expires_at: datetime.datetime | None
    last_used_at: datetime.datetime | None
    revoked_at: datetime.datetime | None
    previous_until: datetime.datetime | None
    key: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.key_rate_out import KeyRateOut # noqa: PLC0415
        id = self.id

        name = self.name

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item: str = scopes_item_data
            scopes.append(scopes_item)



        job_types: list[str] | None
        if isinstance(self.job_types, list):
            job_types = self.job_types


        else:
            job_types = self.job_types

        queues: list[str] | None
        if isinstance(self.queues, list):
            queues = self.queues


        else:
            queues = self.queues

        rate_limit: dict[str, Any] | None
        if isinstance(self.rate_limit, KeyRateOut):
            rate_limit = self.rate_limit.to_dict()
        else:
            rate_limit = self.rate_limit

        created_at = self.created_at.isoformat()

        created_by = self.created_by

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        last_used_at: None | str
        if isinstance(self.last_used_at, datetime.datetime):
            last_used_at = self.last_used_at.isoformat()
        else:
            last_used_at = self.last_used_at

        revoked_at: None | str
        if isinstance(self.revoked_at, datetime.datetime):
            revoked_at = self.revoked_at.isoformat()
        else:
            revoked_at = self.revoked_at

        previous_until: None | str
        if isinstance(self.previous_until, datetime.datetime):
            previous_until = self.previous_until.isoformat()
        else:
            previous_until = self.previous_until

        key = self.key


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "name": name,
            "scopes": scopes,
            "job_types": job_types,
            "queues": queues,
            "rate_limit": rate_limit,
            "created_at": created_at,
            "created_by": created_by,
            "expires_at": expires_at,
            "last_used_at": last_used_at,
            "revoked_at": revoked_at,
            "previous_until": previous_until,
            "key": key,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.key_rate_out import KeyRateOut # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in (_scopes):
            scopes_item = check_key_scope(scopes_item_data)



            scopes.append(scopes_item)


        def _parse_job_types(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                job_types_type_0 = cast(list[str], data)

                return job_types_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        job_types = _parse_job_types(d.pop("job_types"))


        def _parse_queues(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                queues_type_0 = cast(list[str], data)

                return queues_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        queues = _parse_queues(d.pop("queues"))


        def _parse_rate_limit(data: object) -> KeyRateOut | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                rate_limit_type_0 = KeyRateOut.from_dict(data)



                return rate_limit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(KeyRateOut | None, data)

        rate_limit = _parse_rate_limit(d.pop("rate_limit"))


        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        created_by = d.pop("created_by")

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)



                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))


        def _parse_last_used_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_used_at_type_0 = datetime.datetime.fromisoformat(data)



                return last_used_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_used_at = _parse_last_used_at(d.pop("last_used_at"))


        def _parse_revoked_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                revoked_at_type_0 = datetime.datetime.fromisoformat(data)



                return revoked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        revoked_at = _parse_revoked_at(d.pop("revoked_at"))


        def _parse_previous_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                previous_until_type_0 = datetime.datetime.fromisoformat(data)



                return previous_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        previous_until = _parse_previous_until(d.pop("previous_until"))


        key = d.pop("key")

        new_key = cls(
            id=id,
            name=name,
            scopes=scopes,
            job_types=job_types,
            queues=queues,
            rate_limit=rate_limit,
            created_at=created_at,
            created_by=created_by,
            expires_at=expires_at,
            last_used_at=last_used_at,
            revoked_at=revoked_at,
            previous_until=previous_until,
            key=key,
        )


        new_key.additional_properties = d
        return new_key

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
