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
  from ..models.bullmq_out import BullmqOut
  from ..models.rate_limit import RateLimit





T = TypeVar("T", bound="ConfigQueue")



@_attrs_define
class ConfigQueue:
    """ A queue in a configuration.

        Attributes:
            name (str): Unique among queues.
            engine (QueueEngine): `database`: in the server's database. `bullmq`: in Redis, shared with the producers and
                workers of BullMQ.
            concurrency (int | None): Maximum number of its runs at a time. null: no limit.
            rate_limit (None | RateLimit): Maximum number of starts in a period. null: no limit.
            max_queued (int | None): Maximum number of waiting runs. null: no limit.
            bullmq (BullmqOut | None): Its settings in Redis. null for queues in the database.
            paused (bool | Unset): Present and true if it is paused.
     """

    name: str
    engine: QueueEngine
    concurrency: int | None
    rate_limit: None | RateLimit
    max_queued: int | None
    bullmq: BullmqOut | None
    paused: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.bullmq_out import BullmqOut # noqa: PLC0415
        from ..models.rate_limit import RateLimit # noqa: PLC0415
        name = self.name

        engine: str = self.engine

        concurrency: int | None
        concurrency = self.concurrency

        rate_limit: dict[str, Any] | None
        if isinstance(self.rate_limit, RateLimit):
            rate_limit = self.rate_limit.to_dict()
        else:
            rate_limit = self.rate_limit

        max_queued: int | None
        max_queued = self.max_queued

        bullmq: dict[str, Any] | None
        if isinstance(self.bullmq, BullmqOut):
            bullmq = self.bullmq.to_dict()
        else:
            bullmq = self.bullmq

        paused = self.paused


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "name": name,
            "engine": engine,
            "concurrency": concurrency,
            "rate_limit": rate_limit,
            "max_queued": max_queued,
            "bullmq": bullmq,
        })
        if paused is not UNSET:
            field_dict["paused"] = paused

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bullmq_out import BullmqOut # noqa: PLC0415
        from ..models.rate_limit import RateLimit # noqa: PLC0415
        d = dict(src_dict)
        name = d.pop("name")

        engine = check_queue_engine(d.pop("engine"))




        def _parse_concurrency(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        concurrency = _parse_concurrency(d.pop("concurrency"))


        def _parse_rate_limit(data: object) -> None | RateLimit:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                rate_limit_type_0 = RateLimit.from_dict(data)



                return rate_limit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RateLimit, data)

        rate_limit = _parse_rate_limit(d.pop("rate_limit"))


        def _parse_max_queued(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_queued = _parse_max_queued(d.pop("max_queued"))


        def _parse_bullmq(data: object) -> BullmqOut | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                bullmq_type_0 = BullmqOut.from_dict(data)



                return bullmq_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BullmqOut | None, data)

        bullmq = _parse_bullmq(d.pop("bullmq"))


        paused = d.pop("paused", UNSET)

        config_queue = cls(
            name=name,
            engine=engine,
            concurrency=concurrency,
            rate_limit=rate_limit,
            max_queued=max_queued,
            bullmq=bullmq,
            paused=paused,
        )


        config_queue.additional_properties = d
        return config_queue

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
