from typing import Literal

ConflictOutKind = Literal['job_type', 'schedule']

CONFLICT_OUT_KIND_VALUES: set[ConflictOutKind] = { 'job_type', 'schedule',  }

def check_conflict_out_kind(value: str) -> ConflictOutKind:
    if value in CONFLICT_OUT_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CONFLICT_OUT_KIND_VALUES!r}")
