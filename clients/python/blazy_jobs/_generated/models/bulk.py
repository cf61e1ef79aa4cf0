from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.bulk_action import BulkAction
from ..models.bulk_action import check_bulk_action
from ..models.bulk_state import BulkState
from ..models.bulk_state import check_bulk_state
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.actor import Actor
  from ..models.bulk_filter_type_0 import BulkFilterType0





T = TypeVar("T", bound="Bulk")



@_attrs_define
class Bulk:
    """ A bulk operation, and how far it is.

        Attributes:
            id (str): The id of the bulk operation, assigned by the server; ids sort by creation.
            action (BulkAction): `run_now`: scheduled and retrying runs are due immediately. `reprioritise`: waiting runs
                get another priority. `resolve`: failed runs no longer count in `GET /v1/errors`. The others as of a single run.
            state (BulkState): `failed`: it could not go on; the log of the server says why.
            filter_ (BulkFilterType0 | None): The filter that was given. null: none was.
            ids (int | None): How many ids were given. null: none were.
            priority (int | None): The priority that runs get. null: none.
            matched (int): How many runs matched when it was created, as far as they were counted.
            at_least (bool): Whether there may be more than `matched`. false once it has ended.
            done (int): With so many runs it was done.
            skipped (int): So many were no more as the filter or the action wants them when their turn came.
            failed (int): With so many it could not be done: they cannot be replayed, or their BullMQ queue is unavailable.
            created_at (datetime.datetime): When it was created.
            created_by (Actor | None): The API key that it was created with. null: a server without keys.
            finished_at (datetime.datetime | None): When it ended. null: it has not.
     """

    id: str
    action: BulkAction
    state: BulkState
    filter_: BulkFilterType0 | None
    ids: int | None
    priority: int | None
    matched: int
    at_least: bool
    done: int
    skipped: int
    failed: int
    created_at: datetime.datetime
    created_by: Actor | None
    finished_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.actor import Actor # noqa: PLC0415
        from ..models.bulk_filter_type_0 import BulkFilterType0 # noqa: PLC0415
        id = self.id

        action: str = self.action

        state: str = self.state

        filter_: dict[str, Any] | None
        if isinstance(self.filter_, BulkFilterType0):
            filter_ = self.filter_.to_dict()
        else:
            filter_ = self.filter_

        ids: int | None
        ids = self.ids

        priority: int | None
        priority = self.priority

        matched = self.matched

        at_least = self.at_least

        done = self.done

        skipped = self.skipped

        failed = self.failed

        created_at = self.created_at.isoformat()

        created_by: dict[str, Any] | None
        if isinstance(self.created_by, Actor):
            created_by = self.created_by.to_dict()
        else:
            created_by = self.created_by

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "action": action,
            "state": state,
            "filter": filter_,
            "ids": ids,
            "priority": priority,
            "matched": matched,
            "at_least": at_least,
            "done": done,
            "skipped": skipped,
            "failed": failed,
            "created_at": created_at,
            "created_by": created_by,
            "finished_at": finished_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.actor import Actor # noqa: PLC0415
        from ..models.bulk_filter_type_0 import BulkFilterType0 # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        action = check_bulk_action(d.pop("action"))




        state = check_bulk_state(d.pop("state"))




        def _parse_filter_(data: object) -> BulkFilterType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                filter_type_0 = BulkFilterType0.from_dict(data)



                return filter_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BulkFilterType0 | None, data)

        filter_ = _parse_filter_(d.pop("filter"))


        def _parse_ids(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        ids = _parse_ids(d.pop("ids"))


        def _parse_priority(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        priority = _parse_priority(d.pop("priority"))


        matched = d.pop("matched")

        at_least = d.pop("at_least")

        done = d.pop("done")

        skipped = d.pop("skipped")

        failed = d.pop("failed")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        def _parse_created_by(data: object) -> Actor | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                created_by_type_0 = Actor.from_dict(data)



                return created_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Actor | None, data)

        created_by = _parse_created_by(d.pop("created_by"))


        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)



                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))


        bulk = cls(
            id=id,
            action=action,
            state=state,
            filter_=filter_,
            ids=ids,
            priority=priority,
            matched=matched,
            at_least=at_least,
            done=done,
            skipped=skipped,
            failed=failed,
            created_at=created_at,
            created_by=created_by,
            finished_at=finished_at,
        )


        bulk.additional_properties = d
        return bulk

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
