from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.health_redis_type_0 import check_health_redis_type_0
from ..models.health_redis_type_0 import HealthRedisType0
from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="Health")



@_attrs_define
class Health:
    """ The server is healthy.

        Attributes:
            status (Literal['ok']): Always `ok`; a problem is reported by another HTTP status.
            redis (HealthRedisType0 | None | Unset): Whether the Redis of BullMQ queues is available; omitted, and never
                null, if there is none, and in `healthz`.
     """

    status: Literal['ok']
    redis: HealthRedisType0 | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        status = self.status

        redis: None | str | Unset
        if isinstance(self.redis, Unset):
            redis = UNSET
        elif isinstance(self.redis, str):
            redis = self.redis
        else:
            redis = self.redis


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "status": status,
        })
        if redis is not UNSET:
            field_dict["redis"] = redis

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = cast(Literal['ok'] , d.pop("status"))
        if status != 'ok':
            raise ValueError(f"status must match const 'ok', got '{status}'")

        def _parse_redis(data: object) -> HealthRedisType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                redis_type_0 = check_health_redis_type_0(data)



                return redis_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(HealthRedisType0 | None | Unset, data)

        redis = _parse_redis(d.pop("redis", UNSET))


        health = cls(
            status=status,
            redis=redis,
        )


        health.additional_properties = d
        return health

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
