from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.attempt_outcome_type_0 import AttemptOutcomeType0
from ..models.attempt_outcome_type_0 import check_attempt_outcome_type_0
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.run_error import RunError





T = TypeVar("T", bound="Attempt")



@_attrs_define
class Attempt:
    """ One claim of a run by a worker, and how it ended.

        Attributes:
            number (int): Counts the claims of the run, from 1.
            attempt (int): The number of the attempt. Claims that were released, snoozed or lost do not count: the next
                claim has the same number.
            worker_id (None | str): The worker that claimed it; null if it was an external BullMQ worker.
            started_at (datetime.datetime): When the worker claimed it.
            finished_at (datetime.datetime | None): When it ended; null while it is running.
            outcome (AttemptOutcomeType0 | None): How it ended; null while it is running.
            error (None | RunError): Why it failed; null if it did not fail.
            trace_id (str): The trace of the attempt's span, if its worker records spans (OpenTelemetry).
     """

    number: int
    attempt: int
    worker_id: None | str
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    outcome: AttemptOutcomeType0 | None
    error: None | RunError
    trace_id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.run_error import RunError # noqa: PLC0415
        number = self.number

        attempt = self.attempt

        worker_id: None | str
        worker_id = self.worker_id

        started_at = self.started_at.isoformat()

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        outcome: None | str
        if isinstance(self.outcome, str):
            outcome = self.outcome
        else:
            outcome = self.outcome

        error: dict[str, Any] | None
        if isinstance(self.error, RunError):
            error = self.error.to_dict()
        else:
            error = self.error

        trace_id = self.trace_id


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "number": number,
            "attempt": attempt,
            "worker_id": worker_id,
            "started_at": started_at,
            "finished_at": finished_at,
            "outcome": outcome,
            "error": error,
            "trace_id": trace_id,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run_error import RunError # noqa: PLC0415
        d = dict(src_dict)
        number = d.pop("number")

        attempt = d.pop("attempt")

        def _parse_worker_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        worker_id = _parse_worker_id(d.pop("worker_id"))


        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))




        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)



                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))


        def _parse_outcome(data: object) -> AttemptOutcomeType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_0 = check_attempt_outcome_type_0(data)



                return outcome_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AttemptOutcomeType0 | None, data)

        outcome = _parse_outcome(d.pop("outcome"))


        def _parse_error(data: object) -> None | RunError:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_type_0 = RunError.from_dict(data)



                return error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RunError, data)

        error = _parse_error(d.pop("error"))


        trace_id = d.pop("trace_id")

        attempt = cls(
            number=number,
            attempt=attempt,
            worker_id=worker_id,
            started_at=started_at,
            finished_at=finished_at,
            outcome=outcome,
            error=error,
            trace_id=trace_id,
        )


        attempt.additional_properties = d
        return attempt

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
