from typing import Literal, cast

RunState = Literal['cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled']

RUN_STATE_VALUES: set[RunState] = { 'cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled',  }

def check_run_state(value: str) -> RunState:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RunState, value)
