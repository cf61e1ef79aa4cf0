from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.declares_in import DeclaresIn





T = TypeVar("T", bound="WorkerIn")



@_attrs_define
class WorkerIn:
    """ A process that claims runs, and the declarations in its code.

        Attributes:
            name (str): For people, 1 to 255 characters; need not be unique.
            job_types (list[str]): The names of the job types that it serves, at most 1,000. They need not be registered
                yet.
            queues (list[str] | None | Unset): The names of the queues that it serves, at most 1,000. null (default): all
                queues.
            concurrency (int | Unset): Maximum number of runs that it has at a time, from 1 to 10,000; informational, and
                used to distribute runs evenly. Default: 10.
            host (None | str | Unset): The name of its machine, 1 to 255 characters; shown to people. null (default): not
                told.
            pid (int | None | Unset): The number of its process, from 1 to 2,147,483,647; shown to people. null (default):
                not told.
            version (None | str | Unset): The version of the package that it is made with, 1 to 64 characters; shown to
                people. null (default): not told.
            declares (DeclaresIn | list[DeclaresIn] | None | Unset): The job types, schedules and queues in its code, for up
                to 100 apps. null (default): none.
     """

    name: str
    job_types: list[str]
    queues: list[str] | None | Unset = UNSET
    concurrency: int | Unset = UNSET
    host: None | str | Unset = UNSET
    pid: int | None | Unset = UNSET
    version: None | str | Unset = UNSET
    declares: DeclaresIn | list[DeclaresIn] | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.declares_in import DeclaresIn # noqa: PLC0415
        name = self.name

        job_types = self.job_types



        queues: list[str] | None | Unset
        if isinstance(self.queues, Unset):
            queues = UNSET
        elif isinstance(self.queues, list):
            queues = self.queues


        else:
            queues = self.queues

        concurrency = self.concurrency

        host: None | str | Unset
        if isinstance(self.host, Unset):
            host = UNSET
        else:
            host = self.host

        pid: int | None | Unset
        if isinstance(self.pid, Unset):
            pid = UNSET
        else:
            pid = self.pid

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        declares: dict[str, Any] | list[dict[str, Any]] | None | Unset
        if isinstance(self.declares, Unset):
            declares = UNSET
        elif isinstance(self.declares, DeclaresIn):
            declares = self.declares.to_dict()
        elif isinstance(self.declares, list):
            declares = []
            for declares_type_1_item_data in self.declares:
                declares_type_1_item = declares_type_1_item_data.to_dict()
                declares.append(declares_type_1_item)


        else:
            declares = self.declares


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "name": name,
            "job_types": job_types,
        })
        if queues is not UNSET:
            field_dict["queues"] = queues
        if concurrency is not UNSET:
            field_dict["concurrency"] = concurrency
        if host is not UNSET:
            field_dict["host"] = host
        if pid is not UNSET:
            field_dict["pid"] = pid
        if version is not UNSET:
            field_dict["version"] = version
        if declares is not UNSET:
            field_dict["declares"] = declares

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.declares_in import DeclaresIn # noqa: PLC0415
        d = dict(src_dict)
        name = d.pop("name")

        job_types = cast(list[str], d.pop("job_types"))


        def _parse_queues(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                queues_type_0 = cast(list[str], data)

                return queues_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        queues = _parse_queues(d.pop("queues", UNSET))


        concurrency = d.pop("concurrency", UNSET)

        def _parse_host(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        host = _parse_host(d.pop("host", UNSET))


        def _parse_pid(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        pid = _parse_pid(d.pop("pid", UNSET))


        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))


        def _parse_declares(data: object) -> DeclaresIn | list[DeclaresIn] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                declares_type_0 = DeclaresIn.from_dict(data)



                return declares_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, list):
                    raise TypeError()
                declares_type_1 = []
                _declares_type_1 = data
                for declares_type_1_item_data in (_declares_type_1):
                    declares_type_1_item = DeclaresIn.from_dict(declares_type_1_item_data)



                    declares_type_1.append(declares_type_1_item)

                return declares_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DeclaresIn | list[DeclaresIn] | None | Unset, data)

        declares = _parse_declares(d.pop("declares", UNSET))


        worker_in = cls(
            name=name,
            job_types=job_types,
            queues=queues,
            concurrency=concurrency,
            host=host,
            pid=pid,
            version=version,
            declares=declares,
        )

        return worker_in

