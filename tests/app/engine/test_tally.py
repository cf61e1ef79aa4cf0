"""What has happened of late, as the events of commits tell it."""

from __future__ import annotations

from typing import Any

from blazy_jobs_server.domain.event import Event, EventColumn, EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine.tally import RATE_SECONDS, Counts, Deed, Tally, add
from blazy_jobs_server.ports import Commit
from tests.app.clock import HandClock

LANE = ("greet", "default")


def event(kind: EventType, data: str = "{}", job_type: str = "greet") -> Event:
    return Event(1, job_type, "default", "[]", 1, kind, 0, State.RUNNING, 1, data)


def column(kind: EventType | list[EventType], number: int) -> EventColumn:
    return EventColumn(1, list(range(number)), *LANE, {}, 1, kind, 0, State.RUNNING, 1, "{}")


def commit(*events: Any) -> Commit:
    return Commit(list(events), set(), {})


def counted(tally: Tally) -> dict[str, int]:
    return {deed.name: n for deed, n in zip(Deed, tally.recent().get(LANE, [0] * len(Deed)), strict=True) if n}


def test_each_deed_is_counted_from_its_event_one_by_one_or_by_columns() -> None:
    tally = Tally(HandClock())
    tally.on_commit(commit(event(EventType.QUEUED), column(EventType.STARTED, 7), event(EventType.STARTED)))
    tally.on_commit(commit(column(EventType.COMPLETED, 5), event(EventType.CANCELLED), event(EventType.PROGRESS)))
    tally.on_commit(commit(event(EventType.RETRYING, '{"error":{"code":"timeout"},"due_at":"x"}')))
    tally.on_commit(commit(event(EventType.FAILED, '{"error":{"code":"handler_error","message":"no"}}')))
    tally.on_commit(commit(column([EventType.LOG, EventType.PROGRESS], 2)))
    assert counted(tally) == {"STARTED": 8, "COMPLETED": 5, "CANCELLED": 1, "RETRIED": 1, "FAILED": 1}


def test_a_loss_is_counted_whether_it_is_tried_again_or_is_the_end() -> None:
    tally = Tally(HandClock())
    tally.on_commit(commit(event(EventType.INTERRUPTED, '{"reason":"lost","due_at":"x"}')))
    tally.on_commit(commit(event(EventType.INTERRUPTED, '{"reason":"released","due_at":"x"}')))
    tally.on_commit(commit(event(EventType.FAILED, '{"error":{"code":"lease_lost","message":"m"}}')))
    assert counted(tally) == {"LOST": 2, "FAILED": 1}


def test_what_is_older_is_forgotten() -> None:
    clock = HandClock()
    tally = Tally(clock)
    tally.on_commit(commit(event(EventType.STARTED)))
    clock.move(RATE_SECONDS - 1)
    tally.on_commit(commit(event(EventType.STARTED)))
    assert counted(tally) == {"STARTED": 2}
    clock.move(1)
    assert counted(tally) == {"STARTED": 1}
    clock.move(RATE_SECONDS)
    assert counted(tally) == {}


def test_everything_is_told_once_however_often_it_is_asked_for() -> None:
    clock = HandClock()
    tally = Tally(clock)
    total: Counts = {}
    tally.on_second = lambda second, counts: add(total, counts)
    for _ in range(3):
        tally.on_commit(commit(event(EventType.STARTED), event(EventType.STARTED, job_type="other")))
        tally.tell()
        tally.tell()
        tally.on_commit(commit(event(EventType.STARTED)))
        clock.move(0.7)
    tally.tell()
    assert (total[LANE][Deed.STARTED], total["other", "default"][Deed.STARTED]) == (6, 3)
    assert counted(tally) == {"STARTED": 6}, "it is still recent"


def test_the_last_minute_forgets_what_is_older() -> None:
    clock = HandClock()
    tally = Tally(clock)

    def started() -> int:
        return sum(counts[Deed.STARTED] for counts in tally.last_minute().values())

    assert started() == 0
    tally.on_commit(commit(column(EventType.STARTED, 3)))
    tally.tell()
    tally.on_commit(commit(column(EventType.STARTED, 2)))
    assert started() == 5
    clock.move(30)
    tally.on_commit(commit(column(EventType.STARTED, 10)))
    assert started() == 15
    clock.move(29)
    assert started() == 15
    clock.move(1)
    assert started() == 10
    clock.move(30)
    assert tally.last_minute() == {}
    tally.on_commit(commit(event(EventType.STARTED)))
    assert started() == 1
