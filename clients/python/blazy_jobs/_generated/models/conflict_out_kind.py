from typing import Literal, cast

ConflictOutKind = Literal['job_type', 'queue', 'schedule']

CONFLICT_OUT_KIND_VALUES: set[ConflictOutKind] = { 'job_type', 'queue', 'schedule',  }

def check_conflict_out_kind(value: str) -> ConflictOutKind:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ConflictOutKind, value)
