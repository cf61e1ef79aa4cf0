from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.bulk_action import BulkAction
from ..models.bulk_action import check_bulk_action
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.bulk_filter import BulkFilter





T = TypeVar("T", bound="BulkIn")



@_attrs_define
class BulkIn:
    """ What to do, and with which runs.

        Attributes:
            action (BulkAction): `run_now`: scheduled and retrying runs are due immediately. `reprioritise`: waiting runs
                get another priority. `resolve`: failed runs no longer count in `GET /v1/errors`. The others as of a single run.
            filter_ (BulkFilter | None | Unset): Which runs. An empty one is refused, unless `all` is true. null (default):
                none is given.
            ids (list[str] | None | Unset): The ids of 1 to 10,000 runs, instead of a filter. null (default): none are
                given.
            all_ (bool | Unset): Whether all runs are meant where there is neither a filter nor ids. Default: false.
            priority (int | None | Unset): From -100 to 100; of `reprioritise`, which needs it. null (default): none.
            dry_run (bool | Unset): Whether only to say what would be done. Default: false.
            expect_at_most (int | None | Unset): If more runs match, nothing is done (`409 too_many_matches`). null
                (default): no limit.
     """

    action: BulkAction
    filter_: BulkFilter | None | Unset = UNSET
    ids: list[str] | None | Unset = UNSET
    all_: bool | Unset = UNSET
    priority: int | None | Unset = UNSET
    dry_run: bool | Unset = UNSET
    expect_at_most: int | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.bulk_filter import BulkFilter # noqa: PLC0415
        action: str = self.action

        filter_: dict[str, Any] | None | Unset
        if isinstance(self.filter_, Unset):
            filter_ = UNSET
        elif isinstance(self.filter_, BulkFilter):
            filter_ = self.filter_.to_dict()
        else:
            filter_ = self.filter_

        ids: list[str] | None | Unset
        if isinstance(self.ids, Unset):
            ids = UNSET
        elif isinstance(self.ids, list):
            ids = self.ids


        else:
            ids = self.ids

        all_ = self.all_

        priority: int | None | Unset
        if isinstance(self.priority, Unset):
            priority = UNSET
        else:
            priority = self.priority

        dry_run = self.dry_run

        expect_at_most: int | None | Unset
        if isinstance(self.expect_at_most, Unset):
            expect_at_most = UNSET
        else:
            expect_at_most = self.expect_at_most


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "action": action,
        })
        if filter_ is not UNSET:
            field_dict["filter"] = filter_
        if ids is not UNSET:
            field_dict["ids"] = ids
        if all_ is not UNSET:
            field_dict["all"] = all_
        if priority is not UNSET:
            field_dict["priority"] = priority
        if dry_run is not UNSET:
            field_dict["dry_run"] = dry_run
        if expect_at_most is not UNSET:
            field_dict["expect_at_most"] = expect_at_most

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bulk_filter import BulkFilter # noqa: PLC0415
        d = dict(src_dict)
        action = check_bulk_action(d.pop("action"))




        def _parse_filter_(data: object) -> BulkFilter | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                filter_type_0 = BulkFilter.from_dict(data)



                return filter_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BulkFilter | None | Unset, data)

        filter_ = _parse_filter_(d.pop("filter", UNSET))


        def _parse_ids(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                ids_type_0 = cast(list[str], data)

                return ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        ids = _parse_ids(d.pop("ids", UNSET))


        all_ = d.pop("all", UNSET)

        def _parse_priority(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        priority = _parse_priority(d.pop("priority", UNSET))


        dry_run = d.pop("dry_run", UNSET)

        def _parse_expect_at_most(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        expect_at_most = _parse_expect_at_most(d.pop("expect_at_most", UNSET))


        bulk_in = cls(
            action=action,
            filter_=filter_,
            ids=ids,
            all_=all_,
            priority=priority,
            dry_run=dry_run,
            expect_at_most=expect_at_most,
        )

        return bulk_in

