from typing import Literal, cast

BulkAction = Literal['cancel', 'erase', 'replay', 'reprioritise', 'resolve', 'run_now']

BULK_ACTION_VALUES: set[BulkAction] = { 'cancel', 'erase', 'replay', 'reprioritise', 'resolve', 'run_now',  }

def check_bulk_action(value: str) -> BulkAction:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(BulkAction, value)
