from typing import Literal, cast

RunWaitReasonType0 = Literal['concurrency_limit', 'no_worker', 'paused', 'rate_limit']

RUN_WAIT_REASON_TYPE_0_VALUES: set[RunWaitReasonType0] = { 'concurrency_limit', 'no_worker', 'paused', 'rate_limit',  }

def check_run_wait_reason_type_0(value: str) -> RunWaitReasonType0:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RunWaitReasonType0, value)
