"""What goes wrong, as one line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from blazy_jobs.cli.safe import safe

if TYPE_CHECKING:
    from blazy_jobs.errors import ApiError

DONE = 0
FAILED = 1
"""The run failed or was cancelled, or the server refused."""
USAGE = 2
UNREACHABLE = 3
INTERRUPTED = 130
BROKEN_PIPE = 141

SERVER_DISTRIBUTION = "blazy-jobs-server"
_GATEWAYS = (502, 504)


class Unusable(Exception):
    """What was given on the command line cannot be used."""


def missing(what: str) -> str:
    return f"{what} belongs to the server; install it with: pip install {SERVER_DISTRIBUTION}"


def complain(text: str) -> None:
    """On stderr, as one line that cannot harm a terminal."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(f"blazy-jobs: {safe(text)}\n")
            sys.stderr.flush()
        except OSError:  # nobody listens, and the exit code says it too
            pass


def explain(error: Exception, url: str) -> tuple[int, str]:
    """The exit code, and what to say."""
    from blazy_jobs.errors import ApiError, ConnectionFailed

    if isinstance(error, Unusable):
        return USAGE, str(error)
    if isinstance(error, ConnectionFailed):
        return UNREACHABLE, f"cannot reach {url}: {str(error).removeprefix(f'{url}: ')}"
    if isinstance(error, ApiError):
        if error.status in _GATEWAYS and error.code == "http_error":
            return UNREACHABLE, f"cannot reach the server behind {url}: {error.status} {error.detail}"
        return FAILED, f"{error.code}: {_detail(error)}{_hint(error)}"
    if isinstance(error, OSError):
        return FAILED, str(error)
    return (
        UNREACHABLE,
        f"{url} answers what no Blazy Jobs server of this version says ({type(error).__name__}: {error})",
    )


def _detail(error: ApiError) -> str:
    """Each place that is invalid; the detail before them where it says more than the first of them."""
    places = [f"{item.get('path') or '/'}: {item.get('message', '')}" for item in error.errors]
    if places and error.detail.startswith(str(error.errors[0].get("path") or "/")):
        return "; ".join(places)
    return "; ".join([error.detail, *places])


def _hint(error: ApiError) -> str:
    return " (the key is read from JOBS_API_KEY or JOBS_API_KEY_FILE)" if error.status == 401 else ""


def pipe_closed() -> None:
    """Nobody reads stdout any more: what is left to be flushed at the end goes nowhere, without a word."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # no real file
        pass
    finally:
        os.close(nowhere)
