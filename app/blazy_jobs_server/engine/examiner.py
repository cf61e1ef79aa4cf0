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
from typing import Any, NamedTuple

import jsonschema_rs
import msgspec
import orjson

from blazy_jobs_server.domain.errors import FieldError
from blazy_jobs_server.engine.explaining import MASK, Explanation, OutOfTime, unexplained
from blazy_jobs_server.engine.schema_cost import DFA_BYTES, MAX_PATTERNS_BYTES

JUDGE_SECONDS = 2.0
EXPLAIN_SECONDS = 1.0
IDLE_SECONDS = 60
MEMORY_BYTES = 1 << 30
STARTING_SECONDS = 10.0
PATIENCE = 10
"""So many times longer it is waited for, where it hardly gets a processor."""
_ENDED_BY_OTHERS = frozenset((0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP, -signal.SIGALRM))
"""Ends of the process that say nothing of the value."""
_PATTERNS = jsonschema_rs.RegexOptions(size_limit=MAX_PATTERNS_BYTES, dfa_size_limit=DFA_BYTES)


class NoTime(Exception):
    """It could not be said here and now: asked again, it may."""


class _Ended(Exception):
    """The process ended without an answer, or was ended for want of one."""

    def __init__(self, status: int | None) -> None:
        """Its exit status, where it ended by itself."""
        super().__init__(status)
        self.status = status
        self.by_the_value = status is not None and status not in _ENDED_BY_OTHERS


class Examined(NamedTuple):
    """`fits` is None where it takes more of the processor or of memory than it may; `seconds` are the processor's."""

    fits: bool | None
    faults: list[FieldError]
    seconds: float


class _Judgement(msgspec.Struct):
    fits: bool
    seconds: float


_decode_judgement = msgspec.json.Decoder(_Judgement).decode
_decode_faults = msgspec.json.Decoder(list[FieldError]).decode


def too_long(path: str) -> FieldError:
    return FieldError(path, f"{MASK} takes too long to check against the schema", "too_complex")


class Examiner:
    """For one thread after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""
        atexit.register(self.close)

    def examine(self, schema: Any, value: Any, path: str | None) -> Examined:
        """What is wrong with a value that stands at `path`, also that it takes too long to say; None: only whether
        something is. Raises NoTime."""
        question = orjson.dumps({"schema": schema, "value": value, "path": path}) + b"\n"
        with self._lock:
            try:
                judgement = _decode_judgement(self._judge(question))
            except _Ended as end:
                if not end.by_the_value:
                    raise NoTime(f"the examiner had no time, or was ended (status {end.status})") from None
                return Examined(None, [] if path is None else [too_long(path)], JUDGE_SECONDS)
            if judgement.fits or path is None:
                return Examined(judgement.fits, [], judgement.seconds)
            try:
                faults = _decode_faults(self._answer(EXPLAIN_SECONDS))
            except _Ended:
                faults = [unexplained(path)]
            return Examined(False, faults, judgement.seconds)

    def _judge(self, question: bytes) -> bytes:
        """Raises _Ended, and NoTime."""
        if self._process is not None:
            try:
                return self._ask(self._process, question)
            except _Ended as end:
                if end.by_the_value or end.status is None:
                    raise
                # It may just have left for want of work.
        return self._ask(self._start(), question)

    def _ask(self, process: subprocess.Popen[bytes], question: bytes) -> bytes:
        """Raises _Ended."""
        assert process.stdin is not None
        try:
            process.stdin.write(question)
            process.stdin.flush()
        except OSError:
            raise _Ended(self._reap()) from None
        return self._answer(JUDGE_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        """Raises NoTime."""
        self.close()
        try:
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "blazy_jobs_server.engine.examiner"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
            self._answer(STARTING_SECONDS)
        except (OSError, _Ended) as error:
            raise NoTime(f"the examiner did not start ({type(error).__name__}: {error})") from None
        return process

    def _answer(self, seconds: float) -> bytes:
        """One line. Raises _Ended."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        until = time.monotonic() + PATIENCE * seconds
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._read:
                if not selector.select(max(0.0, until - time.monotonic())):
                    self.close()
                    raise _Ended(None)
                found = process.stdout.read(1 << 16)
                if not found:
                    raise _Ended(self._reap())
                self._read += found
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _reap(self) -> int | None:
        """The status of a process that has closed its end."""
        process = self._process
        if process is None:
            return None
        try:
            status = process.wait(STARTING_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        self.close()
        return status

    def interrupt(self) -> None:
        """From another thread: what is being examined ends with NoTime."""
        process = self._process
        if process is not None:
            process.kill()

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


def _answer_one(schema: Any, value: Any, path: str | None) -> None:
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, JUDGE_SECONDS)
    validator = jsonschema_rs.Draft202012Validator(schema, pattern_options=_PATTERNS, mask=MASK)
    fits = validator.is_valid(value)
    _say(msgspec.json.encode(_Judgement(fits, time.process_time() - began)) + b"\n")
    if fits or path is None:
        return
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
