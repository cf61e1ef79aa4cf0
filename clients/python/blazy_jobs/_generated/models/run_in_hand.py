from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="RunInHand")



@_attrs_define
class RunInHand:
    """ A run that a worker has now.

        Attributes:
            run_id (str): The run's id, as in `GET /v1/runs/{run_id}`.
            job_type (str): The name of the job type that it was dispatched to.
            queue (str): The name of the queue that it was claimed from.
            attempt (int): The number of this attempt.
            started_at (datetime.datetime): When this attempt started: RFC 3339, UTC.
     """

    run_id: str
    job_type: str
    queue: str
    attempt: int
    started_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        job_type = self.job_type

        queue = self.queue

        attempt = self.attempt

        started_at = self.started_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "run_id": run_id,
            "job_type": job_type,
            "queue": queue,
            "attempt": attempt,
            "started_at": started_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        job_type = d.pop("job_type")

        queue = d.pop("queue")

        attempt = d.pop("attempt")

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))




        run_in_hand = cls(
            run_id=run_id,
            job_type=job_type,
            queue=queue,
            attempt=attempt,
            started_at=started_at,
        )


        run_in_hand.additional_properties = d
        return run_in_hand

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
