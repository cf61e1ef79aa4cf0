from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.retry_in_backoff_type_0 import check_retry_in_backoff_type_0
from ..models.retry_in_backoff_type_0 import RetryInBackoffType0
from ..models.retry_in_on_lost_type_0 import check_retry_in_on_lost_type_0
from ..models.retry_in_on_lost_type_0 import RetryInOnLostType0
from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="RetryIn")



@_attrs_define
class RetryIn:
    """ 
        Attributes:
            max_attempts (int | None | Unset):
            backoff (None | RetryInBackoffType0 | Unset):
            initial_seconds (float | None | Unset):
            factor (float | None | Unset):
            max_seconds (float | None | Unset):
            jitter (bool | None | Unset):
            on_lost (None | RetryInOnLostType0 | Unset):
     """

    max_attempts: int | None | Unset = UNSET
    backoff: None | RetryInBackoffType0 | Unset = UNSET
    initial_seconds: float | None | Unset = UNSET
    factor: float | None | Unset = UNSET
    max_seconds: float | None | Unset = UNSET
    jitter: bool | None | Unset = UNSET
    on_lost: None | RetryInOnLostType0 | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        max_attempts: int | None | Unset
        if isinstance(self.max_attempts, Unset):
            max_attempts = UNSET
        else:
            max_attempts = self.max_attempts

        backoff: None | str | Unset
        if isinstance(self.backoff, Unset):
            backoff = UNSET
        elif isinstance(self.backoff, str):
            backoff = self.backoff
        else:
            backoff = self.backoff

        initial_seconds: float | None | Unset
        if isinstance(self.initial_seconds, Unset):
            initial_seconds = UNSET
        else:
            initial_seconds = self.initial_seconds

        factor: float | None | Unset
        if isinstance(self.factor, Unset):
            factor = UNSET
        else:
            factor = self.factor

        max_seconds: float | None | Unset
        if isinstance(self.max_seconds, Unset):
            max_seconds = UNSET
        else:
            max_seconds = self.max_seconds

        jitter: bool | None | Unset
        if isinstance(self.jitter, Unset):
            jitter = UNSET
        else:
            jitter = self.jitter

        on_lost: None | str | Unset
        if isinstance(self.on_lost, Unset):
            on_lost = UNSET
        elif isinstance(self.on_lost, str):
            on_lost = self.on_lost
        else:
            on_lost = self.on_lost


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if max_attempts is not UNSET:
            field_dict["max_attempts"] = max_attempts
        if backoff is not UNSET:
            field_dict["backoff"] = backoff
        if initial_seconds is not UNSET:
            field_dict["initial_seconds"] = initial_seconds
        if factor is not UNSET:
            field_dict["factor"] = factor
        if max_seconds is not UNSET:
            field_dict["max_seconds"] = max_seconds
        if jitter is not UNSET:
            field_dict["jitter"] = jitter
        if on_lost is not UNSET:
            field_dict["on_lost"] = on_lost

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_max_attempts(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_attempts = _parse_max_attempts(d.pop("max_attempts", UNSET))


        def _parse_backoff(data: object) -> None | RetryInBackoffType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                backoff_type_0 = check_retry_in_backoff_type_0(data)



                return backoff_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RetryInBackoffType0 | Unset, data)

        backoff = _parse_backoff(d.pop("backoff", UNSET))


        def _parse_initial_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        initial_seconds = _parse_initial_seconds(d.pop("initial_seconds", UNSET))


        def _parse_factor(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        factor = _parse_factor(d.pop("factor", UNSET))


        def _parse_max_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        max_seconds = _parse_max_seconds(d.pop("max_seconds", UNSET))


        def _parse_jitter(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        jitter = _parse_jitter(d.pop("jitter", UNSET))


        def _parse_on_lost(data: object) -> None | RetryInOnLostType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                on_lost_type_0 = check_retry_in_on_lost_type_0(data)



                return on_lost_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RetryInOnLostType0 | Unset, data)

        on_lost = _parse_on_lost(d.pop("on_lost", UNSET))


        retry_in = cls(
            max_attempts=max_attempts,
            backoff=backoff,
            initial_seconds=initial_seconds,
            factor=factor,
            max_seconds=max_seconds,
            jitter=jitter,
            on_lost=on_lost,
        )

        return retry_in

