"""What makes a command out of the work that it does at a server."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import typer

from blazy_jobs.cli import failures
from blazy_jobs.cli.options import SHARED, Given
from blazy_jobs.cli.session import Session


def at_server(work: Callable[..., int | None]) -> Callable[..., None]:
    """A command out of `work(session, ...)`, which takes the shared options besides its own.

    What `work` returns is the exit code; what it raises becomes one line on stderr. Of a group, `work` is done only
    when no command follows.
    """

    def command(ctx: typer.Context, **values: Any) -> None:
        given = Given(*(values.pop(name) for name in SHARED)).over(ctx.obj)
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
        for name, kind in SHARED.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *shared]
    command.__name__, command.__doc__ = work.__name__, work.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as inspect reads it
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _perform(work: Callable[..., int | None], given: Given, values: dict[str, Any]) -> int:
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
