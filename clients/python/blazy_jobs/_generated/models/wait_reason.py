from typing import Literal, cast

WaitReason = Literal['concurrency_limit', 'destination_unavailable', 'no_worker', 'paused', 'queue_unavailable', 'rate_limit', 'waiting_children']

WAIT_REASON_VALUES: set[WaitReason] = { 'concurrency_limit', 'destination_unavailable', 'no_worker', 'paused', 'queue_unavailable', 'rate_limit', 'waiting_children',  }

def check_wait_reason(value: str) -> WaitReason:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(WaitReason, value)
