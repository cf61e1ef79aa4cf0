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
        """Those that have words or results which are not told of yet."""
        self.results_bytes = 0
        """And words."""

    def put(self, run_id: str, kind: str, report: bytes) -> None:
        with self.lock:
            self._items.append((run_id, kind, len(report)))
            self._reports.append(report)

    def put_words(self, group: Group, standing: Standing, number: int, words: bytes) -> None:
        """Of a run of a group: so many, with commas between."""
        if number:
            with self.lock:
                self._say(group, standing, number, words)

    def put_result(self, group: Group, standing: Standing, number: int, words: bytes, result: bytes) -> None:
        """It has completed, and said that before."""
        with self.lock:
            if number:
                self._say(group, standing, number, words)
            elif group.silent:
                self._groups.append(group)
            group.end(standing, result)
            self.results_bytes += len(result)

    def _say(self, group: Group, standing: Standing, number: int, words: bytes) -> None:
        if group.silent:
            self._groups.append(group)
        group.say(standing, number, words)
        self.results_bytes += len(words)

    def give_back(self, run_id: str, attempt: int, token: str) -> None:
        """With the lock held."""
        report = {"run_id": run_id, "attempt": attempt, "lease_token": token, "type": "released"}
        self._reports.append(orjson.dumps(report))
        self._items.append((run_id, "released", len(self._reports[-1])))

    def next_frames(self) -> bytes:
        """All that was put, with the lock held; nothing where there is nothing."""
        said = []
        groups, self._groups, self.results_bytes = self._groups, [], 0
        for group in groups:  # words go before what ends their runs, here or there
            header, words = group.take_spoken()
            if words:
                said.append(pack(frames.SPOKEN, header, words))
        if self._items:
            items, self._items = self._items, []
            blob, self._reports = b"".join(self._reports), []
            said.append(pack(frames.WORDS, {"items": items}, blob))
        said += [pack(frames.ENDED, *group.take_ended()) for group in groups if group.ended]
        return b"".join(said)
