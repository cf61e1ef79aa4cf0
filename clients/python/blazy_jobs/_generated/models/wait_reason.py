from typing import Literal, cast

WaitReason = Literal['concurrency_limit', 'no_worker', 'paused', 'rate_limit']

WAIT_REASON_VALUES: set[WaitReason] = { 'concurrency_limit', 'no_worker', 'paused', 'rate_limit',  }

def check_wait_reason(value: str) -> WaitReason:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(WaitReason, value)
