"""Jobs that leave a trace of having begun."""

from pathlib import Path

from blazy_jobs import Jobs

jobs = Jobs()


@jobs.job(retry=0)
async def notes(payload: str) -> None:
    Path(payload).touch()


@jobs.job(retry=0)
def notes_sync(payload: str) -> None:
    Path(payload).touch()
