from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.queue_in_engine import check_queue_in_engine
from ..models.queue_in_engine import QueueInEngine
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.queue_in_bullmq_type_0 import QueueInBullmqType0
  from ..models.queue_in_rate_limit_type_0 import QueueInRateLimitType0





T = TypeVar("T", bound="QueueIn")



@_attrs_define
class QueueIn:
    """ 
        Attributes:
            name (None | str | Unset):
            engine (QueueInEngine | Unset):  Default: 'database'.
            paused (bool | None | Unset):
            concurrency (int | None | Unset):
            rate_limit (None | QueueInRateLimitType0 | Unset):
            max_queued (int | None | Unset):
            bullmq (None | QueueInBullmqType0 | Unset):
     """

    name: None | str | Unset = UNSET
    engine: QueueInEngine | Unset = 'database'
    paused: bool | None | Unset = UNSET
    concurrency: int | None | Unset = UNSET
    rate_limit: None | QueueInRateLimitType0 | Unset = UNSET
    max_queued: int | None | Unset = UNSET
    bullmq: None | QueueInBullmqType0 | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.queue_in_bullmq_type_0 import QueueInBullmqType0 # noqa: PLC0415
        from ..models.queue_in_rate_limit_type_0 import QueueInRateLimitType0 # noqa: PLC0415
        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        engine: str | Unset = UNSET
        if not isinstance(self.engine, Unset):
            engine = self.engine


        paused: bool | None | Unset
        if isinstance(self.paused, Unset):
            paused = UNSET
        else:
            paused = self.paused

        concurrency: int | None | Unset
        if isinstance(self.concurrency, Unset):
            concurrency = UNSET
        else:
            concurrency = self.concurrency

        rate_limit: dict[str, Any] | None | Unset
        if isinstance(self.rate_limit, Unset):
            rate_limit = UNSET
        elif isinstance(self.rate_limit, QueueInRateLimitType0):
            rate_limit = self.rate_limit.to_dict()
        else:
            rate_limit = self.rate_limit

        max_queued: int | None | Unset
        if isinstance(self.max_queued, Unset):
            max_queued = UNSET
        else:
            max_queued = self.max_queued

        bullmq: dict[str, Any] | None | Unset
        if isinstance(self.bullmq, Unset):
            bullmq = UNSET
        elif isinstance(self.bullmq, QueueInBullmqType0):
            bullmq = self.bullmq.to_dict()
        else:
            bullmq = self.bullmq


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if name is not UNSET:
            field_dict["name"] = name
        if engine is not UNSET:
            field_dict["engine"] = engine
        if paused is not UNSET:
            field_dict["paused"] = paused
        if concurrency is not UNSET:
            field_dict["concurrency"] = concurrency
        if rate_limit is not UNSET:
            field_dict["rate_limit"] = rate_limit
        if max_queued is not UNSET:
            field_dict["max_queued"] = max_queued
        if bullmq is not UNSET:
            field_dict["bullmq"] = bullmq

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.queue_in_bullmq_type_0 import QueueInBullmqType0 # noqa: PLC0415
        from ..models.queue_in_rate_limit_type_0 import QueueInRateLimitType0 # noqa: PLC0415
        d = dict(src_dict)
        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))


        _engine = d.pop("engine", UNSET)
        engine: QueueInEngine | Unset
        if isinstance(_engine,  Unset):
            engine = UNSET
        else:
            engine = check_queue_in_engine(_engine)




        def _parse_paused(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        paused = _parse_paused(d.pop("paused", UNSET))


        def _parse_concurrency(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        concurrency = _parse_concurrency(d.pop("concurrency", UNSET))


        def _parse_rate_limit(data: object) -> None | QueueInRateLimitType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                rate_limit_type_0 = QueueInRateLimitType0.from_dict(data)



                return rate_limit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QueueInRateLimitType0 | Unset, data)

        rate_limit = _parse_rate_limit(d.pop("rate_limit", UNSET))


        def _parse_max_queued(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_queued = _parse_max_queued(d.pop("max_queued", UNSET))


        def _parse_bullmq(data: object) -> None | QueueInBullmqType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                bullmq_type_0 = QueueInBullmqType0.from_dict(data)



                return bullmq_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QueueInBullmqType0 | Unset, data)

        bullmq = _parse_bullmq(d.pop("bullmq", UNSET))


        queue_in = cls(
            name=name,
            engine=engine,
            paused=paused,
            concurrency=concurrency,
            rate_limit=rate_limit,
            max_queued=max_queued,
            bullmq=bullmq,
        )

        return queue_in

