from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.run import Run





T = TypeVar("T", bound="Lease")



@_attrs_define
class Lease:
    """ A claimed run, exclusive to this worker until the lease expires.

        Attributes:
            run (Run): One execution of a job with all its attempts: its input, state and outcome.
            attempt (int): The number of this attempt; send it with each report.
            claim (int): How often the run has been claimed, this time included; greater than `attempt` after attempts that
                did not count.
            lease_token (str): Proves that the run is leased to this worker; send it with each report.
            lease_until (datetime.datetime): When the lease expires. Renewed by each report request that names the run.
            deadline_at (datetime.datetime): When the server ends the attempt with `timeout`, whatever the worker does:
                claim, timeout and 15 seconds.
            alone (bool): Whether to run it without other runs beside it, because workers were lost while they had it.
     """

    run: Run
    attempt: int
    claim: int
    lease_token: str
    lease_until: datetime.datetime
    deadline_at: datetime.datetime
    alone: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.run import Run # noqa: PLC0415
        run = self.run.to_dict()

        attempt = self.attempt

        claim = self.claim

        lease_token = self.lease_token

        lease_until = self.lease_until.isoformat()

        deadline_at = self.deadline_at.isoformat()

        alone = self.alone


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "run": run,
            "attempt": attempt,
            "claim": claim,
            "lease_token": lease_token,
            "lease_until": lease_until,
            "deadline_at": deadline_at,
            "alone": alone,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run import Run # noqa: PLC0415
        d = dict(src_dict)
        run = Run.from_dict(d.pop("run"))




        attempt = d.pop("attempt")

        claim = d.pop("claim")

        lease_token = d.pop("lease_token")

        lease_until = datetime.datetime.fromisoformat(d.pop("lease_until"))




        deadline_at = datetime.datetime.fromisoformat(d.pop("deadline_at"))




        alone = d.pop("alone")

        lease = cls(
            run=run,
            attempt=attempt,
            claim=claim,
            lease_token=lease_token,
            lease_until=lease_until,
            deadline_at=deadline_at,
            alone=alone,
        )


        lease.additional_properties = d
        return lease

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
