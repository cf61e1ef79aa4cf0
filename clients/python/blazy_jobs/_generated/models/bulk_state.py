from typing import Literal, cast

BulkState = Literal['cancelled', 'completed', 'failed', 'running']

BULK_STATE_VALUES: set[BulkState] = { 'cancelled', 'completed', 'failed', 'running',  }

def check_bulk_state(value: str) -> BulkState:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(BulkState, value)
