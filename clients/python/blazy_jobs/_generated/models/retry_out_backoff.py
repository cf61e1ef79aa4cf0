from typing import Literal, cast

RetryOutBackoff = Literal['exponential', 'fixed', 'linear']

RETRY_OUT_BACKOFF_VALUES: set[RetryOutBackoff] = { 'exponential', 'fixed', 'linear',  }

def check_retry_out_backoff(value: str) -> RetryOutBackoff:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RetryOutBackoff, value)
