"""The main job on one machine, on real input, in half a minute; then the server goes on for the person to use.

Exit codes: 0 all went as expected, 1 something did not, or it could not start, 130 Ctrl-C before the end.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from blazy_jobs import Client

from examples.demo.acts import ACTS, Stage
from examples.demo.material import MailSink, OrdersServer, fill_log
from examples.demo.screen import Screen
from examples.demo.server import DEFAULT_PORT, HOST, DataInUse, PortTaken, Server, ServerFailed, free_port
from examples.demo.web_app import WebApp

STOPPED = 130
DATABASE = "shop.db"
DATA = Path("demo-data")
"""Not the server's own default: the examples' job types and schedules stay out of the person's first server."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler)
    screen = Screen()
    try:
        return demonstrate(screen, once=options.once, wanted_port=options.port)
    except (PortTaken, ServerFailed) as failure:
        screen.line(str(failure), "bold red")
        return 1
    except BrokenPipeError:
        # Nobody reads any more; the interpreter's last flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        screen.line("\nStopped before the end.", "yellow")
        return STOPPED


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="end after the demonstrations; the data is thrown away")
    parser.add_argument("--port", type=int, help="the server's port (8000, or the next free one)")
    return parser.parse_args(arguments)


def demonstrate(screen: Screen, *, once: bool, wanted_port: int | None) -> int:
    started = time.monotonic()
    port = free_port(wanted_port)
    if wanted_port is None and port != DEFAULT_PORT:
        screen.line(f"Port {DEFAULT_PORT} is taken; the server uses {port}.", "yellow")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blazy-jobs-demo-")))
        mail = stack.enter_context(MailSink())
        orders = stack.enter_context(OrdersServer())
        app = stack.enter_context(WebApp(folder))
        data = [folder / "data"] if once else [DATA.resolve(), folder / "data"]
        server = start(screen, stack, port, data, settings(folder, mail))
        client = stack.enter_context(Client(server.url))
        stage = Stage(client, screen, mail, orders, app, database=folder / DATABASE, reports=folder)
        stage.end_leftovers()
        fill_log(stage.database)
        for act in ACTS:
            stage.perform(act)
            server.check()
        screen.verdict(stage.failures, time.monotonic() - started)
        if stage.failures:
            screen.line(server.last_words("may know more"))
        if not once:
            serve_on(server, screen)
        return 1 if stage.failures else 0


def start(screen: Screen, stack: ExitStack, port: int, folders: list[Path], environment: dict[str, str]) -> Server:
    """A server on the first of the data folders that no other server owns. Raises `ServerFailed`."""
    for data in folders:
        server = Server(port=port, data=data, environment=environment)
        stack.callback(server.stop)
        screen.line(f"$ {server.command_line}", "dim")
        try:
            server.start()
        except DataInUse:
            if data is folders[-1]:
                raise
            screen.line(f"Another server works on {data}; this one gets a folder that is thrown away.", "yellow")
        else:
            break
    return server


def follow_all(url: str, screen: Screen) -> None:
    """The events of whatever the person dispatches. Ends with the process."""
    for event in Client(url).events():
        screen.event(f"{event.job_type} {event.run_id} {event.seq:>3}", event)


def serve_on(server: Server, screen: Screen) -> None:
    """Until Ctrl-C. Raises `ServerFailed` when the server ends by itself."""
    try:
        screen.invite(server.url, server.log_path)
        threading.Thread(target=follow_all, args=(server.url, screen), daemon=True).start()
        server.wait()
    except KeyboardInterrupt:
        return


def settings(folder: Path, mail: MailSink) -> dict[str, str]:
    """What the example jobs ask of their environment; of the server a short farewell, and that it may call here."""
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail.port),
        "SHOP_DATABASE": str(folder / DATABASE),
        "REPORTS_DIR": str(folder),
        "JOBS_DRAIN_SECONDS": "3",
        "JOBS_HTTP_ALLOW": f"{HOST}/32",
    }


if __name__ == "__main__":
    sys.exit(main())
