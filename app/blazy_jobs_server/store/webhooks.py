"""The verbs of webhooks, and what both stores share of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from msgspec.structs import replace

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.domain.webhook import KEPT_SECONDS, MAX_RESULT_CHARACTERS, Delivery, Happened, Webhook
from blazy_jobs_server.ports.webhooks import DeliveryFilter, Page, Progress, Wanted
from blazy_jobs_server.store.ledger import Lane
from blazy_jobs_server.store.rows import PAGE_BYTES
from blazy_jobs_server.store.transaction import Transaction

LOOK_STEP = 5000
"""Events that one page looks at."""

_IS = (
    "name",
    "url",
    "events",
    "job_types",
    "queues",
    "include",
    "enabled",
    "disabled_reason",
    "secret",
    "previous_secret",
    "previous_until",
    "source",
    "revision",
    "created_at",
    "updated_at",
    "owner",
)
"""What it is, which its users change."""
_STANDS = ("cursor", "read_until", "expired_key", "failing_since", "last_success_at")
WEBHOOK_COLUMNS = ("id", *_IS, *_STANDS)
DELIVERY_COLUMNS = (
    "webhook_id",
    "event_id",
    "run_id",
    "type",
    "body",
    "attempts",
    "next_at",
    "created_at",
    "tried_at",
    "error_code",
    "error_message",
    "status",
)
CHANGED_BY_USERS = (*_IS, "failing_since")
WEBHOOKS = f"SELECT {', '.join(WEBHOOK_COLUMNS)} FROM webhooks"
DELIVERIES = f"SELECT {', '.join(DELIVERY_COLUMNS)} FROM webhook_deliveries"

_INSERT = (
    f"INSERT OR IGNORE INTO webhooks ({', '.join(WEBHOOK_COLUMNS)}) VALUES ({', '.join('?' * len(WEBHOOK_COLUMNS))})"
)
_UPDATE = f"UPDATE webhooks SET {', '.join(f'{column} = ?' for column in CHANGED_BY_USERS)} WHERE id = ?"
_LEASE = "UPDATE webhooks SET lease_token = ?, lease_until = ? WHERE id = ? AND enabled"
_STAND = (
    "UPDATE webhooks SET cursor = ?, read_until = ?, expired_key = ?, failing_since = ?, last_success_at = ? "
    "WHERE id = ? AND lease_token = ?"
)
_RELEASE = "UPDATE webhooks SET lease_token = NULL, lease_until = NULL WHERE id = ?"
_DISABLE = (
    "UPDATE webhooks SET enabled = 0, disabled_reason = ?, revision = revision + 1, updated_at = ?, "
    "lease_token = NULL, lease_until = NULL WHERE id = ?"
)
_FAILED = (
    f"INSERT OR IGNORE INTO webhook_deliveries ({', '.join(DELIVERY_COLUMNS)}) "
    f"VALUES ({', '.join('?' * len(DELIVERY_COLUMNS))})"
)
_RECEIVED = "DELETE FROM webhook_deliveries WHERE webhook_id = ? AND event_id = ?"
_RETRIED = (
    "UPDATE webhook_deliveries SET attempts = ?, next_at = ?, tried_at = ?, error_code = ?, error_message = ?, "
    "status = ? WHERE webhook_id = ? AND event_id = ? AND attempts = ? AND next_at = ?"
)
_RETRY = (
    "UPDATE webhook_deliveries SET attempts = CASE WHEN next_at IS NULL THEN 0 ELSE attempts END, next_at = ? "
    "WHERE webhook_id = ? AND created_at >= ?"
)
_FORGET = (
    "DELETE FROM webhook_deliveries WHERE (webhook_id, event_id) IN (SELECT webhook_id, event_id "
    "FROM webhook_deliveries WHERE next_at IS NULL AND tried_at < ? ORDER BY tried_at LIMIT ?)"
)


class SaveWebhook(NamedTuple):
    webhook: Webhook
    before: Webhook | None


class LeaseWebhook(NamedTuple):
    webhook_id: int
    lease: str
    until: int


class RetryDeliveries(NamedTuple):
    webhook_id: int
    event_ids: Collection[int] | None
    since: int


# -- rows


def to_webhook(row: Sequence[Any]) -> Webhook:
    """From the values of WEBHOOK_COLUMNS."""
    return Webhook(
        id=row[0],
        name=row[1],
        url=row[2],
        events=tuple(orjson.loads(row[3])),
        within=Within(_names(row[4]), _names(row[5])),
        include=tuple(orjson.loads(row[6])),
        enabled=bool(row[7]),
        disabled_reason=row[8],
        secret=row[9],
        previous_secret=row[10],
        previous_until=row[11],
        source=row[12],
        revision=row[13],
        created_at=row[14],
        updated_at=row[15],
        owner=row[16],
        cursor=row[17],
        read_until=row[18],
        expired_key=row[19],
        failing_since=row[20],
        last_success_at=row[21],
    )


def webhook_row(webhook: Webhook) -> tuple[Any, ...]:
    """The values of WEBHOOK_COLUMNS."""
    return (webhook.id, *_is_row(webhook), *(getattr(webhook, name) for name in _STANDS))


def _is_row(webhook: Webhook) -> tuple[Any, ...]:
    within = webhook.within
    return (
        webhook.name,
        webhook.url,
        _json(webhook.events),
        None if within.job_types is None else _json(within.job_types),
        None if within.queues is None else _json(within.queues),
        _json(webhook.include),
        webhook.enabled,
        webhook.disabled_reason,
        webhook.secret,
        webhook.previous_secret,
        webhook.previous_until,
        webhook.source,
        webhook.revision,
        webhook.created_at,
        webhook.updated_at,
        webhook.owner,
    )


def user_row(webhook: Webhook) -> tuple[Any, ...]:
    """The values of CHANGED_BY_USERS."""
    return (*_is_row(webhook), webhook.failing_since)


def made(webhook: Webhook, key: int, now: int) -> Webhook:
    return replace(webhook, id=key, revision=1, created_at=now, updated_at=now, read_until=now)


def changed(known: Webhook | None, argument: SaveWebhook, now: int) -> Webhook | None:
    """What is to be there in place of what is `known`; None where that is something else than was thought."""
    before, webhook = argument.before, argument.webhook
    if known is None or before is None or (known.id, known.revision) != (before.id, before.revision):
        return None
    begins = webhook.enabled and not known.enabled
    return replace(
        webhook,
        id=known.id,
        revision=known.revision + 1,
        created_at=known.created_at,
        updated_at=now,
        failing_since=None if begins else known.failing_since,
        **{name: getattr(known, name) for name in _STANDS if name != "failing_since"},
    )


def to_delivery(row: Sequence[Any]) -> Delivery:
    """From the values of DELIVERY_COLUMNS."""
    return Delivery(**dict(zip(DELIVERY_COLUMNS, row, strict=True)))


def delivery_row(delivery: Delivery) -> tuple[Any, ...]:
    return tuple(getattr(delivery, name) for name in DELIVERY_COLUMNS)


def standing_row(progress: Progress) -> tuple[Any, ...]:
    """The values of the columns of how it stands."""
    return tuple(getattr(progress, name) for name in _STANDS)


def deliveries_page(rows: Iterable[Sequence[Any]], limit: int) -> tuple[list[Delivery], bool]:
    """Of one row more than asked for, up to 4 MiB."""
    page: list[Delivery] = []
    size = 0
    for row in rows:
        delivery = to_delivery(row)
        size += len(delivery.body) + 512
        if page and (len(page) == limit or size > PAGE_BYTES):
            return page, True
        page.append(delivery)
    return page, False


# -- events


def happened_query(wanted: Wanted) -> str:
    """The columns, tables and types of the events; the rest is the store's."""
    types = ", ".join(str(int(kind)) for kind in sorted(wanted.types))
    result = (
        f"CASE WHEN e.type = {int(EventType.COMPLETED)} AND length(r.result) <= {MAX_RESULT_CHARACTERS} "
        "THEN r.result END"
        if wanted.results
        else "NULL"
    )
    error = f"CASE e.type WHEN {int(EventType.FAILED)} THEN r.error WHEN {int(EventType.RETRYING)} THEN e.data END"
    return (
        f"SELECT e.id, e.run_id, r.lane_id, e.type, e.seq, e.state, e.attempt, e.time, {error}, {result} "
        f"FROM events AS e JOIN runs AS r ON r.id = e.run_id WHERE e.type IN ({types})"
    )


