from typing import Literal

HandlerInKind = Literal['http', 'worker']

HANDLER_IN_KIND_VALUES: set[HandlerInKind] = { 'http', 'worker',  }

def check_handler_in_kind(value: str) -> HandlerInKind:
    if value in HANDLER_IN_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {HANDLER_IN_KIND_VALUES!r}")
