"""What the verbs have to tell the audit log. The stores write it within the transaction of the change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from msgspec import Struct

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.audit import RETENTION_SECONDS, Act, AuditEntry
from blazy_jobs_server.domain.bulk import Bulk
from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.job_type import JobType, Queue
from blazy_jobs_server.domain.keys import Actor
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.sessions import BrowserSession
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.ports.audit import AuditFilter
from blazy_jobs_server.ports.config import Changed, Changes
from blazy_jobs_server.store.definitions import KeepSecrets, PauseJobType, SaveJobType, SaveQueue
from blazy_jobs_server.store.dispatching import Dispatch
from blazy_jobs_server.store.keys import SaveKey
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.reporting import Cancel
from blazy_jobs_server.store.scheduling import SaveSchedule
from blazy_jobs_server.store.transaction import Transaction
from blazy_jobs_server.store.webhooks import SaveWebhook

AUDIT_COLUMNS = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "address",
    "action",
    "target",
    "changed",
    "outcome",
    "count",
)
AUDIT_LIST = ", ".join(AUDIT_COLUMNS)
INSERT = f"INSERT INTO audit ({AUDIT_LIST}) VALUES ({', '.join('?' * len(AUDIT_COLUMNS))})"
DELETE_OLDEST = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < ? ORDER BY id LIMIT ?)"
SESSION_DIGITS = 16
"""Enough of a session's id to know it by."""
NOBODY = Act(None)
"""The server itself: what code declares, what another engine says of its queue."""


class Told(NamedTuple):
    action: str
    target: str
    changed: Sequence[str] = ()


RESTORED = Told("database.restore", "database")


class Deed(NamedTuple):
    """A verb that is audited. `told` gets the argument, what was there before, and the answer, and says what has
    changed. `always`: also where nobody is known to have asked for it."""

    told: Callable[[Any, Any, Any], list[Told]]
    before: Callable[[Ledger, Any], Any] = lambda ledger, argument: None
    schedule: Callable[[Any], str] | None = None
    """The name of the schedule that is to be read as what was there before;"""
    webhook: Callable[[Any], int] | None = None
    """or the id of the webhook."""
    always: bool = True


def _one(told: Callable[[Any, Any, Any], Told | None]) -> Callable[[Any, Any, Any], list[Told]]:
    return lambda argument, before, answer: [one] if (one := told(argument, before, answer)) else []


def _differing(before: Struct, now: Struct, but: Iterable[str] = ()) -> list[str]:
    fields = [name for name in now.__struct_fields__ if name not in but]
    return [name for name in fields if getattr(before, name) != getattr(now, name)]


def _job_type_saved(argument: SaveJobType | None, before: JobType | None, answer: Any) -> Told | None:
    if not isinstance(answer, JobType):
        return None
    if before is None:
        return Told("job_type.create", answer.name)
    changed = _differing(before.definition, answer.definition)
    if before.source != answer.source:
        changed.append("source")
    paused = before.paused != answer.paused
    if paused and not changed:
        return Told(_pausing("job_type", answer.paused), answer.name)
    changed += ["paused"] * paused
    return Told("job_type.update", answer.name, changed) if changed else None


def _job_type_paused(argument: PauseJobType, before: JobType | None, answer: Any) -> Told | None:
    if before is None or not isinstance(answer, JobType) or answer.paused == before.paused:
        return None
    return Told(_pausing("job_type", answer.paused), answer.name)


def _pausing(kind: str, paused: bool) -> str:
    return f"{kind}.{'pause' if paused else 'resume'}"


def _queue_saved(argument: SaveQueue | None, before: Queue | None, answer: Any) -> Told | None:
    if not isinstance(answer, Queue):
        return None
    if before is None:
        return Told("queue.create", answer.name)
    changed = ["engine" if name == "bullmq" else name for name in _differing(before, answer) if name != "limits"]
    if changed == ["paused"] and before.limits == answer.limits:
        return Told(_pausing("queue", answer.paused), answer.name)
    changed += _differing(before.limits, answer.limits)
    return Told("queue.update", answer.name, changed) if changed else None


