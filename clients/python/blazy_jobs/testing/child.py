"""The server's process: `python -m blazy_jobs.testing.child LIFELINE serve ...`. It ends when its parent does."""

from __future__ import annotations

import os
import sys
import threading


def main(arguments: list[str]) -> None:
    """`LIFELINE` is a pipe's descriptor that the parent holds the other end of."""
    from blazy_jobs.cli import main as command

    lifeline = int(arguments[0])
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    sys.argv[1:] = arguments[1:]
    command()


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
