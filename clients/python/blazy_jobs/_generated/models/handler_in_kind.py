from typing import Literal, cast

HandlerInKind = Literal['http', 'worker']

HANDLER_IN_KIND_VALUES: set[HandlerInKind] = { 'http', 'worker',  }

def check_handler_in_kind(value: str) -> HandlerInKind:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(HandlerInKind, value)
