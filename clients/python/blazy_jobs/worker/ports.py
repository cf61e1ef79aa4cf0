"""What the parts of the control process ask of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from blazy_jobs.worker.children import Child
from blazy_jobs.worker.held import Held
from blazy_jobs.worker.settings import Settings


class HostRuns(Protocol):
    """The host, for the slots: middleware around a process handler runs there."""

    @property
    def accepting(self) -> bool:
        """A run that it is given now begins now."""

    def begin(self, runs: Sequence[Held], raw: bytes | None = None) -> None: ...


class SlotRuns(Protocol):
    """The slots, for the host: a process handler inside middleware runs there."""

    def stop(self, held: Held, reason: str) -> None: ...
    def run_reserved(self, caller: Held, shadow: Held) -> None: ...
    def unreserve(self, held: Held) -> None: ...


class Supervisor(Protocol):
    """The control process, for the parts that keep its children."""

    @property
    def settings(self) -> Settings: ...
    @property
    def draining(self) -> bool: ...
    @property
    def hosting(self) -> HostRuns: ...
    @property
    def slots(self) -> SlotRuns: ...
    def spawn(self, role: str) -> Child:
        """Raises OSError."""

    def deal_soon(self) -> None: ...
    def later(self, seconds: float, action: Callable[[], None]) -> None: ...
    def cannot_use_modules(self, reason: str) -> None:
        """Ends the worker, for good."""

    def fail(self, reason: str) -> None:
        """Ends the worker."""
