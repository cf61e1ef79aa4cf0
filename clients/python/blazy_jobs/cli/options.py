"""The options that every command takes, before or after its name, and kinds of values that several take."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazy_jobs.cli import failures

if TYPE_CHECKING:
    from blazy_jobs.cli.session import Session

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="The server's address. [env: JOBS_URL]")]
ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", metavar="KEY", help="Better in the environment, out of sight. [env: JOBS_API_KEY]"),
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines also on a terminal; in a pipe they come anyway.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours. [env: NO_COLOR]")]

_SHARED: dict[str, Any] = {"url": Url, "api_key": ApiKey, "as_json": Json, "no_color": NoColor}


@dataclass(frozen=True)
class Given:
    """The shared options. Those of an inner command win over those before it."""

    url: str | None = None
    api_key: str | None = None
    as_json: bool = False
    no_color: bool = False

    def over(self, outer: Given | None) -> Given:
        if outer is None:
            return self
        return Given(
            self.url or outer.url,
            self.api_key or outer.api_key,
            self.as_json or outer.as_json,
            self.no_color or outer.no_color,
        )


def at_server(work: Callable[..., int | None]) -> Callable[..., None]:
    """A command out of `work(session, ...)`, which takes the shared options besides its own.

    What `work` returns is the exit code; what it raises becomes one line on stderr. Of a group, `work` is done only
    when no command follows.
    """

    def command(ctx: typer.Context, **values: Any) -> None:
        given = Given(*(values.pop(name) for name in _SHARED)).over(ctx.obj)
        ctx.obj = given
        if ctx.invoked_subcommand is None:
            raise typer.Exit(_perform(work, given, values))

    known = inspect.signature(work, eval_str=True)
    own = [parameter for name, parameter in known.parameters.items() if name != "session"]
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=kind,
            default=None if name in ("url", "api_key") else False,
        )
        for name, kind in _SHARED.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *shared]
    command.__name__, command.__doc__ = work.__name__, work.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as inspect reads it
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _perform(work: Callable[..., int | None], given: Given, values: dict[str, Any]) -> int:
    from blazy_jobs.cli.session import Session

    session: Session | None = None
    try:
        session = Session(given)
        code = work(session, **values) or failures.DONE
        session.out.flush()
    except KeyboardInterrupt:
        if session is not None and session.way_back:
            failures.complain(session.way_back)
        return failures.INTERRUPTED
    except BrokenPipeError:
        failures.pipe_closed()
        return failures.BROKEN_PIPE
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:  # noqa: BLE001  # it becomes the line and the exit code
        code, text = failures.explain(error, session.url if session else "the server")
        failures.complain(text)
        if session is not None:
            session.out.give_up()
    finally:
        if session is not None:
            session.close()
    return code


# -- kinds of values


class State(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class EventType(StrEnum):
    QUEUED = "queued"
    STARTED = "started"
    PROGRESS = "progress"
    LOG = "log"
    RETRYING = "retrying"
    INTERRUPTED = "interrupted"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(text: str) -> float:
    """Seconds of `90`, `1.5`, `30s`, `10m`, `2h`, `1d`."""
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)([smhd]?)", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no duration; write seconds, or 30s, 10m, 2h, 1d")
    return float(found[1]) * _UNITS[found[2]]


def identifier(text: str, what: str) -> str:
    """What can be a name or an id, and so stand in a path. Raises Unusable."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}", text):
        raise failures.Unusable(f"{text!r} is not {what}")
    return text


def header_text(text: str, what: str, most: int = 255) -> str:
    """What can be a header's value. Raises Unusable, which does not say the text: it may be a key."""
    if not re.fullmatch(rf"[\x20-\x7e]{{1,{most}}}", text) or text != text.strip():
        raise failures.Unusable(f"{what} must be 1 to {most} characters of plain ASCII, without blanks at its ends")
    return text
