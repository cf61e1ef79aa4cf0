from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.blocking import Blocking





T = TypeVar("T", bound="Explanation")



@_attrs_define
class Explanation:
    """ Why a run is where it is, in plain words; the wording may change.

        Attributes:
            run_id (str): The run that this is about.
            summary (str): The whole in one or two sentences.
            facts (list[str]): What else is known: how many runs are ahead, losses, an expiry, where the run is from.
            since (datetime.datetime | None): When this began (RFC 3339): since when it is due, runs, or has ended; null if
                that is not known.
            blocking (list[Blocking]): What holds it back; empty if nothing does.
            next_ (None | str): What happens next without anybody's doing; null if nothing does.
            suggestions (list[str]): What can be done.
     """

    run_id: str
    summary: str
    facts: list[str]
    since: datetime.datetime | None
    blocking: list[Blocking]
    next_: None | str
    suggestions: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.blocking import Blocking # noqa: PLC0415
        run_id = self.run_id

        summary = self.summary

        facts = self.facts



        since: None | str
        if isinstance(self.since, datetime.datetime):
            since = self.since.isoformat()
        else:
            since = self.since

        blocking = []
        for blocking_item_data in self.blocking:
            blocking_item = blocking_item_data.to_dict()
            blocking.append(blocking_item)



        next_: None | str
        next_ = self.next_

        suggestions = self.suggestions




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "run_id": run_id,
            "summary": summary,
            "facts": facts,
            "since": since,
            "blocking": blocking,
            "next": next_,
            "suggestions": suggestions,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.blocking import Blocking # noqa: PLC0415
        d = dict(src_dict)
        run_id = d.pop("run_id")

        summary = d.pop("summary")

        facts = cast(list[str], d.pop("facts"))


        def _parse_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                since_type_0 = datetime.datetime.fromisoformat(data)



                return since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        since = _parse_since(d.pop("since"))


        blocking = []
        _blocking = d.pop("blocking")
        for blocking_item_data in (_blocking):
            blocking_item = Blocking.from_dict(blocking_item_data)



            blocking.append(blocking_item)


        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))


        suggestions = cast(list[str], d.pop("suggestions"))


        explanation = cls(
            run_id=run_id,
            summary=summary,
            facts=facts,
            since=since,
            blocking=blocking,
            next_=next_,
            suggestions=suggestions,
        )


        explanation.additional_properties = d
        return explanation

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
