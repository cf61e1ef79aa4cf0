from typing import Literal, cast

DeliveryState = Literal['failed', 'pending']

DELIVERY_STATE_VALUES: set[DeliveryState] = { 'failed', 'pending',  }

def check_delivery_state(value: str) -> DeliveryState:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(DeliveryState, value)
