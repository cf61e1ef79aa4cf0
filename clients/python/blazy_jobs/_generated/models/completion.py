from typing import Literal, cast

Completion = Literal['report', 'response']

COMPLETION_VALUES: set[Completion] = { 'report', 'response',  }

def check_completion(value: str) -> Completion:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(Completion, value)
