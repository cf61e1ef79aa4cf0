"""A TCP proxy in a thread, between a client and its server, that breaks connections as a network does."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Proxy:
    """Listens at `url` as soon as it is entered. Each method may be called from the test's thread."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.swallow_answers = 0
        """So many connections carry their first request on and are cut when its answer comes."""
        self.cut_after_bytes: int | None = None
        """Answers are cut once so many bytes of them have passed on a connection."""
        self.connections = 0
        self._pairs: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connected, "127.0.0.1", 0), self._loop
        ).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """Breaks every connection that there is now."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in list(self._pairs):
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there: asyncio.StreamWriter | None = None
        self._pairs.add(writer)
        try:
            answers, there = await asyncio.open_connection("127.0.0.1", self.upstream_port)
            self._pairs.add(there)
            swallow, self.swallow_answers = self.swallow_answers > 0, max(0, self.swallow_answers - 1)
            asking = asyncio.create_task(self._pump(reader, there))
            try:
                await self._answer(answers, writer, swallow)
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        except OSError:
            return
        finally:
            for end in (writer, there):
                if end is not None:
                    self._pairs.discard(end)
                    end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
            sink.write_eof()

    async def _answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, swallow: bool) -> None:
        passed = 0
        while chunk := await source.read(65536):
            if swallow:
                return
            if self.cut_after_bytes is not None and passed + len(chunk) > self.cut_after_bytes:
                sink.write(chunk[: max(0, self.cut_after_bytes - passed)])
                await sink.drain()
                return
            sink.write(chunk)
            await sink.drain()
            passed += len(chunk)
