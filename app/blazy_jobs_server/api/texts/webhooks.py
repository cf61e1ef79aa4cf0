"""Of webhooks."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import (
    CREATED,
    CURSOR_OF_NEXT,
    NAME,
    NAME_IN_PUT,
    PAGE_DATA,
    UPDATED,
    of_a_change,
)

SHAPES = {
    "Webhook": "A webhook, without its secret.",
    "NewWebhook": "A webhook with its secret, which is shown only here.",
    "WebhookPage": "A page of webhooks, newest first.",
    "WebhookEventType": "What became of a run. `run.retrying`: an attempt failed, and another follows.",
    "WebhookInclude": "`result`: the result of a completed run, up to 64 KiB.",
    "DisabledReason": "`gone`: the endpoint answered 410. `failing`: no delivery succeeded for five days.",
    "DeliveryState": "`pending`: it will be tried again. `failed`: all attempts have failed.",
    "Delivery": "A message whose first attempt failed. Those that were received are not kept.",
    "DeliveryPage": "A page of deliveries, newest first.",
    "DeliveryError": "Why the last attempt failed.",
    "RecoverIn": "Since when.",
    "Recovered": "How many deliveries will be tried again.",
    "WebhookTest": "What came of a test message.",
}
_JOB_TYPES = "Names of job types, or prefixes that end with `*`: only their runs. null: all. At most 100."
_QUEUES = "Names of queues, or prefixes that end with `*`: only runs in them. null: all. At most 100."
_GIVEN = {
    "name": NAME,
    "url": "Where messages are POSTed: `https`, or `http` for networks in JOBS_HTTP_ALLOW. At most 2,048 characters.",
    "events": "What it is told of, at most 10 entries. Default: all four.",
    "job_types": f"{_JOB_TYPES} Default: null.",
    "queues": f"{_QUEUES} Default: null.",
    "include": "What messages contain besides, at most 10 entries. Default: nothing.",
    "enabled": "Whether messages are sent. What happens while it is false is delivered when it is true again, as far as"
    " it is still kept. Default: true.",
    "disabled_reason": "Read-only: taken, so that a webhook can be sent back as it was read, and ignored; so is null."
    " Default: null.",
}
_PUT = _GIVEN | {
    "name": NAME_IN_PUT,
    "enabled": _GIVEN["enabled"].replace("Default: true.", "Default: true for a new webhook, else as it is."),
}
_WEBHOOK = {
    "name": NAME,
    "url": "Where messages are POSTed.",
    "events": "What it is told of.",
    "job_types": _JOB_TYPES,
    "queues": _QUEUES,
    "include": "What messages contain besides.",
    "enabled": "Whether messages are sent.",
    "disabled_reason": "Why the server disabled it. null: it did not.",
    "failing_since": "When the first attempt after the last success failed. null: the last attempt succeeded, or there"
    " was none.",
    "last_success_at": "When a message was last received. null: never.",
    "previous_secret_until": "Until when the secret before the last rotation signs too. null: it does not.",
    "source": "`api`: it was made or changed over HTTP; `config`: it was applied as a configuration.",
    "created_at": CREATED,
    "updated_at": UPDATED,
}
_ERROR = {
    "code": "`http_status`, `timeout`, `no_connection`, `blocked_destination`, `invalid_answer`, or another one: more"
    " may be added.",
    "message": "For people.",
    "status": "The status of the response. null: there was none.",
}
FIELDS = {
    "WebhookIn": _GIVEN,
    "WebhookPut": _PUT,
    "WebhookPatch": of_a_change({name: text for name, text in _GIVEN.items() if name != "name"}),
    "Webhook": _WEBHOOK,
    "NewWebhook": _WEBHOOK | {"secret": "Signs its messages: `whsec_` and base64. It cannot be read again."},
    "WebhookPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
    "Delivery": {
        "id": "That of the event: the `webhook-id` of the message.",
        "type": "The type of the message.",
        "run_id": "The run that it is about.",
        "state": "Whether it will be tried again.",
        "attempts": "How many were made, at most ten.",
        "next_attempt_at": "When the next one is due. null: there will be none.",
        "last_attempt_at": "When the last one was made.",
        "error": "Why the last one failed.",
        "created_at": "When the first one failed.",
    },
    "DeliveryPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
    "DeliveryError": _ERROR,
    "RecoverIn": {"since": "Deliveries whose first attempt failed then or later."},
    "Recovered": {"deliveries": "How many there are."},
    "WebhookTest": {
        "delivered": "Whether the endpoint received it: it answered 2xx.",
        "status": "The status of the response. null: there was none, or it was not read to its end.",
        "error": "Why it was not delivered. null: it was.",
        "duration_seconds": "Seconds from the look-up of the name to the end of the response.",
    },
}
OPERATIONS = {
    "list_webhooks": "A restricted key sees those that lie within its restrictions.",
    "get_webhook": "Includes since when its endpoint has been failing.",
    "list_deliveries": "What was received at the first attempt is never here, and what was received later no longer.",
    "create_webhook": "It is told what happens from now on. `url` must not lead to a private or special address.",
    "put_webhook": "Its secret, and how far it is, remain.",
    "patch_webhook": "`enabled: true` starts again one that the server disabled.",
    "delete_webhook": "What was not delivered yet is not delivered any more.",
    "rotate_webhook_secret": "Both secrets sign until the previous one ends. `409 rotation_pending` while two do,"
    " unless `overlap_seconds` is 0.",
    "forget_previous_webhook_secret": "Only the present secret signs from now on. Harmless where there is no other.",
    "retry_delivery": "One that had failed for good has ten attempts again. While the webhook is disabled it waits.",
    "recover_deliveries": "For an endpoint that was down. Those that had failed for good have ten attempts again."
    " While the webhook is disabled they wait.",
    "test_webhook": "A signed message of the type `webhook.test`, once, and also while the webhook is disabled.",
}
PARAMETERS = {
    ("webhooks", "name"): "The name of the webhook.",
    ("webhooks", "delivery_id"): "The id of the delivery.",
    ("webhooks", "limit"): "Maximum number of items on the page, from 1 to 200.",
    ("webhooks", "cursor"): "The `next_cursor` of the previous page; opaque.",
    ("webhooks", "state"): "Only those that are pending, or have failed.",
    ("webhooks", "type"): "Only messages of this type.",
    ("webhooks", "run_id"): "Only messages about this run.",
}
