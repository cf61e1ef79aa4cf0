"""Who pays when the host does not turn."""

from __future__ import annotations

from typing import Any

import pytest
from blazy_jobs.worker.blame import BLOCKED, ENDED_RUN, SILENT, UNKNOWN, Blame, Blocked, of_blocked, of_silent
from blazy_jobs.worker.held import Held, JobInfo

JOB = JobInfo("work", "async", False)
GRACE_SECONDS = 5.0


class Desk:
    def tell(self, held: Held, kind: str, report: bytes) -> None: ...
    def finish(self, held: Held, kind: str, report: bytes) -> None: ...


def in_hand(**timeouts: float) -> dict[str, Held]:
    """Runs by name, begun at 0, numbered from 1 in their order."""
    runs = {}
    for number, (name, timeout) in enumerate(timeouts.items(), 1):
        run: dict[str, Any] = {"id": name, "timeout_seconds": timeout}
        held = Held({"run": run, "attempt": 1, "lease_token": "t"}, JOB, Desk(), 0.0)
        held.number = number
        held.begin(0.0)
        runs[name] = held
    return runs


def named(*names: str) -> frozenset[str]:
    return frozenset(names)


def blocked(number: int, since: float = 1.0, deadline: float = 30.0) -> Blocked:
    return Blocked(number, since, deadline)


def test_a_handler_may_block_until_its_time_is_over() -> None:
    runs = in_hand(bad=30, good=60)
    assert of_blocked(runs, blocked(1), 34.9, GRACE_SECONDS) is None
    assert of_blocked(runs, blocked(1), 35.0, GRACE_SECONDS) == Blame(BLOCKED, guilty=named("bad"))


def test_a_handler_that_blocks_past_anothers_time_is_suspected_and_not_judged() -> None:
    runs = in_hand(bad=30, good=3)
    assert of_blocked(runs, blocked(1), 7.9, GRACE_SECONDS) is None
    assert of_blocked(runs, blocked(1), 8.0, GRACE_SECONDS) == Blame(BLOCKED, suspects=named("bad"))


def test_a_handlers_own_time_is_the_hosts_which_began_it_later_than_it_was_sent() -> None:
    runs = in_hand(bad=1, good=60)
    assert of_blocked(runs, blocked(1, deadline=3.0), 7.9, GRACE_SECONDS) is None
    assert of_blocked(runs, blocked(1, deadline=3.0), 8.0, GRACE_SECONDS) == Blame(BLOCKED, guilty=named("bad"))


def test_a_cancel_of_either_is_waited_for_no_longer_than_the_grace() -> None:
    for cancelled, blame in (
        ("bad", Blame(BLOCKED, guilty=named("bad"))),
        ("good", Blame(BLOCKED, named(), named("bad"))),
    ):
        runs = in_hand(bad=30, good=60)
        runs[cancelled].stop("cancel")
        runs[cancelled].stop_at = 2.0
        assert of_blocked(runs, blocked(1), 6.9, GRACE_SECONDS) is None
        assert of_blocked(runs, blocked(1), 7.0, GRACE_SECONDS) == blame


def test_what_a_run_that_has_ended_left_behind_is_nobodys_fault() -> None:
    for runs in (in_hand(good=60), {}):
        assert of_blocked(runs, blocked(7), 5.9, GRACE_SECONDS) is None
        assert of_blocked(runs, blocked(7), 6.0, GRACE_SECONDS) == Blame(ENDED_RUN)


def test_where_nobody_knows_all_are_suspected_after_the_grace() -> None:
    runs = in_hand(one=60, two=60)
    assert of_blocked(runs, blocked(0), 5.9, GRACE_SECONDS) is None
    assert of_blocked(runs, blocked(0), 6.0, GRACE_SECONDS) == Blame(UNKNOWN, suspects=named("one", "two"))


def test_of_a_silent_process_all_are_suspected_when_the_first_is_out_of_time() -> None:
    runs = in_hand(bad=15, good=3)
    assert of_silent(runs, 7.0, 7.9, GRACE_SECONDS, first=False) is None
    assert of_silent(runs, 8.0, 8.0, GRACE_SECONDS, first=False) == Blame(SILENT, suspects=named("bad", "good"))


@pytest.mark.parametrize("first", [True, False])
def test_a_single_run_is_guilty_only_where_nothing_ran_before_it(first: bool) -> None:
    blame = of_silent(in_hand(bad=3), 9.0, 8.0, GRACE_SECONDS, first=first)
    assert blame == (Blame(SILENT, guilty=named("bad")) if first else Blame(SILENT, suspects=named("bad")))


def test_a_silent_process_with_nothing_in_hand_is_replaced_after_the_grace() -> None:
    assert of_silent({}, 5.0, 100.0, GRACE_SECONDS, first=False) is None
    assert of_silent({}, 5.1, 100.0, GRACE_SECONDS, first=False) == Blame(SILENT)
