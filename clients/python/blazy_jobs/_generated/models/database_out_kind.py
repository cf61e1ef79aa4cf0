from typing import Literal, cast

DatabaseOutKind = Literal['postgresql', 'sqlite']

DATABASE_OUT_KIND_VALUES: set[DatabaseOutKind] = { 'postgresql', 'sqlite',  }

def check_database_out_kind(value: str) -> DatabaseOutKind:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(DatabaseOutKind, value)