def _schedule_saved(argument: SaveSchedule | None, before: Schedule | None, answer: Any) -> Told | None:
    if not isinstance(answer, Schedule):
        return None
    if before is None:
        return Told("schedule.create", answer.name)
    changed = _differing(before.definition.plan, answer.definition.plan)
    changed += _differing(before.definition, answer.definition, but=("plan",))
    if before.source != answer.source:
        changed.append("source")
    paused = before.paused != answer.paused
    if paused and not changed:
        return Told(_pausing("schedule", answer.paused), answer.name)
    changed += ["paused"] * paused
    return Told("schedule.update", answer.name, changed) if changed else None


def _key_saved(argument: SaveKey, before: Any, answer: Any) -> Told | None:
    if answer is not True:
        return None
    key, known = argument
    if known is None:
        return Told("key.create", key.id)
    if key.revoked_at is not None and known.revoked_at is None:
        return Told("key.revoke", key.id)
    return Told("key.rotate", key.id)


def _dispatched(argument: Dispatch, before: Any, answer: Any) -> Told | None:
    """A dispatch itself is no matter of the audit log: its run tells of it."""
    if not argument.orders or isinstance(answer, Exception) or not any(answer.made):
        return None
    order = argument.orders[0]
    if order.replay_of is not None:
        return Told("run.replay", ids.run_id(order.replay_of))
    return None if order.schedule is None else Told("schedule.trigger", order.schedule)


def _of_run(action: str, run_id: int, answer: Any) -> Told | None:
    return None if isinstance(answer, Exception) or not answer else Told(action, ids.run_id(run_id))


def _secrets_kept(argument: KeepSecrets, before: Any, answer: Any) -> Told | None:
    return Told("job_type.secret.update", argument.name) if isinstance(answer, JobType) else None


def _webhook_saved(argument: SaveWebhook, before: Any, answer: Any) -> Told | None:
    if not isinstance(answer, Webhook):
        return None
    known = argument.before
    if known is None:
        return Told("webhook.create", answer.name)
    fields = ("url", "events", "include", "enabled", "disabled_reason")
    changed = [name for name in fields if getattr(known, name) != getattr(answer, name)]
    changed += _differing(known.within, answer.within)
    if changed:
        return Told("webhook.update", answer.name, changed)
    secret = (known.secret, known.previous_secret) != (answer.secret, answer.previous_secret)
    return Told("webhook.secret.update", answer.name) if secret else None


def _applied(argument: Changes, before: Any, answer: Any) -> list[Told]:
    if not isinstance(answer, Changed):
        return []
    told = [_job_type_saved(None, argument.seen_job_types.get(item.name), item) for item in answer.job_types]
    told += [_queue_saved(None, argument.seen_queues.get(item.name), item) for item in answer.queues]
    told += [_schedule_saved(None, argument.seen_schedules.get(item.name), item) for item in answer.schedules]
    told += [
        _webhook_saved(SaveWebhook(item, argument.seen_webhooks.get(item.name)), None, item) for item in answer.webhooks
    ]
    told += [Told("webhook.delete", name) for name in argument.deleted_webhooks]
    told += [Told("schedule.delete", name) for name in argument.deleted_schedules]
    told += [Told("job_type.delete", name) for name in argument.retired_job_types]
    return [one for one in told if one is not None]


def _session_begun(argument: BrowserSession, before: Any, answer: Any) -> Told | None:
    return Told("session.create", argument.id[:SESSION_DIGITS])


def _sessions_ended(argument: Collection[str], before: Any, answer: Any) -> Told | None:
    return Told("session.end", next(iter(argument))[:SESSION_DIGITS]) if argument else None


def _cancelled(argument: Cancel, before: Any, answer: Any) -> Told | None:
    return _of_run("run.cancel", argument.run_id, answer)


def _bulk_created(argument: Bulk, before: Any, answer: Any) -> Told | None:
    return Told("bulk.create", ids.bulk_id(answer.id), [argument.action]) if isinstance(answer, Bulk) else None


def _webhook_deleted(argument: int, before: Webhook | None, answer: Any) -> Told | None:
    return Told("webhook.delete", before.name) if before is not None and answer is True else None


def _deleted(kind: str) -> Callable[[str, Any, Any], Told | None]:
    return lambda name, before, answer: Told(f"{kind}.delete", name) if before is not None and answer is True else None


def _worker_drained(worker_id: int, before: object, answer: object) -> Told | None:
    return Told("worker.drain", ids.worker_id(worker_id)) if answer else None


