from typing import Literal, cast

AttemptOutcomeType0 = Literal['cancelled', 'completed', 'failed', 'lost', 'released', 'snoozed']

ATTEMPT_OUTCOME_TYPE_0_VALUES: set[AttemptOutcomeType0] = { 'cancelled', 'completed', 'failed', 'lost', 'released', 'snoozed',  }

def check_attempt_outcome_type_0(value: str) -> AttemptOutcomeType0:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(AttemptOutcomeType0, value)
