"""A Node process with the official BullMQ package, told what to do (node/agent.mjs)."""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("node")


class NodeFailed(Exception):
    pass


class NodeAgent:
    def __init__(self, redis_url: str) -> None:
        self._env = {**os.environ, "REDIS_URL": redis_url, "NODE_NO_WARNINGS": "1"}
        self._numbers = itertools.count(1)
        self._answers: dict[int, queue.SimpleQueue[Any]] = {}
        self.news: list[Any] = []
        self._told = threading.Condition()

    def __enter__(self) -> NodeAgent:
        self._process = subprocess.Popen(
            ["node", "agent.mjs"], cwd=FOLDER, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.heard(lambda news: news["news"] == "ready")
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def kill(self) -> None:
        """SIGKILL: what it had in hand is nobody's."""
        self._process.kill()
        self._process.wait(30)
        self._reader.join(30)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "ask" in said:
                self._answers[said["ask"]].put(said)
            else:
                with self._told:
                    self.news.append(said)
                    self._told.notify_all()

    def ask(self, command: str, *, seconds: float = 30, **arguments: Any) -> Any:
        return self.later(command, **arguments)(seconds)

    def later(self, command: str, **arguments: Any) -> Callable[[float], Any]:
        """Asked now; the answer is waited for by calling what is returned."""
        number = next(self._numbers)
        box: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answers[number] = box
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"ask": number, "command": command, **arguments}) + "\n")
        self._process.stdin.flush()

        def answer(seconds: float = 30) -> Any:
            said = box.get(timeout=seconds)
            if "error" in said:
                raise NodeFailed(said["error"])
            return said["answer"]

        return answer

    def heard(self, wanted: Callable[[Any], bool], seconds: float = 30) -> Any:
        """The first news like that, which may have come already."""
        deadline = time.monotonic() + seconds
        with self._told:
            while True:
                found = next((news for news in self.news if wanted(news)), None)
                if found is not None:
                    return found
                if not self._told.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"not heard within {seconds:g} s; news: {self.news[-10:]}")
