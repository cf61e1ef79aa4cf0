from typing import Literal, cast

WebhookEventType = Literal['run.cancelled', 'run.completed', 'run.failed', 'run.retrying']

WEBHOOK_EVENT_TYPE_VALUES: set[WebhookEventType] = { 'run.cancelled', 'run.completed', 'run.failed', 'run.retrying',  }

def check_webhook_event_type(value: str) -> WebhookEventType:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(WebhookEventType, value)
