from typing import Literal, cast

RunBriefState = Literal['cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled']

RUN_BRIEF_STATE_VALUES: set[RunBriefState] = { 'cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled',  }

def check_run_brief_state(value: str) -> RunBriefState:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RunBriefState, value)
