from typing import Literal, cast

NotHeardStatus = Literal['accepted', 'lease_lost', 'rejected']

NOT_HEARD_STATUS_VALUES: set[NotHeardStatus] = { 'accepted', 'lease_lost', 'rejected',  }

def check_not_heard_status(value: str) -> NotHeardStatus:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(NotHeardStatus, value)
