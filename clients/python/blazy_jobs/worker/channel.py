"""A socket of frames on an event loop, for the control process and the host. Sends never wait, reads call back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable

from blazy_jobs.worker.frames import Frame, Unpacker

READ_BYTES = 128 * 1024


class Channel:
    """`on_frame` for each frame, `on_end` once: the other side has closed, or sent what is no frame."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_frame: Callable[[Frame], None],
        on_end: Callable[[], None],
    ) -> None:
        sock.setblocking(False)
        self._loop = loop
        self._sock: socket.socket | None = sock
        self._on_frame = on_frame
        self._on_end = on_end
        self._unpacker = Unpacker()
        self._lock = threading.Lock()
        self._backlog = bytearray()
        self._late: list[Frame] = []
        loop.add_reader(sock, self._readable)

    @property
    def backlog_bytes(self) -> int:
        return len(self._backlog)

    def send(self, frame: bytes) -> None:
        """Queues what does not fit into the socket; after the end it is dropped."""
        with self._lock:
            if self._sock is not None and self._send_some(frame):
                self._loop.add_writer(self._sock, self._writable)

    def send_from_outside(self, frame: bytes) -> None:
        """As `send`, from another thread."""
        with self._lock:
            if self._sock is not None and self._send_some(frame):
                self._loop.call_soon_threadsafe(self._write_on)

    def read_from_outside(self, take: Callable[[Frame], bool]) -> None:
        """Reads, from another thread, what has come while the loop does not turn. Frames that `take` leaves alone wait
        for the loop."""
        with self._lock:
            if self._sock is None:
                return
            with contextlib.suppress(OSError):  # nothing there, or an end that the loop will see
                while data := self._sock.recv(READ_BYTES, socket.MSG_DONTWAIT):
                    self._late.extend(frame for frame in self._unpacker.feed(data) if not take(frame))
            if self._late:
                self._loop.call_soon_threadsafe(self._hear_late)

    def drain(self) -> None:
        """Reads at once what the other side has sent so far."""
        while self._sock is not None and self._read():
            pass

    def close(self) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
            sock.close()

    def _readable(self) -> None:
        self._read()

    def _read(self) -> bool:
        """Whether there may be more."""
        with self._lock:
            more, ended = self._receive()
            read, self._late = self._late, []
        for frame in read:
            self._on_frame(frame)
        if ended:
            self._end()
        return more

    def _receive(self) -> tuple[bool, bool]:
        """Whether there may be more, and whether this was the end."""
        if self._sock is None:
            return False, False
        try:
            data = self._sock.recv(READ_BYTES)
            for frame in self._unpacker.feed(data):
                self._late.append(frame)
        except (BlockingIOError, InterruptedError):
            return False, False
        except (OSError, ValueError):
            return False, True
        return bool(data), not data

    def _hear_late(self) -> None:
        with self._lock:
            late, self._late = self._late, []
        for frame in late:
            self._on_frame(frame)

    def _send_some(self, frame: bytes) -> bool:
        """Whether the loop has to write on from here."""
        assert self._sock is not None
        waits = bool(self._backlog)
        if not waits:
            try:
                sent = self._sock.send(frame)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                return False  # its reader, or its process's end, says so
            frame = frame[sent:]
        self._backlog += frame
        return bool(frame) and not waits

    def _write_on(self) -> None:
        if self._sock is not None and self._backlog:
            self._loop.add_writer(self._sock, self._writable)

    def _end(self) -> None:
        self.close()
        self._on_end()

    def _writable(self) -> None:
        if self._sock is None:
            return
        with self._lock:
            with contextlib.suppress(BlockingIOError, InterruptedError):
                try:
                    sent = self._sock.send(self._backlog)
                except BrokenPipeError:
                    self._backlog.clear()
                else:
                    del self._backlog[:sent]
            if not self._backlog:
                self._loop.remove_writer(self._sock)
