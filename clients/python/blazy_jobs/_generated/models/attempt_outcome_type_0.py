from typing import Literal

AttemptOutcomeType0 = Literal['cancelled', 'completed', 'failed', 'lost', 'released', 'snoozed']

ATTEMPT_OUTCOME_TYPE_0_VALUES: set[AttemptOutcomeType0] = { 'cancelled', 'completed', 'failed', 'lost', 'released', 'snoozed',  }

def check_attempt_outcome_type_0(value: str) -> AttemptOutcomeType0:
    if value in ATTEMPT_OUTCOME_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ATTEMPT_OUTCOME_TYPE_0_VALUES!r}")
