from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.delivery_error import DeliveryError





T = TypeVar("T", bound="WebhookTest")



@_attrs_define
class WebhookTest:
    """ What came of a test message.

        Attributes:
            delivered (bool): Whether the endpoint received it: it answered 2xx.
            status (int | None): The status of the response. null: there was none, or it was not read to its end.
            error (DeliveryError | None): Why it was not delivered. null: it was.
            duration_seconds (float): Seconds from the look-up of the name to the end of the response.
     """

    delivered: bool
    status: int | None
    error: DeliveryError | None
    duration_seconds: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.delivery_error import DeliveryError # noqa: PLC0415
        delivered = self.delivered

        status: int | None
        status = self.status

        error: dict[str, Any] | None
        if isinstance(self.error, DeliveryError):
            error = self.error.to_dict()
        else:
            error = self.error

        duration_seconds = self.duration_seconds


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "delivered": delivered,
            "status": status,
            "error": error,
            "duration_seconds": duration_seconds,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.delivery_error import DeliveryError # noqa: PLC0415
        d = dict(src_dict)
        delivered = d.pop("delivered")

        def _parse_status(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        status = _parse_status(d.pop("status"))


        def _parse_error(data: object) -> DeliveryError | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_type_0 = DeliveryError.from_dict(data)



                return error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DeliveryError | None, data)

        error = _parse_error(d.pop("error"))


        duration_seconds = d.pop("duration_seconds")

        webhook_test = cls(
            delivered=delivered,
            status=status,
            error=error,
            duration_seconds=duration_seconds,
        )


        webhook_test.additional_properties = d
        return webhook_test

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
