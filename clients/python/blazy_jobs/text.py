"""Text that can be sent and stored, of whatever it is made of."""

from __future__ import annotations

import threading
from typing import Any

from blazy_jobs.errors import Stopped

CUT = "… (cut)"
MAX_NESTED = 4


class _Nested(threading.local):
    """How many values of this thread are being printed, each from within the one before."""

    depth = 0


_nested = _Nested()


def printed(value: Any) -> str:
    """`str(value)`, which a hostile object may refuse, or come back from here to."""
    if type(value) is str:
        return value
    if _nested.depth >= MAX_NESTED:
        return f"<{type(value).__name__}>"
    _nested.depth += 1
    try:
        return str.__str__(str(value))
    except Stopped:
        raise
    except BaseException as error:  # noqa: BLE001 - also SystemExit and the like: it is no more than a text
        return f"<{type(value).__name__} that cannot be printed: {type(error).__name__}>"
    finally:
        _nested.depth -= 1


def clean(text: str, most_bytes: int | None = None) -> str:
    """Lone surrogates and U+0000 replaced; cut and marked over `most_bytes`."""
    if text.isascii() and (most_bytes is None or len(text) <= most_bytes):
        return text.replace("\x00", "\ufffd")
    if most_bytes is not None and len(text) > most_bytes:
        text = text[:most_bytes] + CUT  # before any copy of what may be huge
    raw = text.encode(errors="replace")
    if most_bytes is not None and len(raw) > most_bytes:
        raw = raw[: most_bytes - len(CUT.encode())] + CUT.encode()
    return raw.decode(errors="ignore").replace("\x00", "\ufffd")
