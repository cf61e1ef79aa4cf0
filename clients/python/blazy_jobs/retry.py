"""When a failed attempt is tried again, as it is said in code and sent to the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from blazy_jobs import limits
from blazy_jobs.errors import DefinitionError

Backoff = Literal["exponential", "linear", "fixed"]


@dataclass(frozen=True, kw_only=True)
class Retry:
    """When a failed attempt is tried again; `max_attempts` counts the first one."""

    max_attempts: int = 4
    backoff: Backoff = "exponential"
    initial_seconds: float = 1
    factor: float = 2
    max_seconds: float = 3600
    jitter: bool = True
    on_lost: Literal["retry", "fail"] = "retry"


RetryOption = int | Retry | Mapping[str, Any] | None


def retry_settings(retry: RetryOption) -> int | dict[str, Any] | None:
    """As the API takes it: a number of retries, or settings."""
    if isinstance(retry, Retry):
        return asdict(retry)
    if isinstance(retry, Mapping):
        return dict(retry)
    return retry


def check_retry(retry: RetryOption, about: str) -> None:
    settings = retry_settings(retry)
    if settings is None:
        return
    if not isinstance(settings, dict):
        limits.whole(settings, 0, 999, f"{about} retry")
        return
    for name, value in settings.items():
        what = f"{about} retry's {name}"
        match name:
            case "max_attempts":
                limits.whole(value, 1, 1000, what)
            case "backoff":
                limits.one_of(value, get_args(Backoff), what)
            case "initial_seconds" | "max_seconds":
                limits.number(value, 0, limits.YEAR_SECONDS, what)
            case "factor":
                limits.number(value, 1, 100, what)
            case "jitter":
                if not isinstance(value, bool):
                    raise DefinitionError(f"{what} must be True or False, not {value!r:.200}")
            case "on_lost":
                limits.one_of(value, ("retry", "fail"), what)
            case _:
                raise DefinitionError(f"{about} retry has no setting {name!r}")
