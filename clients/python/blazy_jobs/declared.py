"""What a client needs to know of a job that is defined in code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class Declared(ABC):
    """A job type by its name, with the definition that the server registers."""

    name: str

    @abstractmethod
    def definition(self) -> dict[str, Any]:
        """The job type as the server registers it."""
