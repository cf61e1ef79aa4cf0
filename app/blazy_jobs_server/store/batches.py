"""The running runs that are as they were leased: all that is to be known of them is in their batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from blazy_jobs_server.domain.batch import Batch


class Said(Struct):
    """What a run of a batch has said meanwhile: the one thing that may happen to it without making it a lease of its
    own."""

    seq: int
    logs: int = 0
    progress: str | None = None
    lease_until: int = 0
    """Its words have renewed its lease, perhaps for longer than that of its batch."""


class Batches:
    """Run key → batch. Whatever else than a word, a renewal or the completion happens to a run makes it an ordinary
    lease first (`Transaction.heads`)."""

    def __init__(self) -> None:
        self._of: dict[int, Batch] = {}
        self._sizes: dict[Batch, int] = {}
        self._said: dict[int, Said] = {}

    def __bool__(self) -> bool:
        return bool(self._of)

    def __iter__(self) -> Iterator[Batch]:
        return iter(list(self._sizes))

    def of(self, run_id: int) -> Batch | None:
        return self._of.get(run_id)

    def only_of(self, run_ids: Sequence[int]) -> Batch | None:
        """The batch that all of these different runs are of, where it is one."""
        found = set(map(self._of.get, run_ids))
        return found.pop() if len(found) == 1 and len(set(run_ids)) == len(run_ids) else None

    def runs(self, batch: Batch) -> list[int]:
        """Those of its runs that are still in it."""
        return [run_id for run_id in batch.run_ids if self._of.get(run_id) is batch]

    def add(self, batch: Batch) -> None:
        self._of.update(dict.fromkeys(batch.run_ids, batch))
        self._sizes[batch] = len(batch.run_ids)

    def drop(self, batch: Batch, run_ids: Sequence[int]) -> None:
        """Different runs, all of that batch."""
        for run_id in run_ids:
            del self._of[run_id]
        if self._said:
            for run_id in run_ids:
                self._said.pop(run_id, None)
        self._keep(batch, self._sizes[batch] - len(run_ids))

    def _keep(self, batch: Batch, number: int) -> None:
        if number:
            self._sizes[batch] = number
        else:
            del self._sizes[batch]

    def take(self, run_id: int) -> int | None:
        """It is an ordinary lease from here on, until then; None where it is in no batch."""
        batch = self._of.get(run_id)
        if batch is None:
            return None
        said = self._said.get(run_id)
        self.drop(batch, (run_id,))
        return batch.lease_until if said is None else max(batch.lease_until, said.lease_until)

    def renew(self, run_ids: Iterable[int], worker_id: int, lease_until: int) -> None:
        """Of those named that are in a batch of this worker, the leases last longer."""
        named: dict[Batch, list[int]] = {}
        for run_id in run_ids:
            batch = self._of.get(run_id)
            if batch is not None and batch.worker_id == worker_id and batch.lease_until < lease_until:
                named.setdefault(batch, []).append(run_id)
        for batch, of_batch in named.items():
            some = list(dict.fromkeys(of_batch))
            renewed = replace(batch, run_ids=some, lease_until=lease_until)
            self._of.update(dict.fromkeys(some, renewed))
            self._sizes[renewed] = len(some)
            self._keep(batch, self._sizes[batch] - len(some))

    # -- what they say

    def said(self, run_id: int) -> Said | None:
        return self._said.get(run_id)

    def say(self, run_id: int, seq: int) -> Said:
        """To be changed by the caller. `seq` is that of a run that has said nothing yet."""
        said = self._said.get(run_id)
        if said is None:
            said = self._said[run_id] = Said(seq)
        return said

    def seqs(self, run_ids: Sequence[int], silent: int) -> int | list[int]:
        """The last event number of each, where it is not `silent` for all: that of a run that has said nothing."""
        if not self._said:
            return silent
        said = self._said
        return [silent if (words := said.get(run_id)) is None else words.seq for run_id in run_ids]
