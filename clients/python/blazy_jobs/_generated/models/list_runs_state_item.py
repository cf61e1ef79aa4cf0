from typing import Literal, cast

ListRunsStateItem = Literal['cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled']

LIST_RUNS_STATE_ITEM_VALUES: set[ListRunsStateItem] = { 'cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled',  }

def check_list_runs_state_item(value: str) -> ListRunsStateItem:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ListRunsStateItem, value)
