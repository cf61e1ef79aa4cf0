"""Where this package keeps its own file descriptors, out of the way of handlers."""

from __future__ import annotations

import fcntl
import os
import resource

HIGH_DESCRIPTOR = 512


def out_of_reach(descriptor: int) -> int:
    """Moves a descriptor to where handlers that close what they did not open (3 to 255) leave it alone."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    least = min(HIGH_DESCRIPTOR, soft - 32) if soft != resource.RLIM_INFINITY else HIGH_DESCRIPTOR
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)
    os.close(descriptor)
    return moved
