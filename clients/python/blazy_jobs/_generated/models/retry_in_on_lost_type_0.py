from typing import Literal, cast

RetryInOnLostType0 = Literal['fail', 'retry']

RETRY_IN_ON_LOST_TYPE_0_VALUES: set[RetryInOnLostType0] = { 'fail', 'retry',  }

def check_retry_in_on_lost_type_0(value: str) -> RetryInOnLostType0:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RetryInOnLostType0, value)
