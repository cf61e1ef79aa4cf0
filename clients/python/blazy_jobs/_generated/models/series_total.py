from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.durations import Durations





T = TypeVar("T", bound="SeriesTotal")



@_attrs_define
class SeriesTotal:
    """ What happened in the whole span. All values are null if no server was there.

        Attributes:
            started (int | None): Attempts that started. null: no server was there.
            completed (int | None): Runs that completed. null: no server was there.
            failed (int | None): Runs that failed. null: no server was there.
            cancelled (int | None): Runs that were cancelled. null: no server was there.
            retried (int | None): Attempts that failed and were followed by another. null: no server was there.
            lost (int | None): Runs that were lost with their worker. null: no server was there.
            deepest (int | None): The most runs that waited at once in one queue. null: no server was there.
            oldest_due_seconds (float | None): For how many seconds at most a run that waited had been due, as seen every
                ten seconds. null: no server was there.
            waited (Durations | None): From the time a run was due to its start. null: no server was there.
            ran (Durations | None): From the start of an attempt to its end. null: no server was there.
     """

    started: int | None
    completed: int | None
    failed: int | None
    cancelled: int | None
    retried: int | None
    lost: int | None
    deepest: int | None
    oldest_due_seconds: float | None
    waited: Durations | None
    ran: Durations | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.durations import Durations # noqa: PLC0415
        started: int | None
        started = self.started

        completed: int | None
        completed = self.completed

        failed: int | None
        failed = self.failed

        cancelled: int | None
        cancelled = self.cancelled

        retried: int | None
        retried = self.retried

        lost: int | None
        lost = self.lost

        deepest: int | None
        deepest = self.deepest

        oldest_due_seconds: float | None
        oldest_due_seconds = self.oldest_due_seconds

        waited: dict[str, Any] | None
        if isinstance(self.waited, Durations):
            waited = self.waited.to_dict()
        else:
            waited = self.waited

        ran: dict[str, Any] | None
        if isinstance(self.ran, Durations):
            ran = self.ran.to_dict()
        else:
            ran = self.ran


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "started": started,
            "completed": completed,
            "failed": failed,
            "cancelled": cancelled,
            "retried": retried,
            "lost": lost,
            "deepest": deepest,
            "oldest_due_seconds": oldest_due_seconds,
            "waited": waited,
            "ran": ran,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.durations import Durations # noqa: PLC0415
        d = dict(src_dict)
        def _parse_started(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        started = _parse_started(d.pop("started"))


        def _parse_completed(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        completed = _parse_completed(d.pop("completed"))


        def _parse_failed(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        failed = _parse_failed(d.pop("failed"))


        def _parse_cancelled(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        cancelled = _parse_cancelled(d.pop("cancelled"))


        def _parse_retried(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        retried = _parse_retried(d.pop("retried"))


        def _parse_lost(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        lost = _parse_lost(d.pop("lost"))


        def _parse_deepest(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        deepest = _parse_deepest(d.pop("deepest"))


        def _parse_oldest_due_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        oldest_due_seconds = _parse_oldest_due_seconds(d.pop("oldest_due_seconds"))


        def _parse_waited(data: object) -> Durations | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                waited_type_0 = Durations.from_dict(data)



                return waited_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Durations | None, data)

        waited = _parse_waited(d.pop("waited"))


        def _parse_ran(data: object) -> Durations | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                ran_type_0 = Durations.from_dict(data)



                return ran_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Durations | None, data)

        ran = _parse_ran(d.pop("ran"))


        series_total = cls(
            started=started,
            completed=completed,
            failed=failed,
            cancelled=cancelled,
            retried=retried,
            lost=lost,
            deepest=deepest,
            oldest_due_seconds=oldest_due_seconds,
            waited=waited,
            ran=ran,
        )


        series_total.additional_properties = d
        return series_total

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
