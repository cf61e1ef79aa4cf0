"""Debian's nginx before a server, with the settings of deploy/nginx.conf, below a path."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.server import REPO, wait_until

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


def executable() -> str | None:
    """TEST_NGINX names another one."""
    return os.environ.get("TEST_NGINX") or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def site_of(prefix: str, port: int, root: str, *, keep: bool) -> str:
    """deploy/nginx.conf for one server below `prefix`, which the server sees if it is kept."""
    text = (REPO / "deploy" / "nginx.conf").read_text()
    text = re.sub(r"server 127\.0\.0\.1:8000;.*", f"server {urlsplit(root).netloc};", text)
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    text = text.replace("location / {", f"location {prefix}/ {{")
    return text if keep else text.replace("proxy_pass http://blazy_jobs;", "proxy_pass http://blazy_jobs/;")


@contextlib.contextmanager
def below(command: str, folder: Path, prefix: str, root: str, port: int, *, keep: bool = False) -> Iterator[str]:
    path = folder / "nginx.conf"
    path.write_text(CONFIGURATION.format(folder=folder, site=site_of(prefix, port, root, keep=keep)))
    process = subprocess.Popen([command, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(path)])

    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError((folder / "error.log").read_text())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False

    try:
        wait_until(answers, "nginx listens")
        yield f"http://127.0.0.1:{port}{prefix}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
