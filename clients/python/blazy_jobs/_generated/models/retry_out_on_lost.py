from typing import Literal

RetryOutOnLost = Literal['fail', 'retry']

RETRY_OUT_ON_LOST_VALUES: set[RetryOutOnLost] = { 'fail', 'retry',  }

def check_retry_out_on_lost(value: str) -> RetryOutOnLost:
    if value in RETRY_OUT_ON_LOST_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETRY_OUT_ON_LOST_VALUES!r}")
