from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.not_heard_status import check_not_heard_status
from ..models.not_heard_status import NotHeardStatus
from typing import cast






T = TypeVar("T", bound="NotHeard")



@_attrs_define
class NotHeard:
    """ A run of `said` whose words were not accepted, or whose cancel was requested; or one word that was rejected.

        Attributes:
            run_id (str): One of the `run_ids` of the item.
            status (NotHeardStatus): As in `data`; `accepted` if only a cancel is requested.
            error (None | str): Why it was rejected, for people; null otherwise.
            cancel_requested (bool): Whether to stop the handler and report `cancelled`.
            place (int | None): Which of the run's words was rejected, from 0; null if all words of the run are concerned.
     """

    run_id: str
    status: NotHeardStatus
    error: None | str
    cancel_requested: bool
    place: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        status: str = self.status

        error: None | str
        error = self.error

        cancel_requested = self.cancel_requested

        place: int | None
        place = self.place


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "run_id": run_id,
            "status": status,
            "error": error,
            "cancel_requested": cancel_requested,
            "place": place,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        status = check_not_heard_status(d.pop("status"))




        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))


        cancel_requested = d.pop("cancel_requested")

        def _parse_place(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        place = _parse_place(d.pop("place"))


        not_heard = cls(
            run_id=run_id,
            status=status,
            error=error,
            cancel_requested=cancel_requested,
            place=place,
        )


        not_heard.additional_properties = d
        return not_heard

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
