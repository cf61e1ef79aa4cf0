from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.run_state import check_run_state
from ..models.run_state import RunState
from typing import cast
from typing import Literal, cast
import datetime

if TYPE_CHECKING:
  from ..models.queued_data import QueuedData





T = TypeVar("T", bound="QueuedEvent")



@_attrs_define
class QueuedEvent:
    """ The run was dispatched; it may be due later.

        Attributes:
            id (str): The event's id, unique in the database.
            seq (int): The event's number within its run: 1, 2, 3 …, without gaps.
            time (datetime.datetime): When the event was stored: RFC 3339, UTC, with microseconds.
            run_id (str): The run that the event belongs to.
            job_type (str): The run's job type.
            queue (str): The run's queue.
            state (RunState): `scheduled`: due later. `queued`: due, waiting for a worker. `running`: claimed by a worker.
                `retrying`: an attempt failed, and the next one is due later. `completed`, `failed` and `cancelled` are final.
            attempt (int): The number of attempts started so far; 0 before the first.
            type_ (Literal['queued']): The kind of event; determines the fields of `data`.
            data (QueuedData): The run waits for a worker, or for its due time.
     """

    id: str
    seq: int
    time: datetime.datetime
    run_id: str
    job_type: str
    queue: str
    state: RunState
    attempt: int
    type_: Literal['queued']
    data: QueuedData
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.queued_data import QueuedData # noqa: PLC0415
        id = self.id

        seq = self.seq

        time = self.time.isoformat()

        run_id = self.run_id

        job_type = self.job_type

        queue = self.queue

        state: str = self.state

        attempt = self.attempt

        type_ = self.type_

        data = self.data.to_dict()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "seq": seq,
            "time": time,
            "run_id": run_id,
            "job_type": job_type,
            "queue": queue,
            "state": state,
            "attempt": attempt,
            "type": type_,
            "data": data,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.queued_data import QueuedData # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        seq = d.pop("seq")

        time = datetime.datetime.fromisoformat(d.pop("time"))




        run_id = d.pop("run_id")

        job_type = d.pop("job_type")

        queue = d.pop("queue")

        state = check_run_state(d.pop("state"))




        attempt = d.pop("attempt")

        type_ = cast(Literal['queued'] , d.pop("type"))
        if type_ != 'queued':
            raise ValueError(f"type must match const 'queued', got '{type_}'")

        data = QueuedData.from_dict(d.pop("data"))




        queued_event = cls(
            id=id,
            seq=seq,
            time=time,
            run_id=run_id,
            job_type=job_type,
            queue=queue,
            state=state,
            attempt=attempt,
            type_=type_,
            data=data,
        )


        queued_event.additional_properties = d
        return queued_event

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
