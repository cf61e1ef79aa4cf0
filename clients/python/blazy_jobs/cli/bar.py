"""The live bar of one run."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TimeElapsedColumn
from rich.text import Text

from blazy_jobs.cli.output import STATE_STYLES


class _Field(ProgressColumn):
    """A field of the task as plain text, in one line whatever it says."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def render(self, task: Task) -> Text:
        text = str(task.fields[self._name])
        if self._name == "percent":
            text = f"{text:>5}"
        style = STATE_STYLES.get(text, "") if self._name == "state" else ""
        return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def progress_bar(console: Console) -> Progress:
    columns = (_Field("state"), BarColumn(24), _Field("percent"), TimeElapsedColumn(), _Field("message"))
    return Progress(*columns, console=console, transient=True)
