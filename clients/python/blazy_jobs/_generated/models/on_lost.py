from typing import Literal, cast

OnLost = Literal['fail', 'retry']

ON_LOST_VALUES: set[OnLost] = { 'fail', 'retry',  }

def check_on_lost(value: str) -> OnLost:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(OnLost, value)
