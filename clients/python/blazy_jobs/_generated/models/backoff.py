from typing import Literal, cast

Backoff = Literal['exponential', 'fixed', 'linear']

BACKOFF_VALUES: set[Backoff] = { 'exponential', 'fixed', 'linear',  }

def check_backoff(value: str) -> Backoff:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(Backoff, value)
