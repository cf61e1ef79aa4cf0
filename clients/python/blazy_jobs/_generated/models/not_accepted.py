from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.not_accepted_status import check_not_accepted_status
from ..models.not_accepted_status import NotAcceptedStatus
from typing import cast






T = TypeVar("T", bound="NotAccepted")



@_attrs_define
class NotAccepted:
    """ A run of `completed` that was not accepted, or whose cancel was requested.

        Attributes:
            run_id (str): One of the `run_ids` of the item.
            status (NotAcceptedStatus): As in `data`; `accepted` if only a cancel is requested.
            error (None | str): Why it was rejected, for people; null otherwise.
            cancel_requested (bool): Whether to stop the handler and report `cancelled`.
     """

    run_id: str
    status: NotAcceptedStatus
    error: None | str
    cancel_requested: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        run_id = self.run_id

        status: str = self.status

        error: None | str
        error = self.error

        cancel_requested = self.cancel_requested


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "run_id": run_id,
            "status": status,
            "error": error,
            "cancel_requested": cancel_requested,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run_id = d.pop("run_id")

        status = check_not_accepted_status(d.pop("status"))




        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))


        cancel_requested = d.pop("cancel_requested")

        not_accepted = cls(
            run_id=run_id,
            status=status,
            error=error,
            cancel_requested=cancel_requested,
        )


        not_accepted.additional_properties = d
        return not_accepted

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
