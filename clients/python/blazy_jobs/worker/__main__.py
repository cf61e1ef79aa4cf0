"""`python -m blazy_jobs.worker MODULE[:attribute] | FILE.py ... (--url URL | --socket PATH) [--name NAME] ...`"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from blazy_jobs.worker.control import Control
from blazy_jobs.worker.logs import report_error
from blazy_jobs.worker.settings import Settings, read_settings


def run(settings: Settings) -> int:
    """Works until told to stop; the exit code."""
    # What a handler dispatches, and what the programs do that it starts, goes to the server whose runs these are.
    os.environ["JOBS_URL"] = settings.address.url
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_run(settings))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    asyncio.get_running_loop().set_exception_handler(report_error)
    return await Control(settings).run()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m blazy_jobs.worker", description="A worker process.")
    parser.add_argument("modules", nargs="+", metavar="MODULE[:attribute] | FILE.py")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--url", help="the server's address (default: JOBS_URL or http://127.0.0.1:8000)")
    place.add_argument("--socket", help="the Unix socket of a server on this machine, for its own pool")
    parser.add_argument("--name", help="what the server's list of workers shows")
    parser.add_argument("--app", help="the app that the modules belong to (default: JOBS_APP or 'default')")
    parser.add_argument("--build", help="of the code: a newer one holds while its workers are there (JOBS_BUILD)")
    parser.add_argument("--start", help="names what started this process with others, for a server's pool")
    parser.add_argument("-Q", "--queues", action="append", default=[], help="only runs of these (JOBS_WORKER_QUEUES)")
    parser.add_argument("--concurrency", type=int, help="async handlers at a time (JOBS_WORKER_CONCURRENCY)")
    parser.add_argument("--slots", type=int, help="sync handlers at a time, a process each (JOBS_WORKER_SLOTS)")
    given = parser.parse_args(arguments)
    try:
        settings = read_settings(
            tuple(given.modules),
            given.url,
            given.socket,
            given.name,
            app=given.app,
            build=given.build,
            start=given.start,
            queues=given.queues,
            concurrency=given.concurrency,
            slots=given.slots,
        )
    except ValueError as error:
        parser.error(str(error))
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
