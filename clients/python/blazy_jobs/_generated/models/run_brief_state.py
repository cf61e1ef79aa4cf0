from typing import Literal

RunBriefState = Literal['cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled']

RUN_BRIEF_STATE_VALUES: set[RunBriefState] = { 'cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled',  }

def check_run_brief_state(value: str) -> RunBriefState:
    if value in RUN_BRIEF_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RUN_BRIEF_STATE_VALUES!r}")
