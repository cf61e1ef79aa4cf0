from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.delivery_state import check_delivery_state
from ..models.delivery_state import DeliveryState
from ..models.webhook_event_type import check_webhook_event_type
from ..models.webhook_event_type import WebhookEventType
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.delivery_error import DeliveryError





T = TypeVar("T", bound="Delivery")



@_attrs_define
class Delivery:
    """ A message whose first attempt failed. Those that were received are not kept.

        Attributes:
            id (str): That of the event: the `webhook-id` of the message.
            type_ (WebhookEventType): What became of a run. `run.retrying`: an attempt failed, and another follows.
            run_id (str): The run that it is about.
            state (DeliveryState): `pending`: it will be tried again. `failed`: all attempts have failed.
            attempts (int): How many were made, at most ten.
            next_attempt_at (datetime.datetime | None): When the next one is due. null: there will be none.
            last_attempt_at (datetime.datetime): When the last one was made.
            error (DeliveryError): Why the last attempt failed.
            created_at (datetime.datetime): When the first one failed.
     """

    id: str
    type_: WebhookEventType
    run_id: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime.datetime | None
    last_attempt_at: datetime.datetime
    error: DeliveryError
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.delivery_error import DeliveryError # noqa: PLC0415
        id = self.id

        type_: str = self.type_

        run_id = self.run_id

        state: str = self.state

        attempts = self.attempts

        next_attempt_at: None | str
        if isinstance(self.next_attempt_at, datetime.datetime):
            next_attempt_at = self.next_attempt_at.isoformat()
        else:
            next_attempt_at = self.next_attempt_at

        last_attempt_at = self.last_attempt_at.isoformat()

        error = self.error.to_dict()

        created_at = self.created_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "type": type_,
            "run_id": run_id,
            "state": state,
            "attempts": attempts,
            "next_attempt_at": next_attempt_at,
            "last_attempt_at": last_attempt_at,
            "error": error,
            "created_at": created_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.delivery_error import DeliveryError # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        type_ = check_webhook_event_type(d.pop("type"))




        run_id = d.pop("run_id")

        state = check_delivery_state(d.pop("state"))




        attempts = d.pop("attempts")

        def _parse_next_attempt_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_attempt_at_type_0 = datetime.datetime.fromisoformat(data)



                return next_attempt_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_attempt_at = _parse_next_attempt_at(d.pop("next_attempt_at"))


        last_attempt_at = datetime.datetime.fromisoformat(d.pop("last_attempt_at"))




        error = DeliveryError.from_dict(d.pop("error"))




        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        delivery = cls(
            id=id,
            type_=type_,
            run_id=run_id,
            state=state,
            attempts=attempts,
            next_attempt_at=next_attempt_at,
            last_attempt_at=last_attempt_at,
            error=error,
            created_at=created_at,
        )


        delivery.additional_properties = d
        return delivery

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
