from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.queue_engine import check_queue_engine
from ..models.queue_engine import QueueEngine
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.bullmq import Bullmq
  from ..models.rate_limit import RateLimit





T = TypeVar("T", bound="QueueIn")



@_attrs_define
class QueueIn:
    """ The settings of a queue. An omitted engine is not changed.

        Attributes:
            concurrency (int | None | Unset): Maximum number of its runs at a time, from 1 to 1,000,000. null (default): no
                limit.
            rate_limit (None | RateLimit | Unset): Maximum number of starts in a period. null (default): no limit.
            max_queued (int | None | Unset): Maximum number of waiting runs (scheduled, queued and retrying), from 1 to
                1,000,000,000; further dispatches are refused with `429 queue_full`. null (default): no limit.
            name (None | str | Unset): If given, it must be the name in the path. null (default): the name in the path.
            engine (QueueEngine | Unset): `database`: in the server's database. `bullmq`: in Redis, shared with the
                producers and workers of BullMQ.
            paused (bool | Unset): Whether its runs are held back. Default: not changed; false for a new queue.
            bullmq (Bullmq | None | Unset): Its settings in Redis, if `engine` is `bullmq`. null (default): the defaults of
                `prefix` and `consume`.
     """

    concurrency: int | None | Unset = UNSET
    rate_limit: None | RateLimit | Unset = UNSET
    max_queued: int | None | Unset = UNSET
    name: None | str | Unset = UNSET
    engine: QueueEngine | Unset = UNSET
    paused: bool | Unset = UNSET
    bullmq: Bullmq | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.bullmq import Bullmq # noqa: PLC0415
        from ..models.rate_limit import RateLimit # noqa: PLC0415
        concurrency: int | None | Unset
        if isinstance(self.concurrency, Unset):
            concurrency = UNSET
        else:
            concurrency = self.concurrency

        rate_limit: dict[str, Any] | None | Unset
        if isinstance(self.rate_limit, Unset):
            rate_limit = UNSET
        elif isinstance(self.rate_limit, RateLimit):
            rate_limit = self.rate_limit.to_dict()
        else:
            rate_limit = self.rate_limit

        max_queued: int | None | Unset
        if isinstance(self.max_queued, Unset):
            max_queued = UNSET
        else:
            max_queued = self.max_queued

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        engine: str | Unset = UNSET
        if not isinstance(self.engine, Unset):
            engine = self.engine


        paused = self.paused

        bullmq: dict[str, Any] | None | Unset
        if isinstance(self.bullmq, Unset):
            bullmq = UNSET
        elif isinstance(self.bullmq, Bullmq):
            bullmq = self.bullmq.to_dict()
        else:
            bullmq = self.bullmq


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if concurrency is not UNSET:
            field_dict["concurrency"] = concurrency
        if rate_limit is not UNSET:
            field_dict["rate_limit"] = rate_limit
        if max_queued is not UNSET:
            field_dict["max_queued"] = max_queued
        if name is not UNSET:
            field_dict["name"] = name
        if engine is not UNSET:
            field_dict["engine"] = engine
        if paused is not UNSET:
            field_dict["paused"] = paused
        if bullmq is not UNSET:
            field_dict["bullmq"] = bullmq

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bullmq import Bullmq # noqa: PLC0415
        from ..models.rate_limit import RateLimit # noqa: PLC0415
        d = dict(src_dict)
        def _parse_concurrency(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        concurrency = _parse_concurrency(d.pop("concurrency", UNSET))


        def _parse_rate_limit(data: object) -> None | RateLimit | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                rate_limit_type_0 = RateLimit.from_dict(data)



                return rate_limit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RateLimit | Unset, data)

        rate_limit = _parse_rate_limit(d.pop("rate_limit", UNSET))


        def _parse_max_queued(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_queued = _parse_max_queued(d.pop("max_queued", UNSET))


        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))


        _engine = d.pop("engine", UNSET)
        engine: QueueEngine | Unset
        if isinstance(_engine,  Unset):
            engine = UNSET
        else:
            engine = check_queue_engine(_engine)




        paused = d.pop("paused", UNSET)

        def _parse_bullmq(data: object) -> Bullmq | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                bullmq_type_0 = Bullmq.from_dict(data)



                return bullmq_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Bullmq | None | Unset, data)

        bullmq = _parse_bullmq(d.pop("bullmq", UNSET))


        queue_in = cls(
            concurrency=concurrency,
            rate_limit=rate_limit,
            max_queued=max_queued,
            name=name,
            engine=engine,
            paused=paused,
            bullmq=bullmq,
        )

        return queue_in

