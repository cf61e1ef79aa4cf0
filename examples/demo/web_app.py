"""The web app of examples/web_app.py, as a process of its own."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

from examples.demo.server import HOST, ROOT, own_settings_only

STOP_SECONDS = 5


class WebApp:
    """It listens from the beginning on; what is sent there waits until `start`, as its secrets come from the server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._socket = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def start(self, secrets: Sequence[str]) -> None:
        descriptor = self._socket.fileno()
        command = [sys.executable, "-m", "uvicorn", "examples.web_app:app", "--fd", str(descriptor)]
        with (self.folder / "web-app.log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=own_settings_only(os.environ)
                | {"JOBS_SIGNING_SECRET": " ".join(secrets), "INVOICES_DIR": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[descriptor],
                process_group=0,  # Ctrl-C is for the demo
            )

    def told_of(self, run_id: str, seconds: float) -> list[str]:
        """The types of the events that the webhook has brought of a run, as soon as there is one."""
        until = time.monotonic() + seconds
        while not (types := self._ledger(run_id)) and time.monotonic() < until:
            time.sleep(0.05)
        return types

    def _ledger(self, run_id: str) -> list[str]:
        path = self.folder / "ledger.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").fetchone():
                return []
            return [kind for (kind,) in db.execute("SELECT type FROM ledger WHERE run_id = ?", (run_id,))]
