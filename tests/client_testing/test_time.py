"""Timeouts, cancels and retries of `run_job`, by a hand-moved clock and by real time."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from blazy_jobs import CallNext, Job, JobContext, Jobs, MiddlewareRun, Retry, RetryAfter, Stopped
from blazy_jobs.testing import Clock, arun_job, run_job
from blazy_jobs.testing.backoff import delay_seconds, retry_of
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain.retry import RetryPolicy
from tests.support.speed import stretched

SHORT_SECONDS = 3.0
"""Far below what the handlers here would take by real time."""


@pytest.fixture(autouse=True)
def _takes_no_time() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < stretched(SHORT_SECONDS)


def code_of(outcome: Any) -> str:
    return str(outcome.error["code"])


class TestClockOfAnAsyncHandler:
    def test_it_jumps_over_what_is_only_waited_for(self) -> None:
        times = []

        async def wait(payload: Any, ctx: JobContext) -> str:
            loop = asyncio.get_running_loop()
            for seconds in (30, 0.5, 3600):
                await asyncio.sleep(seconds)
                times.append((loop.time(), clock.seconds))
            try:
                async with asyncio.timeout(5):
                    await asyncio.Event().wait()
            except TimeoutError:
                return "waited"
            return "not waited"

        clock = Clock()
        outcome = run_job(Job("wait", wait), timeout=10_000, clock=clock)
        assert outcome.result == "waited"
        assert times == [(30, 30), (30.5, 30.5), (3630.5, 3630.5)]
        assert outcome.seconds == clock.seconds == 3635.5

    def test_what_waits_side_by_side_wakes_in_its_order(self) -> None:
        woken = []

        async def wake(seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append(seconds)

        async def race() -> None:
            await asyncio.gather(*(wake(seconds) for seconds in (3, 1, 2)))

        clock = Clock()
        run_job(Job("race", race), clock=clock)
        assert (woken, clock.seconds) == ([1, 2, 3], 3)

    def test_its_timeout_is_over_in_no_time(self) -> None:
        async def stuck(payload: Any, ctx: JobContext) -> None:
            try:
                await asyncio.sleep(10**6)
            finally:
                ctx.log("tidying up", cancelled=ctx.cancelled, left=(ctx.deadline - clock.now).total_seconds())

        clock = Clock(datetime(2030, 1, 1, tzinfo=UTC))
        outcome = run_job(Job("stuck", stuck, timeout=30), clock=clock)
        assert (outcome.state, code_of(outcome), clock.seconds) == ("retrying", "timeout", 30)
        assert outcome.logs[0]["fields"] == {"cancelled": True, "left": 0}
        assert clock.now == datetime(2030, 1, 1, 0, 0, 30, tzinfo=UTC)

    def test_a_handler_can_move_it_too(self) -> None:
        async def step() -> None:
            clock.move(20)
            await asyncio.sleep(5)
            clock.move(20)
            await asyncio.sleep(5)

        clock = Clock()
        outcome = run_job(Job("step", step, timeout=30), clock=clock)
        assert (code_of(outcome), clock.seconds) == ("timeout", 45)

    def test_a_cancel_comes_at_its_time(self) -> None:
        async def work(payload: Any, ctx: JobContext) -> None:
            for hour in range(24):
                ctx.progress(hour)
                await asyncio.sleep(3600)

        clock = Clock()
        outcome = run_job(Job("work", work, timeout=10**6), clock=clock, cancel_after=2.5 * 3600)
        assert (outcome.state, outcome.percents, outcome.error) == ("cancelled", [0, 1, 2], None)
        assert isinstance(outcome.exception, asyncio.CancelledError)
        assert clock.seconds == 2.5 * 3600

    def test_a_result_after_a_cancel_stands_and_after_a_timeout_does_not(self) -> None:
        async def finish() -> str:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                return "done all the same"
            return "done"

        job = Job("finish", finish, timeout=50)
        assert run_job(job, clock=Clock(), cancel_after=10).result == "done all the same"
        assert code_of(run_job(job, clock=Clock())) == "timeout"

    @pytest.mark.parametrize("isolation", ["async", "process"])
    def test_who_does_not_end_is_given_up_after_the_grace(
        self, isolation: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def stubborn() -> None:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                await asyncio.sleep(100)

        clock = Clock()
        job = Job("stubborn", stubborn, timeout=10, isolation=isolation)
        outcome = run_job(job, clock=clock)
        assert (code_of(outcome), outcome.killed, outcome.seconds) == ("timeout", True, 15)
        monkeypatch.setenv("JOBS_STOP_GRACE_SECONDS", "200")
        outcome = run_job(job, clock=clock)
        assert (code_of(outcome), outcome.killed, outcome.seconds) == ("timeout", False, 110)

    def test_middleware_counts_into_the_timeout(self) -> None:
        jobs = Jobs()

        @jobs.middleware
        async def dawdle(run: MiddlewareRun, call_next: CallNext) -> Any:
            await asyncio.sleep(40)
            return await call_next(run)

        async def answer() -> int:
            return 1

        job = jobs.add(Job("answer", answer, timeout=30))
        sync = jobs.add(Job("answer-sync", lambda: 1, timeout=30))
        for each in (job, sync):
            assert code_of(run_job(each, clock=Clock())) == "timeout"
            assert run_job(each, clock=Clock(), timeout=50).result == 1

    async def test_from_a_running_loop_as_well(self) -> None:
        async def wait() -> float:
            await asyncio.sleep(1000)
            return asyncio.get_running_loop().time()

        clock = Clock()
        assert (await arun_job(Job("wait", wait, timeout=2000), clock=clock)).result == 1000
        assert run_job(Job("wait", wait, timeout=2000), clock=clock).result == 2000


class TestClockWhileMoreThanTimeIsWaitedFor:
    """The timeout of 60 s must not be over at once only because the loop has nothing to do."""

    def check(self, handler: Callable[..., Any]) -> None:
        clock = Clock()
        outcome = run_job(Job("io", handler, timeout=60), clock=clock)
        assert outcome.result == "answered", outcome
        assert clock.seconds >= 1000 if handler.__name__ == "then_sleep" else clock.seconds < stretched(SHORT_SECONDS)

    def test_a_thread_of_the_pool(self) -> None:
        async def ask() -> str:
            async with asyncio.timeout(50):
                await asyncio.to_thread(time.sleep, 0.05)
            return "answered"

        self.check(ask)

    def test_after_it_the_clock_jumps_again(self) -> None:
        async def ask() -> str:
            await asyncio.to_thread(time.sleep, 0.05)
            await asyncio.sleep(40)
            return "answered"

        clock = Clock()
        assert run_job(Job("io", ask, timeout=60), clock=clock).result == "answered"
        assert clock.seconds == pytest.approx(40, abs=1)

    def test_a_thread_of_its_own(self) -> None:
        async def ask() -> str:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[str] = loop.create_future()

            def later() -> None:
                time.sleep(0.05)
                loop.call_soon_threadsafe(answer.set_result, "answered")

            threading.Thread(target=later).start()
            return await answer

        self.check(ask)

    def test_threads_of_others_do_not_hold_it_up(self) -> None:
        def serve() -> None:
            while not ended.wait(0.01):
                begun.append(threading.Thread(target=ended.wait))
                begun[-1].start()

        async def wait() -> None:
            for _ in range(10):
                await asyncio.to_thread(time.sleep, 0.01)
                await asyncio.sleep(60)

        ended, begun = threading.Event(), [threading.Thread()]
        begun[0] = threading.Thread(target=serve)
        begun[0].start()
        clock = Clock()
        assert run_job(Job("wait", wait, timeout=1000), clock=clock).state == "completed"
        ended.set()
        for thread in begun:
            thread.join()
        assert len(begun) > 2
        assert clock.seconds == pytest.approx(600, abs=stretched(SHORT_SECONDS))

    def test_a_socket(self) -> None:
        async def ask() -> str:
            ours, theirs = socket.socketpair()
            with closing(ours), closing(theirs):
                ours.setblocking(False)
                threading.Timer(0.05, theirs.sendall, [b"answered"]).start()
                return (await asyncio.get_running_loop().sock_recv(ours, 100)).decode()

        self.check(ask)

    def test_a_subprocess(self) -> None:
        async def ask() -> str:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "print('answered')", stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
            return output.decode().strip()

        self.check(ask)

    def test_its_limits_of_time_still_hold(self) -> None:
        async def ask() -> None:
            ours, theirs = socket.socketpair()
            with closing(ours), closing(theirs):
                ours.setblocking(False)
                await asyncio.get_running_loop().sock_recv(ours, 100)

        assert code_of(run_job(Job("io", ask, timeout=0.1), clock=Clock())) == "timeout"


class TestClockOfASyncHandler:
    def test_it_stands_still_but_for_moves(self) -> None:
        def work(payload: Any, ctx: JobContext) -> float:
            time.sleep(0.05)
            clock.move(20)
            return (ctx.deadline - clock.now).total_seconds()

        clock = Clock()
        outcome = run_job(Job("work", work, timeout=30), clock=clock)
        assert (outcome.result, outcome.seconds, clock.seconds) == (10, 20, 20)

    def test_stopped_is_raised_where_the_time_is_over(self) -> None:
        reached = []

        def work(payload: Any, ctx: JobContext) -> None:
            for minute in range(10):
                reached.append(minute)
                try:
                    clock.move(60)
                except Stopped:
                    ctx.log("stopped", cancelled=ctx.cancelled)
                    raise

        clock = Clock()
        outcome = run_job(Job("work", work, timeout=150), clock=clock)
        assert (code_of(outcome), reached, outcome.messages) == ("timeout", [0, 1, 2], ["stopped"])

    def test_or_where_it_speaks(self) -> None:
        def work(payload: Any, ctx: JobContext) -> None:
            for percent in range(100):
                clock.advance(1)
                ctx.progress(percent)

        clock = Clock()
        outcome = run_job(Job("work", work), clock=clock, cancel_after=10)
        assert (outcome.state, outcome.percents) == ("cancelled", list(range(9)))

    def test_a_thread_handler_looks_itself(self) -> None:
        def work(payload: Any, ctx: JobContext) -> str:
            while not ctx.cancelled:
                clock.move(1)
                ctx.progress(1)
            return "enough"

        clock = Clock()
        job = Job("work", work, isolation="thread", timeout=100)
        assert run_job(job, clock=clock, cancel_after=10).result == "enough"
        assert code_of(run_job(job, clock=clock)) == "timeout"

    @pytest.mark.parametrize("_", range(20))
    def test_who_goes_on_beyond_the_grace_would_have_been_killed(self, _: int) -> None:
        def work(seconds: float) -> str:
            try:
                clock.move(60)
            except Stopped:
                clock.move(seconds)
            return "done"

        clock = Clock()
        job = Job("work", work)
        outcome = run_job(job, 2, cancel_after=50, clock=clock)
        assert (outcome.result, outcome.killed) == ("done", False)
        outcome = run_job(job, 6, cancel_after=50, clock=clock)
        assert (outcome.state, outcome.killed) == ("cancelled", True)


class TestRealTime:
    def test_an_async_handler(self) -> None:
        async def stuck() -> None:
            await asyncio.sleep(60)

        assert code_of(run_job(Job("stuck", stuck), timeout=0.05)) == "timeout"
        assert run_job(Job("stuck", stuck), cancel_after=0.05).state == "cancelled"
        assert run_job(Job("stuck", stuck), cancel_after=0).state == "cancelled"

    def test_a_sync_handler_is_stopped_wherever_it_is(self) -> None:
        def stuck(payload: Any, ctx: JobContext) -> None:
            try:
                time.sleep(60)
            finally:
                ctx.log("tidying up")

        jobs = Jobs()
        outcome = run_job(Job("stuck", stuck), timeout=0.05)
        assert (code_of(outcome), outcome.messages) == ("timeout", ["tidying up"])

        @jobs.middleware
        async def around(run: MiddlewareRun, call_next: CallNext) -> Any:
            try:
                return await call_next(run)
            finally:
                run.context.log("around")

        outcome = run_job(jobs.add(Job("stuck", stuck)), cancel_after=0.05)
        assert (outcome.state, outcome.messages) == ("cancelled", ["tidying up", "around"])

    async def test_a_sync_handler_in_another_thread_is_stopped_where_it_speaks(self) -> None:
        def work(payload: Any, ctx: JobContext) -> None:
            while True:
                time.sleep(0.005)
                ctx.progress(1)

        assert (await arun_job(Job("work", work), cancel_after=0.05)).state == "cancelled"
        assert run_job(Job("work", work), cancel_after=0.05).state == "cancelled"

    async def test_awaited(self) -> None:
        async def stuck() -> None:
            await asyncio.sleep(60)

        assert code_of(await arun_job(Job("stuck", stuck), timeout=0.05)) == "timeout"

    async def test_who_stops_waiting_stops_the_handler(self) -> None:
        ended = asyncio.Event()

        async def stuck() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(arun_job(Job("stuck", stuck)), 0.05)
        await ended.wait()


class TestCancelWhen:
    @pytest.mark.parametrize("isolation", ["async", "process"])
    def test_it_comes_with_what_is_said(self, isolation: str) -> None:
        def work(payload: Any, ctx: JobContext) -> None:
            for percent in range(100):
                ctx.progress(percent)

        async def work_async(payload: Any, ctx: JobContext) -> None:
            for percent in range(100):
                ctx.progress(percent)
                await asyncio.sleep(0)

        job = Job("work", work if isolation == "process" else work_async)
        outcome = run_job(job, cancel_when=lambda progress: progress["percent"] >= 5)
        assert outcome.state == "cancelled"
        assert outcome.percents == [0, 1, 2, 3, 4, 5]


class TestRetries:
    def test_all_attempts_are_made_and_no_delay_is_waited_for(self) -> None:
        @Jobs().job(retry=3)
        async def fetch(payload: Any, ctx: JobContext) -> str:
            ctx.progress(ctx.attempt)
            await asyncio.sleep(10)
            if ctx.attempt == 2:
                raise RetryAfter(100)
            if ctx.attempt < 4:
                raise ConnectionError("no")
            return "got it"

        clock = Clock()
        outcome = run_job(fetch, clock=clock, retries=True)
        assert (outcome.state, outcome.result, outcome.attempt) == ("completed", "got it", 4)
        assert [each.state for each in outcome.attempts] == ["retrying", "retrying", "retrying", "completed"]
        assert [each.due_in_seconds for each in outcome.attempts] == [1, 100, 4, None]
        assert [each.percents for each in outcome.attempts] == [[1], [2], [3], [4]]
        assert len({each.run_id for each in outcome.attempts}) == 1
        assert clock.seconds == 4 * 10 + 1 + 100 + 4

    def test_the_last_failure_ends_it(self) -> None:
        def fail() -> None:
            raise ConnectionError("no")

        job = Job("fail", fail, retry=Retry(max_attempts=3, backoff="linear", initial_seconds=5))
        outcome = run_job(job, retries=True, jitter=0)
        assert [each.due_in_seconds for each in outcome.attempts] == [2.5, 5, None]
        assert (outcome.state, outcome.attempt) == ("failed", 3)

    def test_a_timeout_is_retried_like_others(self) -> None:
        async def slow(payload: Any, ctx: JobContext) -> None:
            await asyncio.sleep(100 / ctx.attempt)

        clock = Clock()
        outcome = run_job(Job("slow", slow, timeout=30), clock=clock, retries=True)
        assert (outcome.state, outcome.attempt) == ("completed", 4)

    def test_a_cancel_can_come_between_attempts(self) -> None:
        async def fail() -> None:
            await asyncio.sleep(10)
            raise ValueError("no")

        clock = Clock()
        job = Job("fail", fail, retry=Retry(max_attempts=9, backoff="fixed", initial_seconds=60))
        outcome = run_job(job, clock=clock, retries=True, cancel_after=100)
        assert (outcome.state, outcome.attempt, clock.seconds) == ("cancelled", 2, 100)
        outcome = run_job(job, clock=clock, retries=True, cancel_after=145)
        assert (outcome.state, outcome.attempt, clock.seconds) == ("cancelled", 3, 245)

    async def test_awaited(self) -> None:
        async def fail(payload: Any, ctx: JobContext) -> str:
            if ctx.attempt < 3:
                raise ValueError("no")
            return "got it"

        outcome = await arun_job(Job("fail", fail), retries=True)
        assert [each.state for each in outcome.attempts] == ["retrying", "retrying", "completed"]

    @given(
        st.sampled_from(["exponential", "linear", "fixed"]),
        st.floats(0, 10**6),
        st.floats(1, 100),
        st.floats(0, 10**6),
        st.booleans(),
        st.integers(1, 1000),
        st.floats(0, 1, exclude_max=True),
    )
    def test_delays_are_the_servers(
        self, backoff: Any, initial: float, factor: float, most: float, jitter: bool, attempt: int, draw: float
    ) -> None:
        settings: dict[str, Any] = {
            "backoff": backoff,
            "initial_seconds": initial,
            "factor": factor,
            "max_seconds": most,
            "jitter": jitter,
        }
        ours = delay_seconds(Retry(**settings), attempt, draw)
        assert round(ours * 1_000_000) == RetryPolicy(**settings).delay(attempt, draw)

    def test_settings_are_the_servers(self) -> None:
        assert {name: getattr(RetryPolicy(), name) for name in RetryPolicy.__struct_fields__} == vars(retry_of(None))
        assert retry_of(3) == Retry(max_attempts=4)
        assert retry_of({"backoff": "fixed"}, retry_of(6)) == Retry(max_attempts=7, backoff="fixed")
        assert retry_of(0, Retry(backoff="fixed")) == Retry(max_attempts=1, backoff="fixed")


class TestClock:
    def test_it_shows_what_it_was_moved_by(self) -> None:
        clock = Clock(datetime(2030, 1, 1, tzinfo=UTC))
        clock.move(90)
        assert (clock.seconds, clock.now) == (90, datetime(2030, 1, 1, 0, 1, 30, tzinfo=UTC))
        assert "2030-01-01T00:01:30" in repr(clock)

    def test_it_cannot_go_back(self) -> None:
        with pytest.raises(ValueError, match="0 or more"):
            Clock().move(-1)
        with pytest.raises(ValueError, match="time zone"):
            Clock(datetime(2030, 1, 1))  # noqa: DTZ001
