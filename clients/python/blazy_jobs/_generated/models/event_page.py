from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.cancelled_event import CancelledEvent
  from ..models.cancelling_event import CancellingEvent
  from ..models.completed_event import CompletedEvent
  from ..models.failed_event import FailedEvent
  from ..models.interrupted_event import InterruptedEvent
  from ..models.log_event import LogEvent
  from ..models.progress_event import ProgressEvent
  from ..models.queued_event import QueuedEvent
  from ..models.retrying_event import RetryingEvent
  from ..models.started_event import StartedEvent





T = TypeVar("T", bound="EventPage")



@_attrs_define
class EventPage:
    """ A page of a run's events, oldest first.

        Attributes:
            data (list[CancelledEvent | CancellingEvent | CompletedEvent | FailedEvent | InterruptedEvent | LogEvent |
                ProgressEvent | QueuedEvent | RetryingEvent | StartedEvent]): At most `limit` events.
            next_cursor (None | str): The `cursor` of the next page. null if there are no more events so far.
     """

    data: list[CancelledEvent | CancellingEvent | CompletedEvent | FailedEvent | InterruptedEvent | LogEvent | ProgressEvent | QueuedEvent | RetryingEvent | StartedEvent]
    next_cursor: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.cancelled_event import CancelledEvent # noqa: PLC0415
        from ..models.cancelling_event import CancellingEvent # noqa: PLC0415
        from ..models.completed_event import CompletedEvent # noqa: PLC0415
        from ..models.failed_event import FailedEvent # noqa: PLC0415
        from ..models.interrupted_event import InterruptedEvent # noqa: PLC0415
        from ..models.log_event import LogEvent # noqa: PLC0415
        from ..models.progress_event import ProgressEvent # noqa: PLC0415
        from ..models.queued_event import QueuedEvent # noqa: PLC0415
        from ..models.retrying_event import RetryingEvent # noqa: PLC0415
        from ..models.started_event import StartedEvent # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item: dict[str, Any]
            if isinstance(data_item_data, QueuedEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, StartedEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, ProgressEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, LogEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, RetryingEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, InterruptedEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, CancellingEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, CompletedEvent):
                data_item = data_item_data.to_dict()
            elif isinstance(data_item_data, FailedEvent):
                data_item = data_item_data.to_dict()
            else:
                data_item = data_item_data.to_dict()

            data.append(data_item)



        next_cursor: None | str
        next_cursor = self.next_cursor


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "data": data,
            "next_cursor": next_cursor,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cancelled_event import CancelledEvent # noqa: PLC0415
        from ..models.cancelling_event import CancellingEvent # noqa: PLC0415
        from ..models.completed_event import CompletedEvent # noqa: PLC0415
        from ..models.failed_event import FailedEvent # noqa: PLC0415
        from ..models.interrupted_event import InterruptedEvent # noqa: PLC0415
        from ..models.log_event import LogEvent # noqa: PLC0415
        from ..models.progress_event import ProgressEvent # noqa: PLC0415
        from ..models.queued_event import QueuedEvent # noqa: PLC0415
        from ..models.retrying_event import RetryingEvent # noqa: PLC0415
        from ..models.started_event import StartedEvent # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            def _parse_data_item(data: object) -> CancelledEvent | CancellingEvent | CompletedEvent | FailedEvent | InterruptedEvent | LogEvent | ProgressEvent | QueuedEvent | RetryingEvent | StartedEvent:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_0 = QueuedEvent.from_dict(data)



                    return componentsschemas_event_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_1 = StartedEvent.from_dict(data)



                    return componentsschemas_event_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_2 = ProgressEvent.from_dict(data)



                    return componentsschemas_event_type_2
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_3 = LogEvent.from_dict(data)



                    return componentsschemas_event_type_3
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_4 = RetryingEvent.from_dict(data)



                    return componentsschemas_event_type_4
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_5 = InterruptedEvent.from_dict(data)



                    return componentsschemas_event_type_5
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_6 = CancellingEvent.from_dict(data)



                    return componentsschemas_event_type_6
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_7 = CompletedEvent.from_dict(data)



                    return componentsschemas_event_type_7
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_8 = FailedEvent.from_dict(data)



                    return componentsschemas_event_type_8
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_event_type_9 = CancelledEvent.from_dict(data)



                return componentsschemas_event_type_9

            data_item = _parse_data_item(data_item_data)

            data.append(data_item)


        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))


        event_page = cls(
            data=data,
            next_cursor=next_cursor,
        )


        event_page.additional_properties = d
        return event_page

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
