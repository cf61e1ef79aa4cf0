"""Where a server listens, and what it may listen with: its addresses, the socket of its pool, its data folder and its
root key."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import stat
import tempfile
from pathlib import Path

from blazy_jobs_server.settings import Settings

POOL_SOCKET = "pool.sock"
MAX_SOCKET_PATH = 100
MIN_ROOT_KEY_CHARACTERS = 16


class StartFailed(Exception):
    """The server cannot start; the message says why, and what to do."""


def bind(settings: Settings) -> socket.socket:
    """The listening socket. Raises StartFailed."""
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise StartFailed(f"{settings.host} is not an address of this machine: {error}") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartFailed(
                f"port {settings.port} of {settings.host} is taken: stop what listens there, or choose another "
                "with --port (0: any free one)."
            ) from error
        raise StartFailed(f"cannot listen on {settings.host}:{settings.port}: {error}") from error
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(str(item[4][0]).startswith("127.") or item[4][0] == "::1" for item in found)


def open_to_all(host: str) -> str:
    return (
        f"without an API key the server listens on loopback only, not on {host}: set JOBS_API_KEY to a "
        "long random word (for a container: -e JOBS_API_KEY=...) or JOBS_API_KEY_FILE to a file that holds it, "
        "or leave --host at 127.0.0.1."
    )


def fits_root_key(text: str, settings: Settings) -> bool:
    return bool(text) and (len(text) >= MIN_ROOT_KEY_CHARACTERS or is_loopback(settings.host))


def check_root_key(settings: Settings) -> None:
    """One that could be guessed is for the machine itself. Raises StartFailed."""
    key = settings.api_key
    if key is None or fits_root_key(key.get_secret_value(), settings):
        return
    raise StartFailed(
        f"the key of JOBS_API_KEY or JOBS_API_KEY_FILE has fewer than {MIN_ROOT_KEY_CHARACTERS} characters, too few "
        f"for a server on {settings.host}: set a long random one (openssl rand -hex 32), or leave --host at "
        "127.0.0.1."
    )


def home(data: Path) -> str:
    """The name of this server's place, the same for the next server in the same data folder. Raises StartFailed."""
    path = data / "home"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(secrets.token_hex(16))
        return path.read_text()
    except OSError as error:
        raise StartFailed(f"{data} cannot be used as the data folder: {error.strerror}") from error


def pool_socket_path(data: Path) -> Path:
    """In the data folder; where that makes too long an address for a Unix socket (unix(7)), in a private temporary
    folder, to which a link in the data folder leads, so that the workers of a killed server find the next one."""
    path = data / POOL_SOCKET
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        return path
    if path.is_symlink():
        target = Path(os.readlink(path))
        with contextlib.suppress(FileNotFoundError):
            found = target.parent.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077:
                return target
    path.unlink(missing_ok=True)
    target = Path(tempfile.mkdtemp(prefix="jobs-")) / POOL_SOCKET
    path.symlink_to(target)
    return target
