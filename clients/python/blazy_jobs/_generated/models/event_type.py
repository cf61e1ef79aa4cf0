from typing import Literal, cast

EventType = Literal['cancelled', 'cancelling', 'completed', 'failed', 'interrupted', 'log', 'progress', 'queued', 'retrying', 'started']

EVENT_TYPE_VALUES: set[EventType] = { 'cancelled', 'cancelling', 'completed', 'failed', 'interrupted', 'log', 'progress', 'queued', 'retrying', 'started',  }

def check_event_type(value: str) -> EventType:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(EventType, value)
