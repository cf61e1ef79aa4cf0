"""Jobs that end as their payload says."""

from typing import Any

from blazy_jobs import Jobs, RetryAfter, Snooze

jobs = Jobs()


def end(payload: str) -> Any:
    match payload:
        case "snoozed":
            raise Snooze(5)
        case "failed":
            raise KeyError("id")
        case "too late":
            raise RetryAfter(1_790_000_000)
        case "changed":
            error = Snooze(1)
            error.seconds = 400 * 86_400.0
            raise error
    return "ended"


@jobs.job(retry=0)
async def ends(payload: str) -> Any:
    return end(payload)


@jobs.job(retry=0)
def ends_sync(payload: str) -> Any:
    return end(payload)
