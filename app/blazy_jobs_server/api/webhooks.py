"""Webhooks: who is told what became of runs."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from msgspec.structs import replace

from blazy_jobs_server.api import examples, fields, render, visibility
from blazy_jobs_server.api import webhook_models as shapes
from blazy_jobs_server.api.context import ONCE, Answer, caller_of, context_of
from blazy_jobs_server.api.describe import BODY, WEBHOOK_LINKS, accepts, describe
from blazy_jobs_server.api.job_types import check_name, check_same_name, page_of
from blazy_jobs_server.api.keys import OVERLAP_SECONDS
from blazy_jobs_server.api.requests import cursor_key, read_json
from blazy_jobs_server.api.runs import Cursor, Limit, NameCursor, respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import (
    BlockedDestination,
    DeliveryNotFound,
    InvalidCursor,
    InvalidRequest,
    KeyringUnavailable,
    NotSupported,
    RotationPending,
    TooManyWebhooks,
    WebhookExists,
    WebhookNotFound,
)
from blazy_jobs_server.domain.instants import from_datetime, rfc3339
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.webhook import Delivery, Webhook
from blazy_jobs_server.ports.webhooks import DeliveryFilter
from blazy_jobs_server.webhooks.attempts import Failure

SEALING = (NotSupported, KeyringUnavailable)
"""Where a secret is stored, or read."""

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


# -- from requests and to answers


def changed(known: Webhook, body: shapes.WebhookPatch) -> Webhook:
    """`known` with what the body says; whether it is enabled is said apart."""
    given = body.model_fields_set
    plain: dict[str, Any] = {}
    if body.url is not None:
        plain["url"] = body.url
    for name in ("events", "include"):
        if getattr(body, name) is not None:
            plain[name] = tuple(dict.fromkeys(getattr(body, name)))
    job_types = _names(body.job_types) if "job_types" in given else known.within.job_types
    queues = _names(body.queues) if "queues" in given else known.within.queues
    return replace(known, within=Within(job_types, queues), **plain)


def _names(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(dict.fromkeys(given))


def webhook_json(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "url": webhook.url,
        "events": list(webhook.events),
        "job_types": webhook.within.job_types,
        "queues": webhook.within.queues,
        "include": list(webhook.include),
        "enabled": webhook.enabled,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": _time(webhook.failing_since),
        "last_success_at": _time(webhook.last_success_at),
        "previous_secret_until": _time(webhook.previous_until),
        "source": webhook.source,
        "created_at": rfc3339(webhook.created_at),
        "updated_at": rfc3339(webhook.updated_at),
    }


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": ids.event_id(delivery.event_id),
        "type": delivery.type,
        "run_id": ids.run_id(delivery.run_id),
        "state": "pending" if delivery.is_pending else "failed",
        "attempts": delivery.attempts,
        "next_attempt_at": _time(delivery.next_at),
        "last_attempt_at": rfc3339(delivery.tried_at),
        "error": {"code": delivery.error_code, "message": delivery.error_message, "status": delivery.status},
        "created_at": rfc3339(delivery.created_at),
    }


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _answer(webhook: Webhook, status: int = 200, secret: str | None = None) -> Response:
    """With its secret, where it is a new one."""
    shown = webhook_json(webhook)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if secret is not None:
        shown["secret"] = secret
        headers = (ONCE,)
    if status == 201:
        headers = (*headers, (b"location", f"/v1/webhooks/{webhook.name}".encode()))
    return respond(Answer(status, orjson.dumps(shown), headers))


def _error(failure: Failure | None) -> dict[str, Any] | None:
    return None if failure is None else {"code": failure.code, "message": failure.message, "status": failure.status}


# -- routes


@router.post(
    "",
    operation_id="create_webhook",
    summary="Create a webhook",
    status_code=201,
    responses=describe(
        {201: shapes.NewWebhook},
        *BODY,
        WebhookExists,
        TooManyWebhooks,
        BlockedDestination,
        *SEALING,
        text={201: "created; the only response that contains its secret"},
        links=WEBHOOK_LINKS,
        headers={201: ("Location", "Cache-Control")},
    ),
    openapi_extra=accepts(shapes.WebhookIn, examples.WEBHOOK),
)
async def create_webhook(request: Request) -> Response:
    body = await read_json(request, shapes.WebhookIn)
    wanted = replace(changed(Webhook(name=body.name, url=body.url), body), enabled=body.enabled is not False)
    visibility.check_webhook(caller_of(request), wanted.within)
    webhook, secret = await context_of(request).webhooks.create(wanted)
    return _answer(webhook, 201, secret)


@router.get(
    "",
    operation_id="list_webhooks",
    summary="List webhooks",
    responses=describe({200: shapes.WebhookPage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}),
)
async def list_webhooks(request: Request, limit: Limit = 50, cursor: NameCursor = None) -> Response:
    caller = caller_of(request)
    found = await context_of(request).jobs.store.webhooks()
    seen = [((webhook.id, webhook.name), webhook) for webhook in found if visibility.sees_webhook(caller, webhook)]
    page, following = page_of(seen, cursor, limit)
    items = [orjson.dumps(webhook_json(webhook)).decode() for webhook in page]
    return respond(Answer(200, render.page_json(items, following)))


@router.get(
    "/{name}",
    operation_id="get_webhook",
    summary="Read a webhook",
    responses=describe({200: shapes.Webhook}, WebhookNotFound, text={200: "the webhook"}),
)
async def get_webhook(request: Request, name: str) -> Response:
    return _answer(await context_of(request).webhooks.get(name))


@router.put(
    "/{name}",
    operation_id="put_webhook",
    summary="Create or replace a webhook",
    responses=describe(
        {200: shapes.Webhook, 201: shapes.NewWebhook},
        *BODY,
        WebhookNotFound,
        TooManyWebhooks,
        BlockedDestination,
        *SEALING,
        text={200: "replaced, or unchanged", 201: "created; the only response that contains its secret"},
        links=WEBHOOK_LINKS,
        headers={201: ("Location", "Cache-Control")},
    ),
    openapi_extra=accepts(shapes.WebhookPut, examples.WEBHOOK),
)
async def put_webhook(request: Request, name: str) -> Response:
    check_name(name)
    body = await read_json(request, shapes.WebhookPut)
    check_same_name(name, body.name)
    wanted = changed(Webhook(name=name, url=body.url), body)
    visibility.check_webhook(caller_of(request), wanted.within)
    webhook, secret = await context_of(request).webhooks.put(wanted, body.enabled)
    return _answer(webhook, 200 if secret is None else 201, secret)


@router.patch(
    "/{name}",
    operation_id="patch_webhook",
    summary="Change some fields of a webhook",
    responses=describe(
        {200: shapes.Webhook}, *BODY, WebhookNotFound, BlockedDestination, text={200: "the current state"}
    ),
    openapi_extra=accepts(shapes.WebhookPatch, examples.WEBHOOK_CHANGE),
)
async def patch_webhook(request: Request, name: str) -> Response:
    webhooks, caller = context_of(request).webhooks, caller_of(request)
    await webhooks.get(name)
    body = await read_json(request, shapes.WebhookPatch)

    def change(known: Webhook) -> Webhook:
        asked = changed(known, body)
        visibility.check_webhook(caller, asked.within)
        return asked

    return _answer(await webhooks.change(name, change, body.enabled))


@router.delete(
    "/{name}",
    operation_id="delete_webhook",
    summary="Delete a webhook and its deliveries",
    status_code=204,
    responses=describe({}, WebhookNotFound),
)
async def delete_webhook(request: Request, name: str) -> Response:
    await context_of(request).webhooks.delete(name)
    return Response(status_code=204)


@router.post(
    "/{name}/secret/rotate",
    operation_id="rotate_webhook_secret",
    summary="Give a webhook another secret",
    responses=describe(
        {200: shapes.NewWebhook},
        *BODY,
        WebhookNotFound,
        RotationPending,
        *SEALING,
        text={200: "rotated; the only response that contains the new secret"},
        headers={200: ("Cache-Control",)},
    ),
    openapi_extra=accepts(shapes.RotateIn, examples.ROTATE, required=False),
)
async def rotate_webhook_secret(request: Request, name: str) -> Response:
    webhooks = context_of(request).webhooks
    await webhooks.get(name)
    body = await read_json(request, shapes.RotateIn, optional=True)
    overlap_seconds = OVERLAP_SECONDS if body.overlap_seconds is None else body.overlap_seconds
    webhook, secret = await webhooks.rotate(name, overlap_seconds)
    return _answer(webhook, 200, secret)


@router.delete(
    "/{name}/secret/previous",
    operation_id="forget_previous_webhook_secret",
    summary="End the secret before the last rotation",
    status_code=204,
    responses=describe({}, WebhookNotFound),
)
async def forget_previous_webhook_secret(request: Request, name: str) -> Response:
    await context_of(request).webhooks.forget_previous(name)
    return Response(status_code=204)


@router.get(
    "/{name}/deliveries",
    operation_id="list_deliveries",
    summary="List deliveries that have failed so far",
    responses=describe(
        {200: shapes.DeliveryPage}, WebhookNotFound, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}
    ),
)
async def list_deliveries(
    request: Request,
    name: str,
    state: shapes.DeliveryState | None = None,
    type: shapes.WebhookEventType | None = None,  # the parameter's name
    run_id: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    context = context_of(request)
    webhook = await context.webhooks.get(name)
    before = cursor_key(cursor)
    run = None if run_id is None else ids.parse_run_id(run_id)
    found: list[Delivery] = []
    more = False
    if run_id is None or run is not None:
        where = DeliveryFilter(pending=None if state is None else state == "pending", type=type, run_id=run)
        found, more = await context.jobs.store.deliveries(webhook.id, where, before, limit)
    within = caller_of(request).within
    items = [orjson.dumps(delivery_json(delivery)).decode() for delivery in found if delivery.is_within(within)]
    return respond(Answer(200, render.page_json(items, ids.encode(found[-1].event_id) if more else None)))


@router.post(
    "/{name}/deliveries/{delivery_id}/retry",
    operation_id="retry_delivery",
    summary="Try a failed delivery again at once",
    status_code=202,
    responses=describe(
        {202: shapes.Delivery}, *BODY, WebhookNotFound, DeliveryNotFound, text={202: "it will be tried"}
    ),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def retry_delivery(request: Request, name: str, delivery_id: str) -> Response:
    webhooks = context_of(request).webhooks
    if not (await webhooks.find_delivery(name, delivery_id)).is_within(caller_of(request).within):
        raise DeliveryNotFound(delivery_id)
    await read_json(request, fields.EmptyIn, optional=True)
    delivery = await webhooks.retry(name, delivery_id)
    return respond(Answer(202, orjson.dumps(delivery_json(delivery))))


@router.post(
    "/{name}/recover",
    operation_id="recover_deliveries",
    summary="Try all failed deliveries since a time again at once",
    status_code=202,
    responses=describe({202: shapes.Recovered}, *BODY, WebhookNotFound, text={202: "they will be tried"}),
    openapi_extra=accepts(shapes.RecoverIn, examples.RECOVER),
)
async def recover_deliveries(request: Request, name: str) -> Response:
    webhooks = context_of(request).webhooks
    await webhooks.get(name)
    body = await read_json(request, shapes.RecoverIn)
    recovered = await webhooks.recover(name, from_datetime(body.since))
    return respond(Answer(202, orjson.dumps({"deliveries": recovered})))


@router.post(
    "/{name}/test",
    operation_id="test_webhook",
    summary="Send a test message",
    responses=describe(
        {200: shapes.WebhookTest}, *BODY, WebhookNotFound, KeyringUnavailable, text={200: "what came of it"}
    ),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def test_webhook(request: Request, name: str) -> Response:
    webhooks = context_of(request).webhooks
    await webhooks.get(name)
    await read_json(request, fields.EmptyIn, optional=True)
    tried = await webhooks.test(name)
    shown = {
        "delivered": tried.failure is None,
        "status": tried.status,
        "error": _error(tried.failure),
        "duration_seconds": tried.seconds,
    }
    return respond(Answer(200, orjson.dumps(shown)))
