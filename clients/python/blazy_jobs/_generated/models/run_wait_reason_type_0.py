from typing import Literal

RunWaitReasonType0 = Literal['concurrency_limit', 'no_worker', 'paused', 'rate_limit']

RUN_WAIT_REASON_TYPE_0_VALUES: set[RunWaitReasonType0] = { 'concurrency_limit', 'no_worker', 'paused', 'rate_limit',  }

def check_run_wait_reason_type_0(value: str) -> RunWaitReasonType0:
    if value in RUN_WAIT_REASON_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RUN_WAIT_REASON_TYPE_0_VALUES!r}")
