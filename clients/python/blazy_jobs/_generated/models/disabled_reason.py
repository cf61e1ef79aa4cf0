from typing import Literal, cast

DisabledReason = Literal['failing', 'gone']

DISABLED_REASON_VALUES: set[DisabledReason] = { 'failing', 'gone',  }

def check_disabled_reason(value: str) -> DisabledReason:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(DisabledReason, value)
