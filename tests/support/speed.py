"""How slow the machine is now: for the few tests that must say how long something may take."""

from __future__ import annotations

import os


def stretched(seconds: float) -> float:
    """What takes `seconds` on a machine with nothing else to do may take that long here: by how many processes want
    each core, with as much again for the noise. Never less than `seconds`, at most twenty times as much."""
    wanting_each_core = os.getloadavg()[0] / (os.cpu_count() or 1)
    return seconds * min(20.0, max(1.0, 2 * wanting_each_core))
