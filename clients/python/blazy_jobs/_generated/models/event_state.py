from typing import Literal, cast

EventState = Literal['cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled']

EVENT_STATE_VALUES: set[EventState] = { 'cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled',  }

def check_event_state(value: str) -> EventState:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(EventState, value)
