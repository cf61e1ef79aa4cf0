"""worker: a worker process for a server anywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from blazy_jobs.cli import failures


def worker(
    modules: Annotated[list[str], typer.Argument(help="MODULE, MODULE:jobs or FILE.py", metavar="MODULE...")],
    url: Annotated[
        str | None, typer.Option(help="The server's address (JOBS_URL)", show_default="http://127.0.0.1:8000")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name in the list of workers")] = None,
    app: Annotated[str | None, typer.Option(help="The app that the modules belong to (JOBS_APP)")] = None,
    build: Annotated[
        str | None, typer.Option(help="Version of the code, to order rolling deploys (JOBS_BUILD)")
    ] = None,
    queues: Annotated[
        list[str] | None,
        typer.Option(
            "--queues",
            "-Q",
            metavar="NAME,...",
            help="Only runs of these queues; repeatable (JOBS_WORKER_QUEUES)",
            show_default="all",
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Number of async handlers at a time (JOBS_WORKER_CONCURRENCY)", show_default="100"
        ),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of sync handlers at a time, each in a process (JOBS_WORKER_SLOTS)",
            show_default="2",
        ),
    ] = None,
) -> None:
    """Run a worker process for a server on any machine."""
    from blazy_jobs.worker.__main__ import run
    from blazy_jobs.worker.settings import read_settings

    try:
        settings = read_settings(
            tuple(modules),
            url,
            None,
            name,
            app=app,
            build=build,
            queues=queues or (),
            concurrency=concurrency,
            slots=slots,
        )
    except ValueError as error:
        failures.complain(str(error))
        raise typer.Exit(failures.USAGE) from None
    raise typer.Exit(run(settings))


def add_to(app: typer.Typer) -> None:
    app.command(
        "worker", epilog="Example: blazy-jobs worker shop.py -Q emails,reports --url http://jobs.internal:8000"
    )(worker)
