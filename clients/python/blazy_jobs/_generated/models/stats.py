from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.latency import Latency
  from ..models.oldest import Oldest
  from ..models.state_counts import StateCounts





T = TypeVar("T", bound="Stats")



@_attrs_define
class Stats:
    """ Current statistics of the server.

        Attributes:
            version (str): The version of the server's package.
            counts (StateCounts): The number of runs in each state.
            finished_last_minute (int): Runs that reached a final state within the last 60 seconds, on all servers.
            started_last_minute (int): Attempts that started within the last 60 seconds, on all servers.
            waited (Latency): A distribution of durations, measured over the runs that this server has seen since it
                started.
            ran (Latency): A distribution of durations, measured over the runs that this server has seen since it started.
            workers (int): The number of connected workers.
            open_streams (int): The number of open event streams of this server.
            database_bytes (int): The size of the database.
            wal_bytes (int): The size of SQLite's write-ahead log; 0 with PostgreSQL.
            free_bytes (int): Room in the SQLite file that is reused for new rows; 0 with PostgreSQL.
            oldest (Oldest): Since when the first run in each state has been due, or when it will be; omitted if there is
                none.
     """

    version: str
    counts: StateCounts
    finished_last_minute: int
    started_last_minute: int
    waited: Latency
    ran: Latency
    workers: int
    open_streams: int
    database_bytes: int
    wal_bytes: int
    free_bytes: int
    oldest: Oldest
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.latency import Latency # noqa: PLC0415
        from ..models.oldest import Oldest # noqa: PLC0415
        from ..models.state_counts import StateCounts # noqa: PLC0415
        version = self.version

        counts = self.counts.to_dict()

        finished_last_minute = self.finished_last_minute

        started_last_minute = self.started_last_minute

        waited = self.waited.to_dict()

        ran = self.ran.to_dict()

        workers = self.workers

        open_streams = self.open_streams

        database_bytes = self.database_bytes

        wal_bytes = self.wal_bytes

        free_bytes = self.free_bytes

        oldest = self.oldest.to_dict()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "version": version,
            "counts": counts,
            "finished_last_minute": finished_last_minute,
            "started_last_minute": started_last_minute,
            "waited": waited,
            "ran": ran,
            "workers": workers,
            "open_streams": open_streams,
            "database_bytes": database_bytes,
            "wal_bytes": wal_bytes,
            "free_bytes": free_bytes,
            "oldest": oldest,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.latency import Latency # noqa: PLC0415
        from ..models.oldest import Oldest # noqa: PLC0415
        from ..models.state_counts import StateCounts # noqa: PLC0415
        d = dict(src_dict)
        version = d.pop("version")

        counts = StateCounts.from_dict(d.pop("counts"))




        finished_last_minute = d.pop("finished_last_minute")

        started_last_minute = d.pop("started_last_minute")

        waited = Latency.from_dict(d.pop("waited"))




        ran = Latency.from_dict(d.pop("ran"))




        workers = d.pop("workers")

        open_streams = d.pop("open_streams")

        database_bytes = d.pop("database_bytes")

        wal_bytes = d.pop("wal_bytes")

        free_bytes = d.pop("free_bytes")

        oldest = Oldest.from_dict(d.pop("oldest"))




        stats = cls(
            version=version,
            counts=counts,
            finished_last_minute=finished_last_minute,
            started_last_minute=started_last_minute,
            waited=waited,
            ran=ran,
            workers=workers,
            open_streams=open_streams,
            database_bytes=database_bytes,
            wal_bytes=wal_bytes,
            free_bytes=free_bytes,
            oldest=oldest,
        )


        stats.additional_properties = d
        return stats

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
