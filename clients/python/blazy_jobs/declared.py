"""What a client needs to know of a job that is defined in code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic

from typing_extensions import TypeVar

PayloadT = TypeVar("PayloadT", contravariant=True, default=Any)
ResultT = TypeVar("ResultT", covariant=True, default=Any)


class Declared(ABC, Generic[PayloadT, ResultT]):
    """A job type by its name, with the definition that the server registers."""

    name: str

    @abstractmethod
    def definition(self) -> dict[str, Any]:
        """The job type as the server registers it."""

    @abstractmethod
    def read_result(self, result: Any) -> ResultT:
        """A run's result, which is JSON, as what the handler returned. Raises ValueError."""


JobName = str | Declared[Any, Any]
"""A job type: by its name, or by the job that is defined in code."""


def reader_of(job: JobName | None) -> Callable[[Any], Any]:
    """How the results of its runs are read."""
    return job.read_result if isinstance(job, Declared) else _as_it_is


def _as_it_is(result: Any) -> Any:
    return result


def name_of_job(job: JobName) -> str:
    return job.name if isinstance(job, Declared) else job
