from typing import Literal

EventState = Literal['cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled']

EVENT_STATE_VALUES: set[EventState] = { 'cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled',  }

def check_event_state(value: str) -> EventState:
    if value in EVENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_STATE_VALUES!r}")
