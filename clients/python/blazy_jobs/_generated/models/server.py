from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.commits_out import CommitsOut
  from ..models.database_out import DatabaseOut
  from ..models.server_settings_type_0 import ServerSettingsType0





T = TypeVar("T", bound="Server")



@_attrs_define
class Server:
    """ A server on the database.

        Attributes:
            id (str): The server's id, another one after each start.
            self_ (bool): Whether it is the one that answers.
            host (str): The name of its machine.
            pid (int): The number of its process.
            version (str): The version of its package.
            started_at (datetime.datetime): When it started: RFC 3339, UTC.
            last_seen_at (datetime.datetime): When it last told about itself: RFC 3339, UTC.
            draining (bool): Whether it is stopping.
            workers (int): How many workers speak to it.
            streams (int): How many event streams are open at it.
            loop_lag_p99_seconds (float | None): How late its event loop comes to what is due: the 99th percentile since the
                start, rounded up to a bucket bound of the histogram. null in the first seconds.
            commits (CommitsOut): Transactions that a server has committed since it started.
            database (DatabaseOut): The database that they share.
            settings (None | ServerSettingsType0): Its settings, without secrets and addresses. null for restricted keys.
     """

    id: str
    self_: bool
    host: str
    pid: int
    version: str
    started_at: datetime.datetime
    last_seen_at: datetime.datetime
    draining: bool
    workers: int
    streams: int
    loop_lag_p99_seconds: float | None
    commits: CommitsOut
    database: DatabaseOut
    settings: None | ServerSettingsType0
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.commits_out import CommitsOut # noqa: PLC0415
        from ..models.database_out import DatabaseOut # noqa: PLC0415
        from ..models.server_settings_type_0 import ServerSettingsType0 # noqa: PLC0415
        id = self.id

        self_ = self.self_

        host = self.host

        pid = self.pid

        version = self.version

        started_at = self.started_at.isoformat()

        last_seen_at = self.last_seen_at.isoformat()

        draining = self.draining

        workers = self.workers

        streams = self.streams

        loop_lag_p99_seconds: float | None
        loop_lag_p99_seconds = self.loop_lag_p99_seconds

        commits = self.commits.to_dict()

        database = self.database.to_dict()

        settings: dict[str, Any] | None
        if isinstance(self.settings, ServerSettingsType0):
            settings = self.settings.to_dict()
        else:
            settings = self.settings


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "self": self_,
            "host": host,
            "pid": pid,
            "version": version,
            "started_at": started_at,
            "last_seen_at": last_seen_at,
            "draining": draining,
            "workers": workers,
            "streams": streams,
            "loop_lag_p99_seconds": loop_lag_p99_seconds,
            "commits": commits,
            "database": database,
            "settings": settings,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.commits_out import CommitsOut # noqa: PLC0415
        from ..models.database_out import DatabaseOut # noqa: PLC0415
        from ..models.server_settings_type_0 import ServerSettingsType0 # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        self_ = d.pop("self")

        host = d.pop("host")

        pid = d.pop("pid")

        version = d.pop("version")

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))




        last_seen_at = datetime.datetime.fromisoformat(d.pop("last_seen_at"))




        draining = d.pop("draining")

        workers = d.pop("workers")

        streams = d.pop("streams")

        def _parse_loop_lag_p99_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        loop_lag_p99_seconds = _parse_loop_lag_p99_seconds(d.pop("loop_lag_p99_seconds"))


        commits = CommitsOut.from_dict(d.pop("commits"))




        database = DatabaseOut.from_dict(d.pop("database"))




        def _parse_settings(data: object) -> None | ServerSettingsType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                settings_type_0 = ServerSettingsType0.from_dict(data)



                return settings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ServerSettingsType0, data)

        settings = _parse_settings(d.pop("settings"))


        server = cls(
            id=id,
            self_=self_,
            host=host,
            pid=pid,
            version=version,
            started_at=started_at,
            last_seen_at=last_seen_at,
            draining=draining,
            workers=workers,
            streams=streams,
            loop_lag_p99_seconds=loop_lag_p99_seconds,
            commits=commits,
            database=database,
            settings=settings,
        )


        server.additional_properties = d
        return server

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
