from typing import Literal

HandlerOutKind = Literal['http', 'worker']

HANDLER_OUT_KIND_VALUES: set[HandlerOutKind] = { 'http', 'worker',  }

def check_handler_out_kind(value: str) -> HandlerOutKind:
    if value in HANDLER_OUT_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {HANDLER_OUT_KIND_VALUES!r}")