DEEDS: dict[str, Deed] = {
    "save_job_type": Deed(_one(_job_type_saved), lambda ledger, given: ledger.job_types.get(given.definition.name)),
    "pause_job_type": Deed(_one(_job_type_paused), lambda ledger, given: ledger.job_types.get(given.name)),
    "retire_job_type": Deed(_one(_deleted("job_type")), lambda ledger, name: ledger.job_types.get(name)),
    "keep_secrets": Deed(_one(_secrets_kept)),
    "save_queue": Deed(_one(_queue_saved), lambda ledger, given: ledger.queues.get(given.name)),
    "save_schedule": Deed(_one(_schedule_saved), schedule=lambda given: given.schedule.name),
    "delete_schedule": Deed(_one(_deleted("schedule")), schedule=lambda name: name),
    "save_webhook": Deed(_one(_webhook_saved)),
    "delete_webhook": Deed(_one(_webhook_deleted), webhook=lambda webhook_id: webhook_id),
    "apply": Deed(_applied),
    "save_key": Deed(_one(_key_saved)),
    "save_session": Deed(_one(_session_begun)),
    "end_sessions": Deed(_one(_sessions_ended), always=False),
    "dispatch": Deed(_one(_dispatched), always=False),
    "cancel": Deed(_one(_cancelled), always=False),
    "run_now": Deed(_one(lambda run_id, before, answer: _of_run("run.run_now", run_id, answer)), always=False),
    "create_bulk": Deed(_one(_bulk_created), always=False),
    "cancel_bulk": Deed(
        _one(lambda key, before, answer: Told("bulk.cancel", ids.bulk_id(key)) if isinstance(answer, Bulk) else None),
        always=False,
    ),
    "resolve": Deed(_one(lambda run_id, before, answer: _of_run("run.resolve", run_id, answer)), always=False),
    "erase": Deed(_one(lambda run_id, before, answer: _of_run("run.erase", run_id, answer)), always=False),
    "drain_worker": Deed(_one(_worker_drained), always=False),
    "void": Deed(lambda argument, before, answer: [RESTORED]),
}


def act_of(verb: str, act: Act | None) -> Act | None:
    """For whom the verb is to be audited; None: it is not."""
    deed = DEEDS.get(verb)
    if deed is None:
        return None
    return act or (NOBODY if deed.always else None)


def entry(act: Act, told: Told, now: int) -> AuditEntry:
    return AuditEntry(at=now, act=act, action=told.action, target=told.target, changed=tuple(told.changed))


def key_beside(now: int) -> int:
    """Of an entry that a command writes beside a server: it is none that the server would make at that instant."""
    return (now + 1 << COUNTER_BITS) - 1


def audit_row(key: int, entry: AuditEntry) -> tuple[Any, ...]:
    """The values of AUDIT_COLUMNS."""
    actor = entry.act.actor
    return (
        key,
        entry.at,
        None if actor is None else actor.id,
        None if actor is None else actor.name,
        entry.act.address,
        entry.action,
        entry.target,
        orjson.dumps(entry.changed).decode(),
        entry.outcome,
        entry.count,
    )


def to_entry(row: Sequence[Any]) -> AuditEntry:
    """From the values of AUDIT_COLUMNS."""
    return AuditEntry(
        id=row[0],
        at=row[1],
        act=Act(None if row[2] is None else Actor(row[2], row[3]), row[4]),
        action=row[5],
        target=row[6],
        changed=tuple(orjson.loads(row[7])),
        outcome=row[8],
        count=row[9],
    )


def conditions(where: AuditFilter, before: int | None) -> tuple[list[str], list[Any]]:
    """Columns with how they are compared, and with what."""
    wanted = {
        "id <": before,
        "actor_id =": where.actor,
        "action =": where.action,
        "target =": where.target,
        "outcome =": where.outcome,
    }
    given = {compared: value for compared, value in wanted.items() if value is not None}
    return list(given), list(given.values())


def oldest_kept(now: int) -> int:
    """Entries with smaller keys have been kept for long enough."""
    return (now - RETENTION_SECONDS * SECOND) << COUNTER_BITS


def note_audit(tx: Transaction, arguments: list[Sequence[AuditEntry]]) -> list[None]:
    rows = [audit_row(tx.ledger.keys.next(tx.now), entry) for entries in arguments for entry in entries]
    tx.cursor.executemany(INSERT, rows)
    return [None] * len(arguments)
