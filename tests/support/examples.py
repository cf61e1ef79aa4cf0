"""How many random examples a property is tried on."""

from __future__ import annotations

import os


def examples(full: int) -> int:
    """`full` with EXAMPLES=all, as `make faults` has it, else a fifth: every run of the tests draws others."""
    return full if os.environ.get("EXAMPLES") == "all" else max(5, full // 5)
