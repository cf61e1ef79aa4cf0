from typing import Literal

EventType = Literal['cancelled', 'cancelling', 'completed', 'failed', 'interrupted', 'log', 'progress', 'queued', 'retrying', 'started']

EVENT_TYPE_VALUES: set[EventType] = { 'cancelled', 'cancelling', 'completed', 'failed', 'interrupted', 'log', 'progress', 'queued', 'retrying', 'started',  }

def check_event_type(value: str) -> EventType:
    if value in EVENT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_TYPE_VALUES!r}")
