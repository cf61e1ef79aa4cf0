from typing import Literal, cast

ReportedStatus = Literal['accepted', 'lease_lost', 'rejected']

REPORTED_STATUS_VALUES: set[ReportedStatus] = { 'accepted', 'lease_lost', 'rejected',  }

def check_reported_status(value: str) -> ReportedStatus:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ReportedStatus, value)
