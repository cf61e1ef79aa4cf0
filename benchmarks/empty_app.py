"""The baseline of dispatch: a FastAPI route with body and response models that does nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel


class Dispatch(BaseModel):
    payload: dict[str, Any]


class Run(BaseModel):
    id: str
    job_type: str
    state: str
    payload: dict[str, Any]


app = FastAPI()


@app.post("/v1/job-types/{name}/runs", status_code=202)
async def dispatch(name: str, body: Dispatch) -> Run:
    return Run(id="run_0123456789abc", job_type=name, state="queued", payload=body.payload)


class Announcing(uvicorn.Server):
    """Writes its URL to a descriptor once it listens."""

    ready = -1

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets
        os.write(self.ready, f"http://127.0.0.1:{sockets[0].getsockname()[1]}\n".encode())
        os.close(self.ready)


async def main(ready: int) -> None:
    """With uvicorn's settings as the server has them."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", access_log=False, log_level="warning")
    server = Announcing(config)
    server.ready = ready
    await server.serve([listener])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
