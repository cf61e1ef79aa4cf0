from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast

if TYPE_CHECKING:
  from ..models.report_error_in import ReportErrorIn





T = TypeVar("T", bound="RunFailed")



@_attrs_define
class RunFailed:
    """ The attempt failed.

        Attributes:
            type_ (Literal['failed']): The kind of report; determines the other fields.
            error (ReportErrorIn): Why an attempt failed.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
            retryable (bool | None | Unset): `false`: the run is not retried, even if attempts are left. null (default):
                true.
            retry_after_seconds (float | None | Unset): Seconds until the next attempt, instead of the retry policy's delay;
                at most 366 days. null (default): the delay of the retry policy.
     """

    type_: Literal['failed']
    error: ReportErrorIn
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET
    retryable: bool | None | Unset = UNSET
    retry_after_seconds: float | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.report_error_in import ReportErrorIn # noqa: PLC0415
        type_ = self.type_

        error = self.error.to_dict()

        run_id = self.run_id

        attempt = self.attempt

        retryable: bool | None | Unset
        if isinstance(self.retryable, Unset):
            retryable = UNSET
        else:
            retryable = self.retryable

        retry_after_seconds: float | None | Unset
        if isinstance(self.retry_after_seconds, Unset):
            retry_after_seconds = UNSET
        else:
            retry_after_seconds = self.retry_after_seconds


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
            "error": error,
        })
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if retryable is not UNSET:
            field_dict["retryable"] = retryable
        if retry_after_seconds is not UNSET:
            field_dict["retry_after_seconds"] = retry_after_seconds

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.report_error_in import ReportErrorIn # noqa: PLC0415
        d = dict(src_dict)
        type_ = cast(Literal['failed'] , d.pop("type"))
        if type_ != 'failed':
            raise ValueError(f"type must match const 'failed', got '{type_}'")

        error = ReportErrorIn.from_dict(d.pop("error"))




        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

        def _parse_retryable(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        retryable = _parse_retryable(d.pop("retryable", UNSET))


        def _parse_retry_after_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        retry_after_seconds = _parse_retry_after_seconds(d.pop("retry_after_seconds", UNSET))


        run_failed = cls(
            type_=type_,
            error=error,
            run_id=run_id,
            attempt=attempt,
            retryable=retryable,
            retry_after_seconds=retry_after_seconds,
        )

        return run_failed

