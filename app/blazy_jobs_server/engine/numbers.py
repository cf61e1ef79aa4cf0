"""How many runs there are, how long they wait and run: kept in step with every commit, read by lists and metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from blazy_jobs_server.domain.durations import Histogram
from blazy_jobs_server.domain.event import EventColumn, EventType
from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Commit, Store


class Numbers:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.counts: dict[tuple[str, str, State], int] = {}
        """Runs by job type, queue and state."""
        self.waited: dict[str, Histogram] = {}
        self.ran: dict[tuple[str, State], Histogram] = {}
        self.events = [0] * len(EventType)
        self.batch_sizes: list[int] = [0] * 11
        self.batched = 0
        self.commit_seconds = Histogram()

    async def load(self) -> None:
        self.counts = await self._store.counts()

    def on_commit(self, commit: Commit) -> None:
        counts = self.counts
        for place, change in commit.counts.items():
            counts[place] = counts.get(place, 0) + change
        for event in commit.events:
            if isinstance(event.type, list):
                for kind, number in Counter(event.type).items():
                    self.events[kind] += number
            else:
                self.events[event.type] += len(event.run_ids) if isinstance(event, EventColumn) else 1
        for (job_type, _), durations in commit.waited.items():
            histogram = self.waited.get(job_type)
            if histogram is None:
                histogram = self.waited[job_type] = Histogram()
            histogram.add_counts(durations)
        for (job_type, _, state), durations in commit.ran.items():
            ended = (job_type, state)
            histogram = self.ran.get(ended)
            if histogram is None:
                histogram = self.ran[ended] = Histogram()
            histogram.add_counts(durations)

    def on_batch(self, size: int, seconds: float) -> None:
        """A commit shared by so many verbs, that took so long: bucket n holds sizes up to 2ⁿ."""
        self.commit_seconds.add(seconds)
        self.batched += size
        self.batch_sizes[min((size - 1).bit_length(), len(self.batch_sizes) - 1)] += 1

    def by_state(self, *, queue: str | None = None, within: Within = EVERYTHING) -> dict[State, int]:
        totals = dict.fromkeys(State, 0)
        for (job_type, of_queue, state), n in self.counts.items():
            if (queue is None or queue == of_queue) and within.admits(job_type, of_queue):
                totals[state] += n
        return totals

    def running(self, job_type: str) -> int:
        return sum(n for (name, _, state), n in self.counts.items() if name == job_type and state is State.RUNNING)

    def running_in(self, queue: str) -> int:
        return sum(n for (_, name, state), n in self.counts.items() if name == queue and state is State.RUNNING)

    @staticmethod
    def together(histograms: Iterable[Histogram]) -> Histogram:
        total = Histogram()
        for histogram in histograms:
            total.buckets = [a + b for a, b in zip(total.buckets, histogram.buckets, strict=True)]
            total.count += histogram.count
            total.total += histogram.total
        return total
