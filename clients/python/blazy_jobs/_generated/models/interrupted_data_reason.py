from typing import Literal, cast

InterruptedDataReason = Literal['lost', 'released', 'snoozed']

INTERRUPTED_DATA_REASON_VALUES: set[InterruptedDataReason] = { 'lost', 'released', 'snoozed',  }

def check_interrupted_data_reason(value: str) -> InterruptedDataReason:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(InterruptedDataReason, value)
