"""One request to the server, described once for both clients, and what they do step by step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from blazy_jobs.client import bodies
from blazy_jobs.tracing.sending import Sends

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


def _as_it_is(answer: Any) -> Any:
    return answer


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """`read` makes what the caller gets of the answer's JSON. One with an `idempotency_key`, or `repeatable`, may be
    sent twice, as all but POST may. `waits_seconds`: how much longer than usual the server may take, as it is asked to.
    `token`: what opens it in place of the client's own key. `sends`: the runs that it makes."""

    method: str
    path: str
    read: Callable[[Any], T_co] = _as_it_is
    params: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    idempotency_key: str | None = None
    repeatable: bool = True
    waits_seconds: float = 0.0
    token: str | None = field(default=None, repr=False)
    sends: Sends | None = None

    def request(self, further: Mapping[str, str] | None = None) -> dict[str, Any]:
        """For httpx, with further headers."""
        headers = {} if self.body is None else {"Content-Type": "application/json"}
        if further is not None:
            headers |= further
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = self.idempotency_key
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return {
            "params": dict(self.params) or None,
            "content": self.body,
            "headers": headers,
            "extensions": {"waits_seconds": self.waits_seconds, "repeatable": self.repeatable},
        }


class Pause(NamedTuple):
    seconds: float


Steps = Generator[Call[Any] | Pause, Any, T]
"""Calls one after the other, with pauses: each is sent its answer, or thrown what it raised."""


def making_a_run(
    path: str, idempotency_key: str | None, body: bytes | None = None, sends: Sends | None = None
) -> Call[dict[str, Any]]:
    """With a key, made up where none is given, so that a second try makes no second run."""
    key = idempotency_key or bodies.fresh_key()
    return Call("POST", path, body=body, idempotency_key=key, repeatable=False, sends=sends)
