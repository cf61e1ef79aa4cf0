"""A process that looks at values which may take long: it can be ended, as a thread cannot, and has a memory of its own.

It is started when first needed, does one thing at a time, and leaves after a while without work. It speaks JSON, a line
for each question and each answer, and ends itself (`setitimer`) when its time is over: that of the processor, so that a
busy machine changes no answer.
"""

from __future__ import annotations

import atexit
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import jsonschema_rs
import msgspec
import orjson

from blazy_jobs_server.domain.errors import FieldError
from blazy_jobs_server.engine.explaining import MASK, Explanation, OutOfTime
from blazy_jobs_server.engine.schema_cost import DFA_BYTES, MAX_PATTERNS_BYTES

JUDGE_SECONDS = 2.0
EXPLAIN_SECONDS = 1.0
IDLE_SECONDS = 60
MEMORY_BYTES = 1 << 30
STARTING_SECONDS = 10.0
PATIENCE = 5
"""So many times longer it is waited for, where it hardly gets a processor."""
_PATTERNS = jsonschema_rs.RegexOptions(size_limit=MAX_PATTERNS_BYTES, dfa_size_limit=DFA_BYTES)
_decode = msgspec.json.Decoder(list[FieldError]).decode


class Ended(Exception):
    """The process ended without an answer."""


def not_looked_at(path: str) -> FieldError:
    return FieldError(path, "cannot be validated now: too many slow validations are pending", "too_busy")


def too_long(path: str) -> FieldError:
    return FieldError(path, f"{MASK} takes too long to validate against the schema", "too_complex")


class Examiner:
    """For one thread after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""
        atexit.register(self.close)

    def examine(self, schema: Any, value: Any, path: str) -> list[FieldError]:
        """What is wrong with a value that stands at `path`, also that it takes too long to say; empty where nothing
        is."""
        question = orjson.dumps({"schema": schema, "value": value, "path": path}) + b"\n"
        with self._lock:
            try:
                verdict = self._ask(question)
                return [] if verdict == b"true" else _decode(self._answer(EXPLAIN_SECONDS))
            except Ended:
                return [too_long(path)]

    def _ask(self, question: bytes) -> bytes:
        """Raises Ended."""
        process = self._process
        if process is None or process.poll() is not None:
            self.close()
            process = self._process = self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(question)
            process.stdin.flush()
        except OSError:
            self.close()
            raise Ended from None
        return self._answer(JUDGE_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        """Raises Ended."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "blazy_jobs_server.engine.examiner"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError:
            raise Ended from None
        self._process = process
        self._answer(STARTING_SECONDS)
        return process

    def _answer(self, seconds: float) -> bytes:
        """One line. Raises Ended."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        until = time.monotonic() + PATIENCE * seconds
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._read:
                ready = selector.select(max(0.0, until - time.monotonic()))
                found = process.stdout.read(1 << 16) if ready else b""
                if not found:
                    self.close()
                    raise Ended
                self._read += found
        line, _, self._read = self._read.partition(b"\n")
        return line

    def close(self) -> None:
        process, self._process = self._process, None
        self._read = b""
        if process is not None:
            process.kill()
            process.communicate()


# -- in the process


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    sys.setrecursionlimit(20_000)
    _say(b"ready\n")
    while True:
        signal.setitimer(signal.ITIMER_REAL, IDLE_SECONDS)
        question = sys.stdin.buffer.readline()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not question.endswith(b"\n"):
            return
        _answer_one(**orjson.loads(question))
        signal.setitimer(signal.ITIMER_PROF, 0)


def _answer_one(schema: Any, value: Any, path: str) -> None:
    signal.setitimer(signal.ITIMER_PROF, JUDGE_SECONDS)
    validator = jsonschema_rs.Draft202012Validator(schema, pattern_options=_PATTERNS, mask=MASK)
    if validator.is_valid(value):
        _say(b"true\n")
        return
    _say(b"false\n")
    signal.setitimer(signal.ITIMER_PROF, 2 * EXPLAIN_SECONDS)
    until = time.process_time() + EXPLAIN_SECONDS

    def tick() -> None:
        if time.process_time() > until:
            raise OutOfTime

    _say(orjson.dumps(msgspec.to_builtins(Explanation(schema, _PATTERNS, tick).faults(value, path))) + b"\n")


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
