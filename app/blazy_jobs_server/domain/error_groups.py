"""Which failures are the same problem: those with the same fingerprint.

It is a hash of the code, the type, the message without what differs from run to run, and the innermost frames of the
job's own files. Frames count by file name and function, so that another release, folder or line keeps the group.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from blazy_jobs_server.domain.run import Error

GROUP = re.compile(r"[0-9a-f]{16}", re.ASCII)
MAX_READ = 2048
"""Characters of a message that are looked at; of what is left of them MAX_COUNTED count."""
MAX_COUNTED = 256
MAX_FRAMES = 3

_MARK = "#"
# Each of these matches wherever its first characters do, or looks at a word once: none is quadratic.
_QUOTED = re.compile(
    r"""(?<!\w)'(?:[^'\\]|\\.?|'(?=\w))*(?:'|\Z)|"(?:[^"\\]|\\.?)*(?:"|\Z)|`[^`]*(?:`|\Z)"""
    r"""|\u2018[^\u2019]*(?:\u2019|\Z)|„[^“”]*(?:[“”]|\Z)|“[^”]*(?:”|\Z)|«[^»]*(?:»|\Z)|「[^」]*(?:」|\Z)|『[^』]*(?:』|\Z)""",
    re.DOTALL,
)
_ADDRESS = re.compile(
    r"(?<![^\s(\[{<=,;:])"
    r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^\s)\]}>,;]+"  # URLs
    r"|[^\s@()\[\]{}<>,;:=]+@[^\s@()\[\]{}<>,;:=]+"  # mail addresses
    r"|(?:[A-Za-z]:)?(?:\.{0,2}|~)[/\\][^\s)\]}>,;:]+)"  # paths
)
_NUMBER = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]+|\b[0-9a-fA-F]{8,}\b|\d+")
"""Also words that have digits in them: ids, hashes, addresses in memory, times."""
_MARKS = re.compile(r"#(?:[\s,.:;/+|&-]*#)+")
_SPACES = re.compile(r"\s+")

_OLDER = ("\nDuring handling of the above exception", "\nThe above exception was the direct cause")
_CAUSES = re.compile(r"^(?:caused by |[ \t]*\[cause\]:|Caused by: )", re.MULTILINE)
_PYTHON_FRAME = re.compile(r'^[ \t|+]*File "([^"\n]+)", line \d+, in ([^\n]+)', re.MULTILINE)
_FRAME = re.compile(
    r"^[ \t]*at (?:async )?(?:(?P<function>[^\n(]+?) )?\(?(?P<file>[^\s()]+?)(?::\d+){1,2}\)?[ \t\r{]*$", re.MULTILINE
)
"""Of JavaScript."""
_SEPARATORS = re.compile(r"[/\\]")
_OTHERS = re.compile(
    r"(?:^|[/\\])(?:site-packages|dist-packages|node_modules|lib[/\\]python[0-9.]+)[/\\]|^(?:<|node:|internal/)"
)


def group_of(error: Error) -> str:
    """16 hexadecimal digits."""
    kind = error.code if not isinstance(error.status, int) else f"{error.code} {error.status}"
    return _hash(kind, error.type or "", error.message[:MAX_READ], own_frames(error.traceback or ""))


@lru_cache(maxsize=512)
def _hash(code: str, kind: str, message: str, frames: tuple[str, ...]) -> str:
    parts = "\0".join((code, kind, bare(message), *frames))
    return blake2b(parts.encode("utf-8", "replace"), digest_size=8).hexdigest()


def bare(message: str) -> str:
    """A message without its quoted parts, addresses, paths, numbers and ids."""
    text = message[:MAX_READ]
    for what in (_QUOTED, _ADDRESS, _NUMBER):
        text = what.sub(_MARK, text)
    return _SPACES.sub(" ", _MARKS.sub(_MARK, text)).strip()[:MAX_COUNTED]


def own_frames(traceback: str) -> tuple[str, ...]:
    """The innermost frames in files that are neither a library's nor the language's own, the innermost first."""
    for older in _OLDER:
        traceback = traceback[traceback.rfind(older) + 1 :]
    cause = _CAUSES.search(traceback)
    told = traceback if cause is None else traceback[: cause.start()]
    return _frames(told) or _frames(traceback)


def _frames(traceback: str) -> tuple[str, ...]:
    frames = _PYTHON_FRAME.findall(traceback)[::-1]
    if not frames:
        frames = [(found["file"], found["function"] or "") for found in _FRAME.finditer(traceback)]
    own: list[str] = []
    for file, function in frames:
        frame = f"{_SEPARATORS.split(file)[-1]} {function.strip()}"
        if _OTHERS.search(file) is None and own[-1:] != [frame]:
            own.append(frame)
            if len(own) == MAX_FRAMES:
                break
    return tuple(own)
