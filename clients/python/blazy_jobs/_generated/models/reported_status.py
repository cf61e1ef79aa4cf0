from typing import Literal

ReportedStatus = Literal['accepted', 'lease_lost', 'rejected']

REPORTED_STATUS_VALUES: set[ReportedStatus] = { 'accepted', 'lease_lost', 'rejected',  }

def check_reported_status(value: str) -> ReportedStatus:
    if value in REPORTED_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REPORTED_STATUS_VALUES!r}")
