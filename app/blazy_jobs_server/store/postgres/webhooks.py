"""The verbs of webhooks on PostgreSQL. A change is told to the other servers as one of definitions is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blazy_jobs_server.domain.webhook import KEPT_SECONDS, Webhook
from blazy_jobs_server.ports.webhooks import DeliveryFilter, Progress, Wanted
from blazy_jobs_server.store.postgres.definitions import CHANGED
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.webhooks import (
    CHANGED_BY_USERS,
    DELIVERIES,
    DELIVERY_COLUMNS,
    LOOK_STEP,
    WEBHOOK_COLUMNS,
    WEBHOOKS,
    LeaseWebhook,
    RetryDeliveries,
    SaveWebhook,
    changed,
    delivery_conditions,
    delivery_row,
    happened_query,
    made,
    retried_row,
    standing_row,
    to_webhook,
    user_row,
    webhook_row,
)


def _places(number: int, first: int = 1) -> str:
    return ", ".join(f"${n}" for n in range(first, first + number))


NEWEST_OF_STEP = (
    f"SELECT max(id) FROM (SELECT id FROM events WHERE id > $1 AND id < $2 ORDER BY id LIMIT {LOOK_STEP}) AS s"
)
EXPIRED = "SELECT job_type, queue, pruned_event FROM lanes WHERE pruned_event > $1"
DUE = f"{DELIVERIES} WHERE webhook_id = $1 AND next_at IS NOT NULL AND next_at <= $2 ORDER BY next_at LIMIT $3"
NEXT_DUE = (
    "SELECT next_at FROM webhook_deliveries WHERE webhook_id = $1 AND next_at IS NOT NULL AND next_at > $2 "
    "ORDER BY next_at LIMIT 1"
)
DELIVERY = f"{DELIVERIES} WHERE webhook_id = $1 AND event_id = $2"

_INSERT = (
    f"INSERT INTO webhooks ({', '.join(WEBHOOK_COLUMNS)}) VALUES ({_places(len(WEBHOOK_COLUMNS))}) "
    "ON CONFLICT DO NOTHING"
)
_UPDATE = f"UPDATE webhooks SET {', '.join(f'{c} = ${n}' for n, c in enumerate(CHANGED_BY_USERS, 2))} WHERE id = $1"
_LEASE = (
    "UPDATE webhooks SET lease_token = $2, lease_until = $3 WHERE id = $1 AND enabled "
    f"AND (lease_token IS NULL OR lease_until <= $4) RETURNING {', '.join(WEBHOOK_COLUMNS)}"
)
_STAND = (
    "UPDATE webhooks SET cursor = $1, read_until = $2, expired_key = $3, failing_since = $4, last_success_at = $5, "
    "lease_until = coalesce($8, lease_until) WHERE id = $6 AND lease_token = $7"
)
_RELEASE = "UPDATE webhooks SET lease_token = NULL, lease_until = NULL WHERE id = $1"
_DISABLE = (
    "UPDATE webhooks SET enabled = false, disabled_reason = $2, revision = revision + 1, updated_at = $3, "
    "lease_token = NULL, lease_until = NULL WHERE id = $1"
)
_FAILED = (
    f"INSERT INTO webhook_deliveries ({', '.join(DELIVERY_COLUMNS)}) VALUES ({_places(len(DELIVERY_COLUMNS))}) "
    "ON CONFLICT DO NOTHING"
)
_RECEIVED = "DELETE FROM webhook_deliveries WHERE webhook_id = $1 AND event_id = ANY($2::bigint[])"
_RETRIED = (
    "UPDATE webhook_deliveries SET attempts = $1, next_at = $2, tried_at = $3, error_code = $4, error_message = $5, "
    "status = $6 WHERE webhook_id = $7 AND event_id = $8 AND attempts = $9 AND next_at = $10"
)
_RETRY = (
    "UPDATE webhook_deliveries SET attempts = CASE WHEN next_at IS NULL THEN 0 ELSE attempts END, next_at = $3 "
    "WHERE webhook_id = $1 AND created_at >= $2 AND ($4::bigint[] IS NULL OR event_id = ANY($4))"
)
_FORGET = (
    "DELETE FROM webhook_deliveries WHERE (webhook_id, event_id) IN (SELECT webhook_id, event_id "
    "FROM webhook_deliveries WHERE next_at IS NULL AND tried_at < $1 ORDER BY tried_at LIMIT $2)"
)


def happened(wanted: Wanted) -> str:
    """Takes the place, the key reached, and the limit."""
    return f"{happened_query(wanted)} AND e.id > $1 AND e.id <= $2 ORDER BY e.id LIMIT $3"


def deliveries(where: DeliveryFilter) -> tuple[str, list[Any]]:
    """Takes the webhook, the key before which, the limit, and these."""
    conditions, values = delivery_conditions(where, "$")
    statement = f"{DELIVERIES} WHERE webhook_id = $1 AND event_id < $2{conditions} ORDER BY event_id DESC LIMIT $3"
    return statement, values


async def _tell(tx: Transaction) -> None:
    """The other servers, one of which may deliver for it: by a hint, or within a second by the revision."""
    await tx.execute(CHANGED)
    tx.definitions = True


async def read(tx: Transaction, webhook_id: int) -> Webhook | None:
    """Nobody else changes it until the end."""
    rows = await tx.rows(f"{WEBHOOKS} WHERE id = $1 FOR UPDATE", webhook_id)
    return to_webhook(rows[0]) if rows else None


async def named(tx: Transaction, names: Iterable[str]) -> dict[str, Webhook]:
    """Nobody else changes them until the end; one that is new is made by whoever commits first."""
    rows = await tx.rows(f"{WEBHOOKS} WHERE name = ANY($1::text[]) ORDER BY name FOR UPDATE", sorted(names))
    return {webhook.name: webhook for webhook in map(to_webhook, rows)}


async def save_webhook(tx: Transaction, arguments: list[SaveWebhook]) -> list[Webhook | None]:
    return [await _save(tx, argument) for argument in arguments]


async def _save(tx: Transaction, argument: SaveWebhook) -> Webhook | None:
    if argument.before is None:
        webhook = made(argument.webhook, tx.ledger.keys.next(tx.now), tx.now)
        if not await tx.execute(_INSERT, *webhook_row(webhook)):
            return None
        await _tell(tx)
        return webhook
    saved = changed(await read(tx, argument.before.id), argument, tx.now)
    if saved is not None:
        await tx.execute(_UPDATE, saved.id, *user_row(saved))
        await _tell(tx)
    return saved


async def delete_webhook(tx: Transaction, arguments: list[int]) -> list[bool]:
    answers = []
    for webhook_id in arguments:
        # The webhook first, as everywhere: who writes deliveries holds it.
        deleted = await tx.execute("DELETE FROM webhooks WHERE id = $1", webhook_id) > 0
        await tx.execute("DELETE FROM webhook_deliveries WHERE webhook_id = $1", webhook_id)
        if deleted:
            await _tell(tx)
        answers.append(deleted)
    return answers


async def lease_webhook(tx: Transaction, arguments: list[LeaseWebhook]) -> list[Webhook | None]:
    answers: list[Webhook | None] = []
    for argument in arguments:
        rows = await tx.rows(_LEASE, argument.webhook_id, argument.lease, argument.until, tx.now)
        answers.append(to_webhook(rows[0]) if rows else None)
    return answers


async def record_webhook(tx: Transaction, arguments: list[Progress]) -> list[bool]:
    return [await _record(tx, progress) for progress in arguments]


async def _record(tx: Transaction, progress: Progress) -> bool:
    key = progress.webhook_id
    if not await tx.execute(_STAND, *standing_row(progress), key, progress.lease, progress.lease_until):
        return False
    if progress.failed:
        await tx.connection.executemany(_FAILED, [delivery_row(delivery) for delivery in progress.failed])
    received = [retried.before.event_id for retried in progress.retried if retried.after is None]
    if received:
        await tx.execute(_RECEIVED, key, received)
    again = [
        (*retried_row(r.after), key, r.before.event_id, r.before.attempts, r.before.next_at)
        for r in progress.retried
        if r.after is not None
    ]
    if again:
        await tx.connection.executemany(_RETRIED, again)
    if progress.disabled_reason is not None:
        await tx.execute(_DISABLE, key, progress.disabled_reason, tx.now)
        await _tell(tx)
    elif progress.release:
        await tx.execute(_RELEASE, key)
    return True


async def retry_deliveries(tx: Transaction, arguments: list[RetryDeliveries]) -> list[int]:
    answers = []
    for webhook_id, event_ids, since in arguments:
        named = None if event_ids is None else list(event_ids)
        await tx.rows("SELECT id FROM webhooks WHERE id = $1 FOR UPDATE", webhook_id)
        answers.append(await tx.execute(_RETRY, webhook_id, since, tx.now, named))
        await _tell(tx)
    return answers


async def forget_deliveries(tx: Transaction, limit: int) -> None:
    await tx.execute(_FORGET, tx.now - KEPT_SECONDS * 1_000_000, limit)
