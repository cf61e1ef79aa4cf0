from typing import Literal, cast

HandlerOutKind = Literal['http', 'worker']

HANDLER_OUT_KIND_VALUES: set[HandlerOutKind] = { 'http', 'worker',  }

def check_handler_out_kind(value: str) -> HandlerOutKind:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(HandlerOutKind, value)
