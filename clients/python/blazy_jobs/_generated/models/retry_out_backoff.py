from typing import Literal

RetryOutBackoff = Literal['exponential', 'fixed', 'linear']

RETRY_OUT_BACKOFF_VALUES: set[RetryOutBackoff] = { 'exponential', 'fixed', 'linear',  }

def check_retry_out_backoff(value: str) -> RetryOutBackoff:
    if value in RETRY_OUT_BACKOFF_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETRY_OUT_BACKOFF_VALUES!r}")