def to_happened(row: Sequence[Any], lane: Lane, results: bool) -> Happened:
    """From the values of `happened_query`."""
    kind = EventType(row[3])
    error = row[8]
    if error is not None and kind is EventType.RETRYING:
        error = orjson.dumps(orjson.loads(error)["error"]).decode()
    return Happened(
        id=row[0],
        run_id=row[1],
        job_type=lane.job_type,
        queue=lane.queue,
        type=kind,
        seq=row[4],
        state=State(row[5]),
        attempt=row[6],
        time=row[7],
        error=error,
        result=row[9],
        result_omitted=results and kind is EventType.COMPLETED and row[9] is None,
    )


def read_page(cursor: sqlite3.Cursor, lanes: dict[int, Lane], after: int, wanted: Wanted, limit: int) -> Page:
    """`happened`, in a snapshot of SQLite."""
    newest = cursor.execute(
        "SELECT max(id) FROM (SELECT id FROM events WHERE id > ? ORDER BY id LIMIT ?)", (after, LOOK_STEP)
    ).fetchone()[0]
    pruned = cursor.execute(
        "SELECT job_type, queue, pruned_event FROM lanes WHERE pruned_event > ?", (after,)
    ).fetchall()
    expired = newest_expired(pruned, wanted)
    if newest is None:
        return Page([], after, expired)
    rows = cursor.execute(
        f"{happened_query(wanted)} AND e.id > ? AND e.id <= ? ORDER BY e.id LIMIT ?", (after, newest, limit)
    ).fetchall()
    reached = rows[-1][0] if len(rows) == limit else newest
    return Page(fitting(rows, lanes, wanted), reached, expired)


