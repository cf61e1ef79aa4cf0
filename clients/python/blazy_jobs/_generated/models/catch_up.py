from typing import Literal, cast

CatchUp = Literal['all', 'latest', 'none']

CATCH_UP_VALUES: set[CatchUp] = { 'all', 'latest', 'none',  }

def check_catch_up(value: str) -> CatchUp:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(CatchUp, value)
