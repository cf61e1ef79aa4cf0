from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.run_in_hand import RunInHand





T = TypeVar("T", bound="Worker")



@_attrs_define
class Worker:
    """ A connected worker.

        Attributes:
            id (str): The worker's id, assigned at registration.
            name (str): The worker's own name.
            job_types (list[str]): The names of the job types that it serves.
            queues (list[str] | None): The names of the queues that it serves. null: all queues.
            concurrency (int): Maximum number of runs that it has at a time.
            slots (int): The same as `concurrency`.
            busy (int): How many runs it has now.
            running (list[RunInHand]): The first 20 of these, the one that started first at the front.
            draining (bool): Whether it gets no more runs, and stops when it has finished those that it has.
            host (None | str): The name of its machine, as the worker gave it. null if it gave none.
            pid (int | None): The number of its process, as the worker gave it. null if it gave none.
            version (None | str): The version of the package that it is made with. null if it gave none.
            server (str): The id of the server that it speaks to.
            registered_at (datetime.datetime): When it registered: RFC 3339, UTC.
            seen_at (datetime.datetime): When its last request arrived: RFC 3339, UTC.
            last_seen_at (datetime.datetime): The same as `seen_at`.
     """

    id: str
    name: str
    job_types: list[str]
    queues: list[str] | None
    concurrency: int
    slots: int
    busy: int
    running: list[RunInHand]
    draining: bool
    host: None | str
    pid: int | None
    version: None | str
    server: str
    registered_at: datetime.datetime
    seen_at: datetime.datetime
    last_seen_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.run_in_hand import RunInHand # noqa: PLC0415
        id = self.id

        name = self.name

        job_types = self.job_types



        queues: list[str] | None
        if isinstance(self.queues, list):
            queues = self.queues


        else:
            queues = self.queues

        concurrency = self.concurrency

        slots = self.slots

        busy = self.busy

        running = []
        for running_item_data in self.running:
            running_item = running_item_data.to_dict()
            running.append(running_item)



        draining = self.draining

        host: None | str
        host = self.host

        pid: int | None
        pid = self.pid

        version: None | str
        version = self.version

        server = self.server

        registered_at = self.registered_at.isoformat()

        seen_at = self.seen_at.isoformat()

        last_seen_at = self.last_seen_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "name": name,
            "job_types": job_types,
            "queues": queues,
            "concurrency": concurrency,
            "slots": slots,
            "busy": busy,
            "running": running,
            "draining": draining,
            "host": host,
            "pid": pid,
            "version": version,
            "server": server,
            "registered_at": registered_at,
            "seen_at": seen_at,
            "last_seen_at": last_seen_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run_in_hand import RunInHand # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        job_types = cast(list[str], d.pop("job_types"))


        def _parse_queues(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                queues_type_0 = cast(list[str], data)

                return queues_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        queues = _parse_queues(d.pop("queues"))


        concurrency = d.pop("concurrency")

        slots = d.pop("slots")

        busy = d.pop("busy")

        running = []
        _running = d.pop("running")
        for running_item_data in (_running):
            running_item = RunInHand.from_dict(running_item_data)



            running.append(running_item)


        draining = d.pop("draining")

        def _parse_host(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        host = _parse_host(d.pop("host"))


        def _parse_pid(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        pid = _parse_pid(d.pop("pid"))


        def _parse_version(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        version = _parse_version(d.pop("version"))


        server = d.pop("server")

        registered_at = datetime.datetime.fromisoformat(d.pop("registered_at"))




        seen_at = datetime.datetime.fromisoformat(d.pop("seen_at"))




        last_seen_at = datetime.datetime.fromisoformat(d.pop("last_seen_at"))




        worker = cls(
            id=id,
            name=name,
            job_types=job_types,
            queues=queues,
            concurrency=concurrency,
            slots=slots,
            busy=busy,
            running=running,
            draining=draining,
            host=host,
            pid=pid,
            version=version,
            server=server,
            registered_at=registered_at,
            seen_at=seen_at,
            last_seen_at=last_seen_at,
        )


        worker.additional_properties = d
        return worker

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
