"""Webhooks are kept and changed from what they were; of who delivers for one there is one; and its place and what stays
behind it move together."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.domain.webhook import MAX_RESULT_CHARACTERS, Delivery, Webhook
from blazy_jobs_server.ports import EventFilter, Report
from blazy_jobs_server.ports.webhooks import DeliveryFilter, Page, Progress, Retried, Wanted
from tests.app.clock import SECOND
from tests.contract.stage import Stage

SHOP = Webhook(name="shop", url="https://shop.example/", secret="sealed:1", cursor=7)
WHOLE = Webhook(
    name="whole",
    url="https://whole.example/",
    events=("run.failed",),
    within=Within(("mail*", "greet"), ("a",)),
    include=("result",),
    enabled=False,
    disabled_reason="gone",
    secret="sealed:2",
    previous_secret="sealed:3",
    previous_until=9_000_000,
    cursor=2**60,
)
ENDS = frozenset({EventType.COMPLETED, EventType.FAILED, EventType.CANCELLED, EventType.RETRYING})


async def made(stage: Stage, webhook: Webhook = SHOP) -> Webhook:
    saved = await stage.store.save_webhook(webhook, before=None)
    assert saved is not None
    return saved


async def leased(stage: Stage, webhook: Webhook, lease: str = "one", seconds: float = 15) -> Webhook | None:
    return await stage.store.lease_webhook(webhook.id, lease, stage.clock.now() + round(seconds * SECOND))


def progress(webhook: Webhook, lease: str = "one", **fields: Any) -> Progress:
    standing: dict[str, Any] = {
        "cursor": webhook.cursor,
        "read_until": webhook.read_until,
        "expired_key": 0,
        "failing_since": None,
        "last_success_at": None,
    }
    return Progress(webhook_id=webhook.id, lease=lease, **(standing | fields))


def delivery(webhook: Webhook, event_id: int = 10, **fields: Any) -> Delivery:
    given: dict[str, Any] = {
        "webhook_id": webhook.id,
        "event_id": event_id,
        "run_id": 3,
        "type": "run.failed",
        "body": "{}",
        "attempts": 1,
        "next_at": 5 * SECOND,
        "created_at": SECOND,
        "tried_at": SECOND,
        "error_code": "timeout",
        "error_message": "too slow",
    }
    return Delivery(**(given | fields))


async def listed(stage: Stage, webhook: Webhook, **where: Any) -> list[int]:
    found, more = await stage.store.deliveries(webhook.id, DeliveryFilter(**where), None, 50)
    assert not more
    return [item.event_id for item in found]


# -- what they are


async def test_all_of_them_are_kept_the_newest_first(stage: Stage) -> None:
    shop, whole = await made(stage), await made(stage, WHOLE)
    now = stage.clock.now()
    known = {"revision": 1, "created_at": now, "updated_at": now, "read_until": now}
    assert shop == replace(SHOP, id=shop.id, **known)
    assert whole == replace(WHOLE, id=whole.id, **known)
    await stage.reopen(crashed=True)
    assert await stage.store.webhooks() == [whole, shop]
    assert await stage.store.webhook("whole") == whole
    assert await stage.store.webhook("nobody") is None


async def test_a_name_is_given_once(stage: Stage) -> None:
    saved = await asyncio.gather(*(stage.store.save_webhook(SHOP, before=None) for _ in range(2)))
    assert [webhook is None for webhook in saved].count(True) == 1
    assert len(await stage.store.webhooks()) == 1


async def test_it_is_changed_from_what_it_was_and_stands_as_it_stood(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    assert await stage.store.record_webhook(progress(shop, cursor=99, failing_since=3, last_success_at=2))
    stage.clock.move(1)
    changed = await stage.store.save_webhook(replace(WHOLE, cursor=0), before=shop)
    assert changed == replace(
        WHOLE,
        id=shop.id,
        revision=2,
        created_at=shop.created_at,
        updated_at=stage.clock.now(),
        cursor=99,
        read_until=shop.read_until,
        failing_since=3,
        last_success_at=2,
    )
    assert await stage.store.webhook("whole") == changed
    assert await stage.store.save_webhook(SHOP, before=shop) is None
    assert await stage.store.save_webhook(SHOP, before=replace(changed, id=shop.id + 1)) is None


async def test_one_that_begins_again_is_failing_no_more(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    await stage.store.record_webhook(progress(shop, failing_since=3, disabled_reason="failing"))
    [disabled] = await stage.store.webhooks()
    assert (disabled.enabled, disabled.disabled_reason, disabled.failing_since) == (False, "failing", 3)
    assert disabled.revision == 2
    again = await stage.store.save_webhook(replace(disabled, enabled=True, disabled_reason=None), before=disabled)
    assert again is not None
    assert (again.enabled, again.failing_since) == (True, None)


async def test_it_goes_with_its_deliveries(stage: Stage) -> None:
    shop, whole = await made(stage), await made(stage, replace(WHOLE, enabled=True))
    for webhook in (shop, whole):
        await leased(stage, webhook)
        await stage.store.record_webhook(progress(webhook, failed=(delivery(webhook),)))
    assert await stage.store.delete_webhook(shop.id)
    assert not await stage.store.delete_webhook(shop.id)
    assert await stage.store.webhooks() != []
    assert await listed(stage, shop) == []
    assert await listed(stage, whole) == [10]
    assert (await made(stage)).id != shop.id


# -- leases


async def test_what_is_not_leased_is_not_recorded(stage: Stage) -> None:
    shop = await made(stage)
    assert not await stage.store.record_webhook(progress(shop, cursor=99, failed=(delivery(shop),)))
    assert await leased(stage, shop) == shop
    assert not await stage.store.record_webhook(progress(shop, "other", cursor=99, failed=(delivery(shop),)))
    assert await stage.store.webhook("shop") == shop
    assert await listed(stage, shop) == []


async def test_a_lease_that_was_given_back_holds_no_more(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    assert await stage.store.record_webhook(progress(shop, cursor=9, release=True))
    assert not await stage.store.record_webhook(progress(shop, cursor=10))
    again = await leased(stage, shop, "two")
    assert again is not None
    assert again.cursor == 9


async def test_one_that_is_disabled_is_not_leased(stage: Stage) -> None:
    whole = await made(stage, WHOLE)
    assert await leased(stage, whole) is None
    assert await stage.store.lease_webhook(whole.id + 1, "one", 2**60) is None


async def test_who_disables_it_has_no_lease_any_more(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    assert await stage.store.record_webhook(progress(shop, disabled_reason="gone"))
    assert not await stage.store.record_webhook(progress(shop))


# -- deliveries


async def test_the_place_and_what_failed_are_written_together_and_twice_is_harmless(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    failed = (delivery(shop, 10, status=500), delivery(shop, 12, next_at=None))
    done = progress(shop, cursor=12, read_until=77, expired_key=3, failed=failed)
    for _ in range(2):
        assert await stage.store.record_webhook(done)
    await stage.reopen(crashed=True)
    stored = await stage.store.webhook("shop")
    assert stored == replace(shop, cursor=12, read_until=77, expired_key=3)
    assert await stage.store.deliveries(shop.id, DeliveryFilter(), None, 50) == (list(failed[::-1]), False)
    assert await stage.store.delivery(shop.id, 10) == failed[0]
    assert await stage.store.delivery(shop.id, 11) is None


async def test_further_attempts_are_noted_from_what_was(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    first, second = delivery(shop, 10), delivery(shop, 11)
    await stage.store.record_webhook(progress(shop, failed=(first, second)))
    after = replace(first, attempts=2, next_at=300 * SECOND, tried_at=6 * SECOND, error_code="http_status", status=500)
    retried = (Retried(first, after), Retried(second, None))
    for _ in range(2):
        assert await stage.store.record_webhook(progress(shop, retried=retried))
    assert await stage.store.delivery(shop.id, 10) == after
    assert await stage.store.delivery(shop.id, 11) is None
    # One that somebody has asked for meanwhile stays due.
    await stage.store.retry_deliveries(shop.id, event_ids=[10], since=0)
    asked = await stage.store.delivery(shop.id, 10)
    await stage.store.record_webhook(progress(shop, retried=(Retried(after, replace(after, next_at=None)),)))
    assert await stage.store.delivery(shop.id, 10) == asked


async def test_what_is_due_comes_the_longest_due_first(stage: Stage) -> None:
    shop, other = await made(stage), await made(stage, replace(SHOP, name="other"))
    for webhook in (shop, other):
        await leased(stage, webhook)
    due = [delivery(shop, key, next_at=at) for key, at in ((10, 30), (11, 10), (12, None), (13, 20), (14, 40))]
    await stage.store.record_webhook(progress(shop, failed=tuple(due)))
    await stage.store.record_webhook(progress(other, failed=(delivery(other, 1, next_at=1),)))
    found, following = await stage.store.due_deliveries(shop.id, 30, 2)
    assert ([item.event_id for item in found], following) == ([11, 13], 40)
    found, following = await stage.store.due_deliveries(shop.id, 50, 10)
    assert ([item.event_id for item in found], following) == ([11, 13, 10, 14], None)
    assert await stage.store.due_deliveries(shop.id, 5, 10) == ([], 10)


async def test_deliveries_are_listed_by_what_they_are(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    rows = (
        delivery(shop, 10),
        delivery(shop, 11, next_at=None, type="run.completed"),
        delivery(shop, 12, run_id=4),
    )
    await stage.store.record_webhook(progress(shop, failed=rows))
    assert await listed(stage, shop) == [12, 11, 10]
    assert await listed(stage, shop, pending=True) == [12, 10]
    assert await listed(stage, shop, pending=False) == [11]
    assert await listed(stage, shop, type="run.failed") == [12, 10]
    assert await listed(stage, shop, type="run.failed", run_id=3, pending=True) == [10]
    page, more = await stage.store.deliveries(shop.id, DeliveryFilter(), None, 2)
    assert ([item.event_id for item in page], more) == ([12, 11], True)
    page, more = await stage.store.deliveries(shop.id, DeliveryFilter(), 11, 2)
    assert ([item.event_id for item in page], more) == ([10], False)


async def test_what_failed_for_good_is_made_due_with_all_its_attempts(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    rows = (delivery(shop, 10, attempts=10, next_at=None), delivery(shop, 11, attempts=4, created_at=2 * SECOND))
    await stage.store.record_webhook(progress(shop, failed=rows))
    assert await stage.store.retry_deliveries(shop.id, event_ids=[10, 99], since=0) == 1
    assert await stage.store.retry_deliveries(shop.id, event_ids=None, since=2 * SECOND) == 1
    now = stage.clock.now()
    assert await stage.store.delivery(shop.id, 10) == replace(rows[0], attempts=0, next_at=now)
    assert await stage.store.delivery(shop.id, 11) == replace(rows[1], next_at=now)
    assert await stage.store.retry_deliveries(shop.id + 1, event_ids=None, since=0) == 0


async def test_what_failed_for_good_is_kept_for_thirty_days(stage: Stage) -> None:
    shop = await made(stage)
    await leased(stage, shop)
    now = stage.clock.now()
    rows = (delivery(shop, 10, next_at=None, tried_at=now), delivery(shop, 11, next_at=now, tried_at=now))
    await stage.store.record_webhook(progress(shop, failed=rows))
    stage.clock.move(30 * 86_400 - 1)
    await stage.store.prune(10)
    assert await listed(stage, shop) == [11, 10]
    stage.clock.move(2)
    await stage.store.prune(10)
    assert await listed(stage, shop) == [11]


# -- events


def wanted(types: frozenset[EventType] = ENDS, within: Within = EVERYTHING, results: bool = False) -> Wanted:
    return Wanted(types, within, results)


async def end(stage: Stage, kind: str = "completed", name: str = "greet", **fields: Any) -> int:
    run = await stage.started(name=name)
    assert run.lease_token is not None
    report = Report(run_id=run.id, attempt=run.attempt, token=run.lease_token, kind=kind, **fields)
    [answer], _ = await stage.report(7, report)
    assert answer.status == "accepted"
    return run.id


async def read(stage: Stage, after: int = 0, limit: int = 200, **what: Any) -> Page:
    return await stage.store.happened(after, wanted(**what), limit)


async def test_the_ends_of_runs_are_read_in_the_order_of_commits(stage: Stage) -> None:
    from blazy_jobs_server.domain.run import Error

    error = Error(code="handler_error", message="no luck")
    first = await end(stage, data='{"a":1}')
    second = await end(stage, "failed", error=error)
    third = (await stage.run_of()).id
    await stage.store.cancel(third, "no")
    page = await read(stage)
    assert [(event.run_id, event.name, event.state, event.seq) for event in page.events] == [
        (first, "run.completed", State.COMPLETED, 3),
        (second, "run.retrying", State.RETRYING, 3),
        (third, "run.cancelled", State.CANCELLED, 2),
    ]
    assert [event.attempt for event in page.events] == [1, 1, 0]
    assert page.events[0].result is None
    assert page.events[1].error is not None
    assert '"no luck"' in page.events[1].error
    assert {(event.job_type, event.queue) for event in page.events} == {("greet", "default")}
    everything, reached = await stage.store.feed(0, EventFilter(), 500)
    assert page.reached == reached == everything[-1].id
    assert [event.id for event in page.events] == [event.id for event in everything if event.type in ENDS]
    assert await read(stage, page.reached) == Page([], page.reached, 0)


async def test_a_page_ends_where_its_limit_does(stage: Stage) -> None:
    runs = [await end(stage) for _ in range(3)]
    page = await read(stage, limit=2)
    assert [event.run_id for event in page.events] == runs[:2]
    assert page.reached == page.events[-1].id
    assert [event.run_id for event in (await read(stage, page.reached, limit=2)).events] == runs[2:]


async def test_only_what_is_wanted_is_read(stage: Stage) -> None:
    await stage.define("mail-in", queue="slow")
    greeted, mailed = await end(stage), await end(stage, name="mail-in")
    for within, runs in (
        (Within(("mail*",)), [mailed]),
        (Within(None, ("default",)), [greeted]),
        (Within(("mail*",), ("default",)), []),
    ):
        page = await read(stage, within=within)
        assert [event.run_id for event in page.events] == runs
        assert page.reached == (await read(stage)).reached
    assert (await read(stage, types=frozenset({EventType.FAILED}))).events == []


async def test_results_are_read_where_they_are_wanted_and_not_too_long(stage: Stage) -> None:
    await end(stage, data='{"a":1}')
    await end(stage, data=f'"{"x" * (MAX_RESULT_CHARACTERS - 2)}"')
    await end(stage, data=f'"{"x" * (MAX_RESULT_CHARACTERS - 1)}"')
    events = (await read(stage, results=True)).events
    assert events[0].result == '{"a":1}'
    assert [event.result_omitted for event in events] == [False, False, True]
    assert [event.result is None for event in events] == [False, False, True]


async def test_that_events_were_deleted_before_they_were_read_is_said(stage: Stage) -> None:
    await stage.define("short", retention_seconds=1)
    kept = await end(stage)
    gone = await end(stage, name="short")
    newest = (await read(stage)).reached
    stage.clock.move(2)
    assert await stage.store.prune(10) == 1
    assert await stage.store.run(gone) is None
    page = await read(stage)
    assert [event.run_id for event in page.events] == [kept]
    assert page.expired == newest
    assert (await read(stage, newest)).expired == 0
    assert (await read(stage, within=Within(("greet",)))).expired == 0


async def test_retention_stops_where_it_is_told_to(stage: Stage) -> None:
    await stage.define("short", retention_seconds=1)
    run = await end(stage, name="short")
    due = stage.clock.now() + SECOND
    stage.clock.move(2)
    assert await stage.store.next_deletable() == due
    assert await stage.store.prune(10, due - 1) == 0
    assert await stage.store.prune(10, due) == 1
    assert await stage.store.run(run) is None
    assert await stage.store.next_deletable() is None


async def test_a_name_that_no_database_can_hold_is_that_of_nothing(stage: Stage) -> None:
    assert await stage.store.webhook("shop\0") is None
    assert await stage.store.schedule("\0") is None
