"""What the host's runs say, gathered for the next frame. When the loop is blocked, the watchdog speaks for it."""

from __future__ import annotations

import threading

import orjson

from blazy_jobs.worker import frames
from blazy_jobs.worker.frames import pack
from blazy_jobs.worker.standing import Group, Standing


class Mouth:
    """`lock` is held to begin a run, and while a frame is taken and sent."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._items: list[tuple[str, str, int]] = []
        self._reports: list[bytes] = []
        self._groups: list[Group] = []
        """Those that have results which are not told of yet."""
        self.results_bytes = 0

    def put(self, run_id: str, kind: str, report: bytes) -> None:
        with self.lock:
            self._items.append((run_id, kind, len(report)))
            self._reports.append(report)

    def put_result(self, group: Group, standing: Standing, result: bytes) -> None:
        with self.lock:
            if not group.ended:
                self._groups.append(group)
            group.end(standing, result)
            self.results_bytes += len(result)

    def give_back(self, run_id: str, attempt: int, token: str) -> None:
        """With the lock held."""
        report = {"run_id": run_id, "attempt": attempt, "lease_token": token, "type": "released"}
        self._reports.append(orjson.dumps(report))
        self._items.append((run_id, "released", len(self._reports[-1])))

    def next_frames(self) -> bytes:
        """All that was put, with the lock held; nothing where there is nothing."""
        said = []
        if self._items:
            items, self._items = self._items, []
            blob, self._reports = b"".join(self._reports), []
            said.append(pack(frames.WORDS, {"items": items}, blob))
        if self._groups:
            groups, self._groups, self.results_bytes = self._groups, [], 0
            said += [pack(frames.ENDED, *group.take_ended()) for group in groups]
        return b"".join(said)
