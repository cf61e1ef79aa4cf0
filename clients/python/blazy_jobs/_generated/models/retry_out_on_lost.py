from typing import Literal, cast

RetryOutOnLost = Literal['fail', 'retry']

RETRY_OUT_ON_LOST_VALUES: set[RetryOutOnLost] = { 'fail', 'retry',  }

def check_retry_out_on_lost(value: str) -> RetryOutOnLost:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RetryOutOnLost, value)
