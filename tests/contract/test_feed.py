"""`events`, `attempt_events` and `feed`: the logs, read again."""

from __future__ import annotations

from blazy_jobs_server.domain.event import EVENT_NAMES, EventType
from blazy_jobs_server.domain.run import Error
from blazy_jobs_server.ports import EventFilter
from tests.contract.stage import Stage, says


async def test_a_runs_log_is_read_from_any_place(stage: Stage) -> None:
    lease = await stage.started()
    await stage.report(7, *(says(lease, "log", data=f'{{"n":{n}}}') for n in range(5)), says(lease, "completed"))
    everything = await stage.store.events(lease.id, 0, 100)
    assert [event.seq for event in everything] == list(range(1, 9))
    assert await stage.store.events(lease.id, 3, 2) == everything[3:5]
    assert await stage.store.events(lease.id, 8, 100) == []
    assert await stage.store.events(99, 0, 100) == []


async def test_an_event_says_whose_it_is_and_how_the_run_was_then(stage: Stage) -> None:
    lease = await stage.started(queue="mail", tags='["x"]')
    await stage.complete(lease, '"done"')
    for event in await stage.events(lease):
        assert (event.run_id, event.job_type, event.queue, event.tags) == (lease.id, "greet", "mail", '["x"]')
        assert event.time == stage.clock.now()
    queued, started, completed = await stage.events(lease)
    assert [event.state.name for event in (queued, started, completed)] == ["QUEUED", "RUNNING", "COMPLETED"]
    assert [event.attempt for event in (queued, started, completed)] == [0, 1, 1]


async def test_a_large_log_ends_a_page_early_and_goes_on_after(stage: Stage) -> None:
    lease = await stage.started()
    line = '{"message":"' + "x" * 500_000 + '"}'
    await stage.report(7, *(says(lease, "log", data=line) for _ in range(15)))
    found: list[int] = []
    while page := await stage.store.events(lease.id, len(found), 100):
        assert len(page) < 12
        found += [event.seq for event in page]
    assert found == list(range(1, 18))


async def test_the_attempts_are_told_by_what_begins_and_ends_them(stage: Stage) -> None:
    lease = await stage.started()
    await stage.report(7, says(lease, "progress"), says(lease, "log"), says(lease, "failed", retry_after_seconds=0))
    await stage.sweep_at(0)
    [lease] = await stage.take()
    await stage.say(lease, "released")
    [lease] = await stage.take()
    await stage.store.cancel(lease.id, None)
    await stage.say(lease, "cancelled")
    told = [EVENT_NAMES[event.type] for event in await stage.store.attempt_events(lease.id)]
    assert told == ["started", "retrying", "started", "interrupted", "started", "cancelled"]


async def test_the_feed_tells_all_that_was_committed_in_its_order_and_once(stage: Stage) -> None:
    await stage.define("other")
    for n in range(4):
        lease = await stage.started(name="other" if n % 2 else "greet")
        await stage.say(lease, "log")
        await stage.fail(lease, error=Error("handler_error", "boom"), retryable=False)
    told = [event for commit in stage.told for event in commit.events]
    assert await stage.all_events() == told
    for place in range(len(told)):
        page, looked = await stage.store.feed(told[place].id, EventFilter(), 3)
        assert page == told[place + 1 : place + 4]
        assert looked == (page[-1].id if page else told[place].id)


async def test_the_feed_tells_what_its_filter_lets_through_and_how_far_it_looked(stage: Stage) -> None:
    await stage.define("other")
    await stage.finished(queue="mail", tags='["x","y"]')
    await stage.finished("other", tags='["y"]')
    await stage.finished("other", queue="mail")
    everything = await stage.all_events()
    final = frozenset({int(EventType.COMPLETED), int(EventType.FAILED)})
    for where, n in {
        EventFilter(types=final): 3,
        EventFilter(job_type="other"): 6,
        EventFilter(queue="mail"): 6,
        EventFilter(queue="mail", job_type="other", types=final): 1,
        EventFilter(tag="y"): 6,
        EventFilter(tag="x"): 3,
        EventFilter(tag="z"): 0,
    }.items():
        found = await stage.all_events(where)
        assert found == [event for event in everything if where.admits(event)]
        assert len(found) == n, where
    page, looked = await stage.store.feed(0, EventFilter(job_type="missing"), 10)
    assert (page, looked) == ([], everything[-1].id)


async def test_the_feed_passes_over_the_events_of_erased_runs(stage: Stage) -> None:
    gone, kept = await stage.finished(), await stage.finished()
    place = (await stage.events(gone))[1].id
    await stage.store.erase(gone.id)
    page, _ = await stage.store.feed(place, EventFilter(), 10)
    assert page == await stage.events(kept)
