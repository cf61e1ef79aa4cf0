from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.digest_trouble_item import check_digest_trouble_item
from ..models.digest_trouble_item import DigestTroubleItem
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.lane_counts import LaneCounts
  from ..models.late_queue import LateQueue
  from ..models.list_versions import ListVersions
  from ..models.new_error import NewError
  from ..models.other_counts import OtherCounts
  from ..models.rates import Rates
  from ..models.state_counts import StateCounts
  from ..models.workers_now import WorkersNow





T = TypeVar("T", bound="Digest")



@_attrs_define
class Digest:
    """ How everything stands at one instant, as far as the key may see it.

        Attributes:
            at (datetime.datetime): When the digest was made: RFC 3339, UTC.
            server (str): The id of the server that made it.
            counts (StateCounts): The number of runs in each state.
            rates (Rates): What has happened, a second, on average over the last ten seconds.
            workers (WorkersNow): The connected workers.
            trouble (list[DigestTroubleItem]): What cannot be used: `store`, the database; `redis`, that of BullMQ queues.
                Usually empty.
            versions (ListVersions): For each list, a number that is another one when the list may have changed: read it
                again then. Numbers can only be compared with each other; after a reconnect to another server all are others.
            queues (list[LateQueue]): Queues in which runs wait, the one whose run has been due for longest first.
            queues_left_out (int): How many more such queues there are, for which there is no room.
            new_errors (list[NewError]): Groups of errors that were seen for the first time within the last ten minutes,
                newest first.
            lanes (list[LaneCounts]): Runs by job type, queue and state: those with most unfinished runs, as many as have
                room.
            other (None | OtherCounts): The runs of all other job types and queues together. null if all are in `lanes`.
     """

    at: datetime.datetime
    server: str
    counts: StateCounts
    rates: Rates
    workers: WorkersNow
    trouble: list[DigestTroubleItem]
    versions: ListVersions
    queues: list[LateQueue]
    queues_left_out: int
    new_errors: list[NewError]
    lanes: list[LaneCounts]
    other: None | OtherCounts
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.lane_counts import LaneCounts # noqa: PLC0415
        from ..models.late_queue import LateQueue # noqa: PLC0415
        from ..models.list_versions import ListVersions # noqa: PLC0415
        from ..models.new_error import NewError # noqa: PLC0415
        from ..models.other_counts import OtherCounts # noqa: PLC0415
        from ..models.rates import Rates # noqa: PLC0415
        from ..models.state_counts import StateCounts # noqa: PLC0415
        from ..models.workers_now import WorkersNow # noqa: PLC0415
        at = self.at.isoformat()

        server = self.server

        counts = self.counts.to_dict()

        rates = self.rates.to_dict()

        workers = self.workers.to_dict()

        trouble = []
        for trouble_item_data in self.trouble:
            trouble_item: str = trouble_item_data
            trouble.append(trouble_item)



        versions = self.versions.to_dict()

        queues = []
        for queues_item_data in self.queues:
            queues_item = queues_item_data.to_dict()
            queues.append(queues_item)



        queues_left_out = self.queues_left_out

        new_errors = []
        for new_errors_item_data in self.new_errors:
            new_errors_item = new_errors_item_data.to_dict()
            new_errors.append(new_errors_item)



        lanes = []
        for lanes_item_data in self.lanes:
            lanes_item = lanes_item_data.to_dict()
            lanes.append(lanes_item)



        other: dict[str, Any] | None
        if isinstance(self.other, OtherCounts):
            other = self.other.to_dict()
        else:
            other = self.other


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "at": at,
            "server": server,
            "counts": counts,
            "rates": rates,
            "workers": workers,
            "trouble": trouble,
            "versions": versions,
            "queues": queues,
            "queues_left_out": queues_left_out,
            "new_errors": new_errors,
            "lanes": lanes,
            "other": other,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lane_counts import LaneCounts # noqa: PLC0415
        from ..models.late_queue import LateQueue # noqa: PLC0415
        from ..models.list_versions import ListVersions # noqa: PLC0415
        from ..models.new_error import NewError # noqa: PLC0415
        from ..models.other_counts import OtherCounts # noqa: PLC0415
        from ..models.rates import Rates # noqa: PLC0415
        from ..models.state_counts import StateCounts # noqa: PLC0415
        from ..models.workers_now import WorkersNow # noqa: PLC0415
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))




        server = d.pop("server")

        counts = StateCounts.from_dict(d.pop("counts"))




        rates = Rates.from_dict(d.pop("rates"))




        workers = WorkersNow.from_dict(d.pop("workers"))




        trouble = []
        _trouble = d.pop("trouble")
        for trouble_item_data in (_trouble):
            trouble_item = check_digest_trouble_item(trouble_item_data)



            trouble.append(trouble_item)


        versions = ListVersions.from_dict(d.pop("versions"))




        queues = []
        _queues = d.pop("queues")
        for queues_item_data in (_queues):
            queues_item = LateQueue.from_dict(queues_item_data)



            queues.append(queues_item)


        queues_left_out = d.pop("queues_left_out")

        new_errors = []
        _new_errors = d.pop("new_errors")
        for new_errors_item_data in (_new_errors):
            new_errors_item = NewError.from_dict(new_errors_item_data)



            new_errors.append(new_errors_item)


        lanes = []
        _lanes = d.pop("lanes")
        for lanes_item_data in (_lanes):
            lanes_item = LaneCounts.from_dict(lanes_item_data)



            lanes.append(lanes_item)


        def _parse_other(data: object) -> None | OtherCounts:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                other_type_0 = OtherCounts.from_dict(data)



                return other_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OtherCounts, data)

        other = _parse_other(d.pop("other"))


        digest = cls(
            at=at,
            server=server,
            counts=counts,
            rates=rates,
            workers=workers,
            trouble=trouble,
            versions=versions,
            queues=queues,
            queues_left_out=queues_left_out,
            new_errors=new_errors,
            lanes=lanes,
            other=other,
        )


        digest.additional_properties = d
        return digest

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