def read_due(cursor: sqlite3.Cursor, webhook_id: int, now: int, limit: int) -> tuple[list[Delivery], int | None]:
    """`due_deliveries`, in a snapshot of SQLite."""
    rows = cursor.execute(
        f"{DELIVERIES} WHERE webhook_id = ? AND next_at IS NOT NULL AND next_at <= ? ORDER BY next_at LIMIT ?",
        (webhook_id, now, limit),
    ).fetchall()
    following = cursor.execute(
        "SELECT next_at FROM webhook_deliveries WHERE webhook_id = ? AND next_at IS NOT NULL AND next_at > ? "
        "ORDER BY next_at LIMIT 1",
        (webhook_id, now),
    ).fetchone()
    return [to_delivery(row) for row in rows], None if following is None else following[0]


def read_deliveries(
    cursor: sqlite3.Cursor, webhook_id: int, where: DeliveryFilter, before: int, limit: int
) -> tuple[list[Delivery], bool]:
    conditions, values = delivery_conditions(where, "?")
    rows = cursor.execute(
        f"{DELIVERIES} WHERE webhook_id = ? AND event_id < ?{conditions} ORDER BY event_id DESC LIMIT ?",
        (webhook_id, before, *values, limit + 1),
    )
    return deliveries_page(rows, limit)


def newest_expired(pruned: Iterable[Sequence[Any]], wanted: Wanted) -> int:
    """Of (job type, queue, key)."""
    return max((key for job_type, queue, key in pruned if wanted.within.admits(job_type, queue)), default=0)


def fitting(rows: Iterable[Sequence[Any]], lanes: dict[int, Lane], wanted: Wanted) -> list[Happened]:
    return [
        to_happened(row, lanes[row[2]], wanted.results) for row in rows if wanted.within.admits(*lanes[row[2]].pair)
    ]


def delivery_conditions(where: DeliveryFilter, mark: str) -> tuple[str, list[Any]]:
    """`mark` is what stands for a value, or `$`, which is numbered from 4 on: three stand before."""
    conditions: list[str] = []
    values: list[Any] = []
    if where.pending is not None:
        conditions.append(f"next_at IS {'NOT ' if where.pending else ''}NULL")
    for column, value in (("type", where.type), ("run_id", where.run_id)):
        if value is not None:
            values.append(value)
            conditions.append(f"{column} = {mark if mark == '?' else f'${3 + len(values)}'}")
    return "".join(f" AND {condition}" for condition in conditions), values


