"""A socket of frames on an event loop, for the control process and the host. Sends never wait, reads call back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
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
        self._backlog = bytearray()
        loop.add_reader(sock, self._readable)

    @property
    def backlog_bytes(self) -> int:
        return len(self._backlog)

    def send(self, frame: bytes) -> None:
        """Queues what does not fit into the socket; after the end it is dropped."""
        if self._sock is None:
            return
        if not self._backlog:
            try:
                sent = self._sock.send(frame)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                return  # its reader, or its process's end, says so
            if sent == len(frame):
                return
            frame = frame[sent:]
            self._loop.add_writer(self._sock, self._writable)
        self._backlog += frame

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
        assert self._sock is not None
        try:
            data = self._sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            data = b""
        if not data:
            self._end()
            return False
        try:
            for frame in self._unpacker.feed(data):
                self._on_frame(frame)
        except ValueError:
            self._end()
            return False
        return True

    def _end(self) -> None:
        self.close()
        self._on_end()

    def _writable(self) -> None:
        if self._sock is None:
            return
        with contextlib.suppress(BlockingIOError, InterruptedError):
            try:
                sent = self._sock.send(self._backlog)
            except BrokenPipeError:
                self._backlog.clear()
            else:
                del self._backlog[:sent]
        if not self._backlog:
            self._loop.remove_writer(self._sock)
