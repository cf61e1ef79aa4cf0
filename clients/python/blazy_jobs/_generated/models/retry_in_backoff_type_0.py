from typing import Literal

RetryInBackoffType0 = Literal['exponential', 'fixed', 'linear']

RETRY_IN_BACKOFF_TYPE_0_VALUES: set[RetryInBackoffType0] = { 'exponential', 'fixed', 'linear',  }

def check_retry_in_backoff_type_0(value: str) -> RetryInBackoffType0:
    if value in RETRY_IN_BACKOFF_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETRY_IN_BACKOFF_TYPE_0_VALUES!r}")
