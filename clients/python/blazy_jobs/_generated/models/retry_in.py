from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.backoff import Backoff
from ..models.backoff import check_backoff
from ..models.on_lost import check_on_lost
from ..models.on_lost import OnLost
from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="RetryIn")



@_attrs_define
class RetryIn:
    """ The retry policy. Omitted fields get their defaults; in a dispatch, those of the job type.

        Attributes:
            max_attempts (int | Unset): Maximum number of attempts, including the first, from 1 to 1,000. Default: 4.
            backoff (Backoff | Unset): How the delay before attempt n + 1 is computed: `exponential`: initial *
                factor^(n-1); `linear`: initial * n; `fixed`: initial.
            initial_seconds (float | Unset): Delay before the second attempt, before jitter, in seconds; at most 366 days.
                Default: 1.
            factor (float | Unset): Multiplier of an exponential delay, from 1 to 100. Default: 2.
            max_seconds (float | Unset): Maximum delay in seconds; at most 366 days. Default: 3600.
            jitter (bool | Unset): Whether each delay is chosen randomly from the upper half of the computed one, so that
                runs that failed together are not retried together. Default: true.
            on_lost (OnLost | Unset): What happens to a run whose worker was lost: `retry` requeues it without spending an
                attempt, until the third loss; `fail` fails it.
     """

    max_attempts: int | Unset = UNSET
    backoff: Backoff | Unset = UNSET
    initial_seconds: float | Unset = UNSET
    factor: float | Unset = UNSET
    max_seconds: float | Unset = UNSET
    jitter: bool | Unset = UNSET
    on_lost: OnLost | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        max_attempts = self.max_attempts

        backoff: str | Unset = UNSET
        if not isinstance(self.backoff, Unset):
            backoff = self.backoff


        initial_seconds = self.initial_seconds

        factor = self.factor

        max_seconds = self.max_seconds

        jitter = self.jitter

        on_lost: str | Unset = UNSET
        if not isinstance(self.on_lost, Unset):
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
        max_attempts = d.pop("max_attempts", UNSET)

        _backoff = d.pop("backoff", UNSET)
        backoff: Backoff | Unset
        if isinstance(_backoff,  Unset):
            backoff = UNSET
        else:
            backoff = check_backoff(_backoff)




        initial_seconds = d.pop("initial_seconds", UNSET)

        factor = d.pop("factor", UNSET)

        max_seconds = d.pop("max_seconds", UNSET)

        jitter = d.pop("jitter", UNSET)

        _on_lost = d.pop("on_lost", UNSET)
        on_lost: OnLost | Unset
        if isinstance(_on_lost,  Unset):
            on_lost = UNSET
        else:
            on_lost = check_on_lost(_on_lost)




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

