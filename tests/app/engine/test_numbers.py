"""How many runs there are, how long they wait and run, as the commits tell it."""

from __future__ import annotations

import pytest

from blazy_jobs_server.domain.durations import BucketCounts, Histogram, quantile
from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine.numbers import Numbers
from blazy_jobs_server.ports import Commit
from tests.app.clock import SECOND
from tests.app.server import Server


def filled(*seconds: float) -> Histogram:
    histogram = Histogram()
    for value in seconds:
        histogram.add(value)
    return histogram


def counted(*microseconds: int) -> BucketCounts:
    counts = BucketCounts()
    for value in microseconds:
        counts.add(value)
    return counts


def test_histograms_add_up() -> None:
    total = Numbers.together([filled(0.001, 5), filled(5), filled()])
    assert (total.count, round(total.total, 6), sum(total.buckets)) == (3, 10.001, 3)
    assert quantile(total.buckets, 1) == 5


@pytest.mark.parametrize(
    ("size", "bucket"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (512, 9), (1024, 10), (10**6, 10)]
)
async def test_commits_are_counted_by_how_many_verbs_shared_them(server: Server, size: int, bucket: int) -> None:
    numbers = Numbers(server.store)
    numbers.on_batch(size, 0.001)
    assert (numbers.batched, sum(numbers.batch_sizes)) == (size, 1)
    assert numbers.batch_sizes.index(1) == bucket


async def test_a_commit_is_added_to_what_is_known(server: Server) -> None:
    numbers = Numbers(server.store)
    place = ("greet", "default", State.QUEUED)
    event = Event(1, "greet", "default", "[]", 1, EventType.QUEUED, 0, State.QUEUED, 0, "{}")
    numbers.on_commit(Commit([event, event], set(), {place: 2}))
    numbers.on_commit(
        Commit(
            [],
            set(),
            {place: -1, ("greet", "mail", State.RUNNING): 1},
            waited={("greet", "default"): counted(2 * SECOND)},
            ran={
                ("greet", "default", State.COMPLETED): counted(SECOND),
                ("greet", "default", State.RETRYING): counted(SECOND),
            },
        )
    )
    assert numbers.counts[place] == 1
    assert numbers.events[EventType.QUEUED] == 2
    assert numbers.by_state()[State.QUEUED] == 1
    assert numbers.by_state(queue="mail") == dict.fromkeys(State, 0) | {State.RUNNING: 1}
    assert (numbers.running("greet"), numbers.running("other")) == (1, 0)
    assert numbers.waited["greet"].total == 2
    assert numbers.ran["greet", State.RETRYING].count == 1


async def test_after_a_restart_the_numbers_are_those_of_the_store(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    for _ in range(3):
        await server.dispatch()
    await worker.complete((await worker.claim(most=1))[0])
    before = {place: n for place, n in server.jobs.numbers.counts.items() if n}
    await server.restart()
    assert server.jobs.numbers.counts == before == await server.store.counts()
