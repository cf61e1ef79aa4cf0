from typing import Literal, cast

KeyScope = Literal['admin', 'config', 'metrics', 'runs:read', 'runs:reveal', 'runs:write', 'workers']

KEY_SCOPE_VALUES: set[KeyScope] = { 'admin', 'config', 'metrics', 'runs:read', 'runs:reveal', 'runs:write', 'workers',  }

def check_key_scope(value: str) -> KeyScope:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(KeyScope, value)
