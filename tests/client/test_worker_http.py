"""The worker's one connection, where nobody answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from blazy_jobs.worker.http import Connection, Endpoint, Unanswered


@pytest.mark.parametrize("turns", range(8))
async def test_a_cancel_is_heard_at_whatever_step_a_failing_connection_is(tmp_path: Path, turns: int) -> None:
    connection = Connection(Endpoint(None, str(tmp_path / "nobody.sock")))
    tries = 0

    async def try_again() -> None:
        nonlocal tries
        while tries < 100:
            tries += 1
            with pytest.raises(Unanswered):
                await connection.request("POST", "/v1/workers", b"{}", 5)
            await asyncio.sleep(0)

    trying = asyncio.create_task(try_again())
    for _ in range(turns):
        await asyncio.sleep(0)
    trying.cancel()
    await asyncio.wait([trying])
    assert trying.cancelled(), f"it went on for {tries} tries"
