from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reported_status import check_reported_status
from ..models.reported_status import ReportedStatus
from typing import cast






T = TypeVar("T", bound="Reported")



@_attrs_define
class Reported:
    """ The outcome of the report at the same position. `run_id` and `attempt` are null if those of the report were
    invalid.

        Attributes:
            run_id (None | str): As in the report; null if that was not a string.
            attempt (int | None): As in the report; null if that was not an integer.
            status (ReportedStatus): `accepted`: recorded, now or before. `lease_lost`: the run is no longer leased to this
                worker; stop its handler. `rejected`: the report is invalid.
            error (None | str): Why the report was rejected, for people; otherwise null.
            cancel_requested (bool): Whether to stop the handler and report `cancelled`.
     """

    run_id: None | str
    attempt: int | None
    status: ReportedStatus
    error: None | str
    cancel_requested: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        run_id: None | str
        run_id = self.run_id

        attempt: int | None
        attempt = self.attempt

        status: str = self.status

        error: None | str
        error = self.error

        cancel_requested = self.cancel_requested


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "run_id": run_id,
            "attempt": attempt,
            "status": status,
            "error": error,
            "cancel_requested": cancel_requested,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_run_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        run_id = _parse_run_id(d.pop("run_id"))


        def _parse_attempt(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        attempt = _parse_attempt(d.pop("attempt"))


        status = check_reported_status(d.pop("status"))




        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))


        cancel_requested = d.pop("cancel_requested")

        reported = cls(
            run_id=run_id,
            attempt=attempt,
            status=status,
            error=error,
            cancel_requested=cancel_requested,
        )


        reported.additional_properties = d
        return reported

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
