"""Jobs for workers that may open few files."""

import os
from typing import Any

from blazy_jobs import Jobs

jobs = Jobs()


@jobs.job(retry=0)
async def echo(payload: Any) -> Any:
    return payload


@jobs.job(retry=0)
def echo_sync(payload: Any) -> Any:
    return payload


@jobs.job(retry=0, isolation="thread")
def echo_thread(payload: Any) -> Any:
    return payload


def take_all() -> None:
    taken: list[int] = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for descriptor in taken:
            os.close(descriptor)


@jobs.job(retry=0)
async def takes_all(payload: Any) -> None:
    take_all()


@jobs.job(retry=0)
def takes_all_sync(payload: Any) -> None:
    take_all()
