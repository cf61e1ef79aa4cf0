from typing import Literal, cast

Overlap = Literal['allow', 'cancel_running', 'skip']

OVERLAP_VALUES: set[Overlap] = { 'allow', 'cancel_running', 'skip',  }

def check_overlap(value: str) -> Overlap:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(Overlap, value)
