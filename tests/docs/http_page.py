"""docs/http.md, run: each command against a real server, each answer beside the one that the page shows.

`python -m tests.docs.http_page` writes the answers anew. A page's ids, tokens and cursors stand for those of the run at
hand, in its commands too. Where an object ends in `…`, the page shows some of its fields.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.docs.pages import ROOT, blocks
from tests.support.server import serving

PAGE = ROOT / "docs" / "http.md"
KEY = "secret"
WIDTH = 117
MORE = "…"
UNTOLD_HEADERS = ("date", "server", "x-request-id", "content-length", "transfer-encoding", "connection")

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OPAQUE = re.compile(
    r"(?:run|wrk|evt|blk)_[0-9a-v]{13}"
    r'|bjk_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}|(?<="id": ")[0-9A-Za-z]{10}(?=")|(?<=/v1/keys/)[0-9A-Za-z]{10}$'
    r"|whsec_[A-Za-z0-9+/]{43}="
    r'|(?<="lease_token": ")[^"]+|(?<="next_cursor": ")[^"]+|(?<="trace_id": ")[^"]+|(?<=^id: )[0-9a-v]{13}$',
    re.MULTILINE,
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NUMBER = re.compile(r'("\w+_(?:bytes|last_minute)": |"(?:mean|p50|p99)_seconds": )[\d.]+')


@dataclass
class Step:
    """One command of the page, what it shows as the answer, and what was answered."""

    command: str
    shown: str
    answered: str = ""


@dataclass
class Walk:
    """The whole page, from top to bottom. `known` leads from the page's ids to those of this walk."""

    env: dict[str, str]
    addresses: dict[str, str]
    known: dict[str, str] = field(default_factory=dict)

    def take(self, step: Step) -> Step:
        command = step.command
        for ours, theirs in {**self.known, **self.addresses}.items():
            command = command.replace(ours, theirs)
        if re.match(r"(JOBS_API_KEY=\w+ )?blazy-jobs serve", command):
            return step
        if assigned := re.match(r"(\w+)=", command):
            self.env[assigned[1]] = self._run(f'{command}; printf %s "${assigned[1]}"')
            return step
        step.answered = told(self._run(command), step.shown)
        self.known |= pairs(step)
        return step

    def _run(self, command: str) -> str:
        return subprocess.run(["bash", "-c", command], env=self.env, capture_output=True, text=True, check=False).stdout


def pairs(step: Step) -> dict[str, str]:
    """From each id that is shown to the one of its kind that was answered in its place."""
    found: dict[str, str] = {}
    for kind in ("run_", "wrk_", "evt_", ""):
        shown, answered = (
            [t for t in _OPAQUE.findall(text) if _kind(t) == kind] for text in (step.shown, step.answered)
        )
        found |= zip(shown, answered, strict=False)
    return found


def _kind(token: str) -> str:
    return token[:4] if token[:4] in ("run_", "wrk_", "evt_") else ""


def told(answer: str, shown: str) -> str:
    """The answer as the page would show it."""
    head, body = "", answer.replace("\r\n", "\n")
    if body.startswith("HTTP/"):
        head, _, body = body.partition("\n\n")
        lines = [line for line in head.split("\n") if line.partition(":")[0].lower() not in UNTOLD_HEADERS]
        head = "\n".join([*lines, "", ""]) if body else "\n".join(lines)
        shown = shown.partition("\n\n")[2]
    if body.startswith("{"):
        return head + written(pick(json.loads(body), read(shown))) + "\n"
    datas = iter(re.findall(r"^data: (.*)$", shown, re.MULTILINE))
    return head + re.sub(r"(?<=^data: ).*$", lambda data: _data(data[0], next(datas, "")), body, flags=re.MULTILINE)


def _data(line: str, shown: str) -> str:
    """Of a block of an event stream: one line, whatever its length."""
    value = pick(json.loads(line), read(shown))
    return json.dumps(value, ensure_ascii=False).replace(f'"{MORE}": "{MORE}"', MORE)


