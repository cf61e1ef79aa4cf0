from typing import Literal

ListRunsStateItem = Literal['cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled']

LIST_RUNS_STATE_ITEM_VALUES: set[ListRunsStateItem] = { 'cancelled', 'completed', 'failed', 'queued', 'retrying', 'running', 'scheduled',  }

def check_list_runs_state_item(value: str) -> ListRunsStateItem:
    if value in LIST_RUNS_STATE_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_RUNS_STATE_ITEM_VALUES!r}")
