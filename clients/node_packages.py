"""Installs the Node packages that a folder's package-lock.json names, once for each version of that file.

    python clients/node_packages.py FOLDER

Processes that do it at the same time wait for one another. Node's own packages may run no scripts.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class NotInstalled(Exception):
    """npm's own words."""


def node_is_there() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


def install(folder: Path) -> None:
    """Raises NotInstalled."""
    with (folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock.read()).hexdigest()
        complete = folder / "node_modules" / ".complete"  # npm's own mark is there before all files are
        if complete.exists() and complete.read_text() == wanted:
            return
        done = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotInstalled(f"the packages of {folder} cannot be installed: {done.stderr.strip()}")
        complete.write_text(wanted)


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]))
    except NotInstalled as error:
        sys.exit(str(error))