# -- the verbs on SQLite


def read(tx: Transaction, webhook_id: int) -> Webhook | None:
    row = tx.cursor.execute(f"{WEBHOOKS} WHERE id = ?", (webhook_id,)).fetchone()
    return None if row is None else to_webhook(row)


def named(tx: Transaction, names: Iterable[str]) -> dict[str, Webhook]:
    rows = [row for name in names for row in tx.cursor.execute(f"{WEBHOOKS} WHERE name = ?", (name,)).fetchall()]
    return {webhook.name: webhook for webhook in map(to_webhook, rows)}


def save_webhook(tx: Transaction, arguments: list[SaveWebhook]) -> list[Webhook | None]:
    return [_save(tx, argument) for argument in arguments]


def _save(tx: Transaction, argument: SaveWebhook) -> Webhook | None:
    if argument.before is None:
        webhook = made(argument.webhook, tx.ledger.keys.next(tx.now), tx.now)
        return webhook if tx.cursor.execute(_INSERT, webhook_row(webhook)).rowcount else None
    saved = changed(read(tx, argument.before.id), argument, tx.now)
    if saved is not None:
        tx.cursor.execute(_UPDATE, (*user_row(saved), saved.id))
    return saved


def delete_webhook(tx: Transaction, arguments: list[int]) -> list[bool]:
    answers = []
    for webhook_id in arguments:
        tx.cursor.execute("DELETE FROM webhook_deliveries WHERE webhook_id = ?", (webhook_id,))
        answers.append(tx.cursor.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount > 0)
    return answers


def lease_webhook(tx: Transaction, arguments: list[LeaseWebhook]) -> list[Webhook | None]:
    """Whose file it is, theirs is the lease: one that is found is of a server before."""
    answers: list[Webhook | None] = []
    for argument in arguments:
        tx.cursor.execute(_LEASE, (argument.lease, argument.until, argument.webhook_id))
        row = tx.cursor.execute(
            f"{WEBHOOKS} WHERE id = ? AND lease_token = ? AND enabled", (argument.webhook_id, argument.lease)
        ).fetchone()
        answers.append(None if row is None else to_webhook(row))
    return answers


def record_webhook(tx: Transaction, arguments: list[Progress]) -> list[bool]:
    return [_record(tx, progress) for progress in arguments]


def _record(tx: Transaction, progress: Progress) -> bool:
    key = progress.webhook_id
    if not tx.cursor.execute(_STAND, (*standing_row(progress), key, progress.lease)).rowcount:
        return False
    tx.cursor.executemany(_FAILED, [delivery_row(delivery) for delivery in progress.failed])
    for retried in progress.retried:
        before, after = retried.before, retried.after
        if after is None:
            tx.cursor.execute(_RECEIVED, (key, before.event_id))
        else:
            tx.cursor.execute(_RETRIED, (*retried_row(after), key, before.event_id, before.attempts, before.next_at))
    if progress.disabled_reason is not None:
        tx.cursor.execute(_DISABLE, (progress.disabled_reason, tx.now, key))
    elif progress.release:
        tx.cursor.execute(_RELEASE, (key,))
    return True


def retried_row(after: Delivery) -> tuple[Any, ...]:
    return (after.attempts, after.next_at, after.tried_at, after.error_code, after.error_message, after.status)


def retry_deliveries(tx: Transaction, arguments: list[RetryDeliveries]) -> list[int]:
    answers = []
    for webhook_id, event_ids, since in arguments:
        if event_ids is None:
            answers.append(tx.cursor.execute(_RETRY, (tx.now, webhook_id, since)).rowcount)
        else:
            answers.append(
                sum(
                    tx.cursor.execute(f"{_RETRY} AND event_id = ?", (tx.now, webhook_id, since, event_id)).rowcount
                    for event_id in event_ids
                )
            )
    return answers


def forget_deliveries(tx: Transaction, limit: int) -> None:
    """Those that failed for good long ago."""
    tx.cursor.execute(_FORGET, (tx.now - KEPT_SECONDS * 1_000_000, limit))


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(orjson.loads(text))


def _json(values: Sequence[Any]) -> str:
    return orjson.dumps(list(values)).decode()
