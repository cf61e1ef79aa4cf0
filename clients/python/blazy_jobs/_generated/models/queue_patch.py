from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.rate_limit import RateLimit





T = TypeVar("T", bound="QueuePatch")



@_attrs_define
class QueuePatch:
    """ What is left out is not changed.

        Attributes:
            concurrency (int | None | Unset): Maximum number of its runs at a time, from 1 to 1,000,000. null: no limit. If
                omitted, it is not changed.
            rate_limit (None | RateLimit | Unset): Maximum number of starts in a period. null: no limit. If omitted, it is
                not changed.
            max_queued (int | None | Unset): Maximum number of waiting runs (scheduled, queued and retrying), from 1 to
                1,000,000,000; further dispatches are refused with `429 queue_full`. null: no limit. If omitted, it is not
                changed.
            paused (bool | Unset): Whether its runs are held back. If omitted, it is not changed.
     """

    concurrency: int | None | Unset = UNSET
    rate_limit: None | RateLimit | Unset = UNSET
    max_queued: int | None | Unset = UNSET
    paused: bool | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
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

        paused = self.paused


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if concurrency is not UNSET:
            field_dict["concurrency"] = concurrency
        if rate_limit is not UNSET:
            field_dict["rate_limit"] = rate_limit
        if max_queued is not UNSET:
            field_dict["max_queued"] = max_queued
        if paused is not UNSET:
            field_dict["paused"] = paused

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
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


        paused = d.pop("paused", UNSET)

        queue_patch = cls(
            concurrency=concurrency,
            rate_limit=rate_limit,
            max_queued=max_queued,
            paused=paused,
        )

        return queue_patch

