from typing import Literal

RetryInOnLostType0 = Literal['fail', 'retry']

RETRY_IN_ON_LOST_TYPE_0_VALUES: set[RetryInOnLostType0] = { 'fail', 'retry',  }

def check_retry_in_on_lost_type_0(value: str) -> RetryInOnLostType0:
    if value in RETRY_IN_ON_LOST_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETRY_IN_ON_LOST_TYPE_0_VALUES!r}")
