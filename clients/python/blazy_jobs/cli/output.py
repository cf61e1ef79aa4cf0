"""Where a command writes: JSON lines for programs, coloured lines and tables for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from blazy_jobs.cli import failures
from blazy_jobs.cli.safe import json_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Part = tuple[str, str]
"""Text that is safe to print, and its style: names of styles, with a blank between."""

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35"}
_CODES["cyan"] = "36"

STATE_STYLES = {
    "scheduled": "cyan",
    "queued": "cyan",
    "running": "blue",
    "retrying": "yellow",
    "completed": "green",
    "failed": "bold red",
    "cancelled": "yellow",
}


class Output:
    """`json`: standard output is for a program, which was asked for or is no terminal."""

    def __init__(self, *, as_json: bool, no_color: bool) -> None:
        self._file = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  # a closed stdout
        self.json = as_json or not self._file.isatty()
        # https://no-color.org: set to anything but nothing. A dumb terminal has no colours either.
        self.color = not (no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb")
        reconfigure = getattr(self._file, "reconfigure", None)
        if reconfigure is not None:
            # JSON is UTF-8 everywhere. A terminal that knows no ✓ shows a question mark.
            reconfigure(**({"encoding": "utf-8"} if self.json else {"errors": "replace"}))

    def record(self, value: Any) -> None:
        """A line of JSON."""
        self._file.write(json_line(value) + "\n")

    def text(self, text: str) -> None:
        """As it is: a file's content."""
        self._file.write(text)

    def line(self, *parts: Part | str) -> None:
        """For people."""
        self._file.write("".join(self._styled(part) for part in parts) + "\n")

    def _styled(self, part: Part | str) -> str:
        text, style = (part, "") if isinstance(part, str) else part
        if not (style and text and self.color):
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in style.split())}m{text}\x1b[0m"

    def note(self, text: str) -> None:
        """Beside the output: on stderr."""
        failures.complain(text)

    @cached_property
    def console(self) -> Console:
        """For tables and bars, with as little of rich as that takes."""
        from rich.console import Console

        return Console(
            file=self._file,
            force_terminal=True,
            color_system="auto" if self.color else None,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def show(self, what: RenderableType) -> None:
        self.console.print(what)

    def parts(self, parts: Sequence[Part | str]) -> Any:
        """The same line as rich takes it."""
        from rich.text import Text

        return Text.assemble(*parts)

    def flush(self) -> None:
        self._file.flush()

    def give_up(self) -> None:
        """What was written is shown as far as it can be."""
        try:
            self._file.flush()
        except OSError:
            failures.pipe_closed()
