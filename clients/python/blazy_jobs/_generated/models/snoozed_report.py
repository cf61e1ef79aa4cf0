from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast
import datetime






T = TypeVar("T", bound="SnoozedReport")



@_attrs_define
class SnoozedReport:
    """ The run is due again later; no attempt is spent.

        Attributes:
            run_id (str): The `id` of the leased run.
            attempt (int): The lease's `attempt`.
            lease_token (str): The lease's `lease_token`; proves that the run is still leased to this worker.
            type_ (Literal['snoozed']): The kind of report; determines the other fields.
            delay_seconds (float | None | Unset): Seconds until it is due again, at most 366 days. null (default): 0.
            due_at (datetime.datetime | None | Unset): When it is due again (RFC 3339), instead of `delay_seconds`. null
                (default): use `delay_seconds`.
     """

    run_id: str
    attempt: int
    lease_token: str
    type_: Literal['snoozed']
    delay_seconds: float | None | Unset = UNSET
    due_at: datetime.datetime | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        attempt = self.attempt

        lease_token = self.lease_token

        type_ = self.type_

        delay_seconds: float | None | Unset
        if isinstance(self.delay_seconds, Unset):
            delay_seconds = UNSET
        else:
            delay_seconds = self.delay_seconds

        due_at: None | str | Unset
        if isinstance(self.due_at, Unset):
            due_at = UNSET
        elif isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "run_id": run_id,
            "attempt": attempt,
            "lease_token": lease_token,
            "type": type_,
        })
        if delay_seconds is not UNSET:
            field_dict["delay_seconds"] = delay_seconds
        if due_at is not UNSET:
            field_dict["due_at"] = due_at

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        attempt = d.pop("attempt")

        lease_token = d.pop("lease_token")

        type_ = cast(Literal['snoozed'] , d.pop("type"))
        if type_ != 'snoozed':
            raise ValueError(f"type must match const 'snoozed', got '{type_}'")

        def _parse_delay_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        delay_seconds = _parse_delay_seconds(d.pop("delay_seconds", UNSET))


        def _parse_due_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_at_type_0 = datetime.datetime.fromisoformat(data)



                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        due_at = _parse_due_at(d.pop("due_at", UNSET))


        snoozed_report = cls(
            run_id=run_id,
            attempt=attempt,
            lease_token=lease_token,
            type_=type_,
            delay_seconds=delay_seconds,
            due_at=due_at,
        )

        return snoozed_report

