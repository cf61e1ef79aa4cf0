from typing import Literal, cast

NotAcceptedStatus = Literal['accepted', 'lease_lost', 'rejected']

NOT_ACCEPTED_STATUS_VALUES: set[NotAcceptedStatus] = { 'accepted', 'lease_lost', 'rejected',  }

def check_not_accepted_status(value: str) -> NotAcceptedStatus:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(NotAcceptedStatus, value)
