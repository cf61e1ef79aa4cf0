from typing import Literal, cast

RetryInBackoffType0 = Literal['exponential', 'fixed', 'linear']

RETRY_IN_BACKOFF_TYPE_0_VALUES: set[RetryInBackoffType0] = { 'exponential', 'fixed', 'linear',  }

def check_retry_in_backoff_type_0(value: str) -> RetryInBackoffType0:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RetryInBackoffType0, value)
