from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.event_state import check_event_state
from ..models.event_state import EventState
from ..models.event_type import check_event_type
from ..models.event_type import EventType
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.event_data import EventData





T = TypeVar("T", bound="Event")



@_attrs_define
class Event:
    """ 
        Attributes:
            id (str):
            seq (int):
            type_ (EventType):
            time (datetime.datetime):
            run_id (str):
            job_type (str):
            queue (str):
            state (EventState):
            attempt (int):
            data (EventData):
     """

    id: str
    seq: int
    type_: EventType
    time: datetime.datetime
    run_id: str
    job_type: str
    queue: str
    state: EventState
    attempt: int
    data: EventData
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.event_data import EventData # noqa: PLC0415
        id = self.id

        seq = self.seq

        type_: str = self.type_

        time = self.time.isoformat()

        run_id = self.run_id

        job_type = self.job_type

        queue = self.queue

        state: str = self.state

        attempt = self.attempt

        data = self.data.to_dict()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "seq": seq,
            "type": type_,
            "time": time,
            "run_id": run_id,
            "job_type": job_type,
            "queue": queue,
            "state": state,
            "attempt": attempt,
            "data": data,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event_data import EventData # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        seq = d.pop("seq")

        type_ = check_event_type(d.pop("type"))




        time = datetime.datetime.fromisoformat(d.pop("time"))




        run_id = d.pop("run_id")

        job_type = d.pop("job_type")

        queue = d.pop("queue")

        state = check_event_state(d.pop("state"))




        attempt = d.pop("attempt")

        data = EventData.from_dict(d.pop("data"))




        event = cls(
            id=id,
            seq=seq,
            type_=type_,
            time=time,
            run_id=run_id,
            job_type=job_type,
            queue=queue,
            state=state,
            attempt=attempt,
            data=data,
        )


        event.additional_properties = d
        return event

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
