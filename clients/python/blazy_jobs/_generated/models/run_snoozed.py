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






T = TypeVar("T", bound="RunSnoozed")



@_attrs_define
class RunSnoozed:
    """ The run is due again later; no attempt is spent.

        Attributes:
            type_ (Literal['snoozed']): The kind of report; determines the other fields.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
            delay_seconds (float | None | Unset): Seconds until it is due again, at most 366 days. null (default): 0.
            due_at (datetime.datetime | None | Unset): When it is due again (RFC 3339), instead of `delay_seconds`. null
                (default): use `delay_seconds`.
     """

    type_: Literal['snoozed']
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET
    delay_seconds: float | None | Unset = UNSET
    due_at: datetime.datetime | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        run_id = self.run_id

        attempt = self.attempt

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
            "type": type_,
        })
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if delay_seconds is not UNSET:
            field_dict["delay_seconds"] = delay_seconds
        if due_at is not UNSET:
            field_dict["due_at"] = due_at

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal['snoozed'] , d.pop("type"))
        if type_ != 'snoozed':
            raise ValueError(f"type must match const 'snoozed', got '{type_}'")

        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

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


        run_snoozed = cls(
            type_=type_,
            run_id=run_id,
            attempt=attempt,
            delay_seconds=delay_seconds,
            due_at=due_at,
        )

        return run_snoozed

