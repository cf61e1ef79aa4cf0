"""Progress and log lines within bounds: what is written, when, and what is remembered of whom."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blazy_jobs_server.domain.event import EVENT_TYPES
from blazy_jobs_server.engine.throttle import LINES_A_SECOND, Throttle
from blazy_jobs_server.ports import Completed, Report, Said
from tests.app.clock import HandClock
from tests.support.examples import examples


def progress(n: int, run_id: int = 1, token: str = "t") -> Report:
    return Report(run_id=run_id, attempt=1, token=token, kind="progress", data=str(n))


def line(n: int = 0, dropped: int = 0) -> Report:
    return Report(run_id=1, attempt=1, token="t", kind="log", data=str(n), dropped=dropped)


def last(kind: str = "completed", token: str = "t") -> Report:
    return Report(run_id=1, attempt=1, token=token, kind=kind)


@pytest.fixture
async def sent() -> list[tuple[int, Report]]:
    """What was written late, and for which worker."""
    return []


@pytest.fixture
async def throttle(clock: HandClock, sent: list[tuple[int, Report]]) -> Throttle:
    return Throttle(clock, lambda worker_id, report: sent.append((worker_id, report)))


async def turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def kinds(throttle: Throttle, *reports: Report) -> list[str]:
    return [report.kind for report in throttle.admit(7, reports)[0]]


async def test_each_report_is_answered_by_the_one_written_for_it(throttle: Throttle) -> None:
    reports = [progress(1), progress(2), last(), progress(3, run_id=2)]
    written, places = throttle.admit(7, reports)
    assert [report.kind for report in written] == ["progress", "touch", "progress", "completed", "progress"]
    assert [written[place].kind for place in places] == ["progress", "touch", "completed", "progress"]
    assert [report.data for report in written if report.kind == "progress"] == ["1", "2", "3"]


async def test_the_newest_is_written_late_by_itself(
    throttle: Throttle, clock: HandClock, sent: list[tuple[int, Report]]
) -> None:
    assert kinds(throttle, progress(1), progress(2), progress(3)) == ["progress", "touch", "touch"]
    clock.move(0.09)
    await turns()
    assert sent == []
    clock.move(0.02)
    await turns()
    assert [(worker, report.data) for worker, report in sent] == [(7, "3")]
    clock.move(5)
    await turns()
    assert len(sent) == 1


async def test_what_was_written_before_the_last_word_is_not_written_again(
    throttle: Throttle, clock: HandClock, sent: list[tuple[int, Report]]
) -> None:
    kinds(throttle, progress(1), progress(2))
    assert kinds(throttle, last()) == ["progress", "completed"]
    clock.move(1)
    await turns()
    assert sent == []


async def test_another_lease_of_the_run_has_its_own_measure(throttle: Throttle) -> None:
    assert kinds(throttle, progress(1), progress(2), progress(3, token="u")) == ["progress", "touch", "progress"]
    assert kinds(throttle, last(token="u")) == ["completed"], "what the other lease holds back is not its own"


async def test_lines_above_the_bound_are_counted_with_those_the_worker_dropped(
    throttle: Throttle, clock: HandClock
) -> None:
    written, _ = throttle.admit(7, [line(n) for n in range(LINES_A_SECOND)] + [line(), line(dropped=4)])
    assert [report.kind for report in written] == ["log"] * LINES_A_SECOND + ["touch"] * 2
    assert [report.dropped for report in written[-2:]] == [1, 5]
    clock.move(1)
    assert kinds(throttle, line()) == ["log"]


async def test_a_lease_without_a_last_word_is_forgotten(throttle: Throttle, clock: HandClock) -> None:
    kinds(throttle, progress(1), line(), progress(2, run_id=2))
    clock.move(59)
    kinds(throttle, progress(3, run_id=2))
    clock.move(2)
    throttle.forget_idle()
    assert {place.run_id for place in throttle._flows} == {2}
    clock.move(60)
    throttle.forget_idle()
    assert not throttle._flows


async def test_a_last_word_leaves_nothing_behind(throttle: Throttle) -> None:
    for n in range(50):
        token = f"t{n}"
        kinds(throttle, progress(1, token=token), progress(2, token=token), last(token=token))
    assert not throttle._flows


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(waits=st.lists(st.integers(0, 150), max_size=60))
async def test_in_no_second_more_than_ten_and_the_newest_is_never_lost(clock: HandClock, waits: list[int]) -> None:
    """`waits`: milliseconds between one progress and the next."""
    written: list[tuple[int, int]] = []
    throttle = Throttle(clock, lambda _, report: written.append((clock.now(), int(report.data))))
    for n, milliseconds in enumerate(waits):
        for _ in range(milliseconds):
            clock.move(0.001)
            await asyncio.sleep(0)
        said = throttle.admit(7, [progress(n)])[0]
        written += [(clock.now(), int(report.data)) for report in said if report.kind == "progress"]
    for _ in range(110):
        clock.move(0.001)
        await turns()
    numbers = [n for _, n in written]
    assert numbers == sorted(set(numbers)), "in order, each once"
    assert not waits or numbers[-1] == len(waits) - 1
    for (earlier, _), (later, _) in pairwise(written):
        assert later - earlier >= 99_000


async def test_lines_count_by_when_they_were_written(throttle: Throttle, clock: HandClock) -> None:
    """A thousand lines at 85 a second, which had to wait for a server and come all at once."""

    def written(second: float, at: int = 0) -> Report:
        return Report(run_id=1, attempt=1, token="t", kind="log", written_at=at + int(second * 1_000_000))

    late = [written(n / 85) for n in range(1000)]
    assert kinds(throttle, *late) == ["log"] * 1000
    flood = [written(20 + n / 1000) for n in range(1000)]
    assert kinds(throttle, *flood).count("log") == LINES_A_SECOND, "who writes too many is limited all the same"
    back = [written(3 + n / 1000) for n in range(200)]
    assert kinds(throttle, *back).count("log") == LINES_A_SECOND, "also where the clock was set back"
    clock.move(1)
    assert kinds(throttle, line()) == ["log"]


# -- by columns


def said(*words: str, run_id: int = 1, before: int | None = None) -> Said:
    kinds = [EVENT_TYPES[word] for word in words]
    texts = [str(place) for place in range(len(words))]
    return Said("t", 1, [run_id], [len(words)], kinds, texts, before=None if before is None else [before])


ENDS = [Completed("t", 1, [1])]


async def test_a_run_that_says_little_and_ends_leaves_no_trace(throttle: Throttle) -> None:
    heard = throttle.hear(7, [said("log", "progress", "log")], ENDS)
    assert (heard.columns, heard.singles) == ([said("log", "progress", "log")], [])
    assert not throttle._flows


@pytest.mark.parametrize("ends", [[], ENDS])
async def test_who_says_more_than_the_bounds_is_heard_word_by_word(throttle: Throttle, ends: list[Completed]) -> None:
    heard = throttle.hear(7, [said(*["log"] * 60), said(*["log"] * 60), said("log")], ends)
    assert [item.run_ids for item in heard.columns] == [[1], [], []]
    assert (len(heard.singles), heard.places) == (61, [1] * 60 + [2])
    written, _ = throttle.admit(7, heard.singles)
    assert [report.kind for report in written].count("log") == LINES_A_SECOND - 60


async def test_a_second_progress_waits_also_by_columns(
    throttle: Throttle, clock: HandClock, sent: list[tuple[int, Report]]
) -> None:
    assert throttle.hear(7, [said("progress")], []).columns[0].run_ids == [1]
    heard = throttle.hear(7, [said("progress")], [])
    assert heard.columns[0].run_ids == []
    assert kinds(throttle, *heard.singles) == ["touch"]
    clock.move(0.2)
    await turns()
    assert len(sent) == 1
    clock.move(0.2)
    assert throttle.hear(7, [said("progress")], []).columns[0].run_ids == [1]


async def test_words_that_are_known_are_not_heard_again_unless_they_were_not_written(throttle: Throttle) -> None:
    first = throttle.hear(7, [said("log", "log", before=0)], [])
    assert first.columns[0].numbers == [2]
    again = throttle.hear(7, [said("log", "log", "log", before=0)], [])
    assert (again.columns[0].numbers, again.columns[0].data) == ([1], ["2"])
    again.forget()
    assert throttle.hear(7, [said("log", before=2)], []).columns[0].numbers == [1]
    first.forget()
    assert throttle.hear(7, [said("log", "log", before=0)], []).columns[0].numbers == [2]
    assert throttle.hear(7, [said("log", before=9)], []).columns[0].numbers == [1], "those between were lost"