def read(shown: str) -> Any:
    """The JSON that the page shows; None where it shows none yet."""
    try:
        return json.loads(re.sub(rf"(?<=[{{,\s]){MORE}(?=\s*}})", f'"{MORE}": "{MORE}"', shown))
    except ValueError:
        return None


def pick(value: Any, shown: Any) -> Any:
    """Of `value`, the fields that are shown where the rest is left out."""
    if isinstance(value, dict) and isinstance(shown, dict):
        names = [name for name in shown if name in value] if MORE in shown else list(value)
        picked = {name: pick(value[name], shown.get(name)) for name in names}
        return picked | {MORE: MORE} if MORE in shown else picked
    if isinstance(value, list) and isinstance(shown, list) and shown:
        return [pick(member, shown[min(index, len(shown) - 1)]) for index, member in enumerate(value)]
    return value


def written(value: Any) -> str:
    return _written(value, 0).replace(f'"{MORE}": "{MORE}"', MORE)


def _written(value: Any, indent: int, before: int = 0) -> str:
    """JSON in as few lines as its width allows; `before` stands on its first line already."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + before + len(line) <= WIDTH or not isinstance(value, (dict, list)):
        return line
    inner = indent + 2
    if isinstance(value, dict):
        members = [_member(json.dumps(name, ensure_ascii=False), member, inner) for name, member in value.items()]
    else:
        members = [_written(member, inner) for member in value]
    lines = [""]
    for member in members:
        if lines[-1] and ("\n" in member or inner + len(lines[-1]) + len(member) > WIDTH):
            lines.append("")
        lines[-1] += f"{member}, "
        if "\n" in member:
            lines.append("")
    filled = [" " * inner + text.rstrip() for text in lines if text]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([begin, *filled]).rstrip(",") + f"\n{' ' * indent}{end}"


def _member(name: str, value: Any, indent: int) -> str:
    return f"{name}: {_written(value, indent, len(name) + 2)}"


def same(steps: list[Step], which: str) -> list[str]:
    """What is shown or answered, with each id by its number and without what differs from day to day."""
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"#{len(numbers)}")

    texts = []
    for step in steps:
        text = _OPAQUE.sub(number, getattr(step, which))
        text = _NUMBER.sub(r"\1n", _TIME.sub("<time>", text))
        texts.append(re.sub(r"\s+", " ", text).strip())
    return texts


def steps_of(block: str) -> list[Step]:
    steps: list[Step] = []
    more = False
    for line in block.splitlines():
        if more:
            steps[-1].command += "\n" + line
        elif line.startswith("$ "):
            steps.append(Step(line[2:], ""))
        else:
            steps[-1].shown += line + "\n"
            continue
        more = line.endswith("\\") or steps[-1].command.count("'") % 2 == 1
    return steps


def read_page() -> list[list[Step]]:
    return [steps_of(block) for block in _BLOCK.findall(PAGE.read_text())]


@contextmanager
def walking(folder: Path) -> Iterator[Walk]:
    """The page's two servers: an open one that serves its jobs, and one with a key."""
    module = folder / "hello.py"
    module.write_text("\n".join(blocks(PAGE, "python")))
    with (
        serving(folder / "data", [str(module)]) as server,
        serving(folder / "locked", env={"JOBS_API_KEY": KEY}) as locked,
    ):
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        yield Walk(env, {"http://127.0.0.1:8000": server.url, "http://127.0.0.1:8001": locked.url})


def walk(folder: Path) -> list[list[Step]]:
    with walking(folder) as walked:
        return [[walked.take(step) for step in steps] for steps in read_page()]


def rewrite() -> None:
    with tempfile.TemporaryDirectory() as folder:
        walked = iter(walk(Path(folder)))
    fresh: dict[str, str] = {}

    def block(_: re.Match[str]) -> str:
        lines = []
        for step in next(walked):
            command = step.command
            for old, new in fresh.items():
                command = command.replace(old, new)
            fresh.update(pairs(step))
            answer = step.answered.rstrip("\n")
            lines += [f"$ {command}", *([answer] if answer else [])]
        return "\n".join(["```console", *lines, "```"])

    PAGE.write_text(_BLOCK.sub(block, PAGE.read_text()))


if __name__ == "__main__":
    rewrite()
