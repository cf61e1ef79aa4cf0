from typing import Literal, cast

ListErrorsState = Literal['failed', 'retrying']

LIST_ERRORS_STATE_VALUES: set[ListErrorsState] = { 'failed', 'retrying',  }

def check_list_errors_state(value: str) -> ListErrorsState:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ListErrorsState, value)
