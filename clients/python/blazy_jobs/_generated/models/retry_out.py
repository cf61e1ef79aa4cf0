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
from typing import cast






T = TypeVar("T", bound="RetryOut")



@_attrs_define
class RetryOut:
    """ The retry policy.

        Attributes:
            max_attempts (int): Maximum number of attempts, including the first.
            backoff (Backoff): How the delay before attempt n + 1 is computed: `exponential`: initial * factor^(n-1);
                `linear`: initial * n; `fixed`: initial.
            initial_seconds (float): Delay before the second attempt, before jitter, in seconds.
            factor (float): Multiplier of an exponential delay.
            max_seconds (float): Maximum delay in seconds.
            jitter (bool): Whether each delay is chosen randomly from the upper half of the computed one.
            on_lost (OnLost): What happens to a run whose worker was lost: `retry` requeues it without spending an attempt,
                until the third loss; `fail` fails it.
     """

    max_attempts: int
    backoff: Backoff
    initial_seconds: float
    factor: float
    max_seconds: float
    jitter: bool
    on_lost: OnLost
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        max_attempts = self.max_attempts

        backoff: str = self.backoff

        initial_seconds = self.initial_seconds

        factor = self.factor

        max_seconds = self.max_seconds

        jitter = self.jitter

        on_lost: str = self.on_lost


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "max_attempts": max_attempts,
            "backoff": backoff,
            "initial_seconds": initial_seconds,
            "factor": factor,
            "max_seconds": max_seconds,
            "jitter": jitter,
            "on_lost": on_lost,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        max_attempts = d.pop("max_attempts")

        backoff = check_backoff(d.pop("backoff"))




        initial_seconds = d.pop("initial_seconds")

        factor = d.pop("factor")

        max_seconds = d.pop("max_seconds")

        jitter = d.pop("jitter")

        on_lost = check_on_lost(d.pop("on_lost"))




        retry_out = cls(
            max_attempts=max_attempts,
            backoff=backoff,
            initial_seconds=initial_seconds,
            factor=factor,
            max_seconds=max_seconds,
            jitter=jitter,
            on_lost=on_lost,
        )


        retry_out.additional_properties = d
        return retry_out

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
