"""A server and a Redis with a BullMQ queue, `emails` unless told otherwise, in few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from httpx_sse import connect_sse

from tests.support.redis import RedisServer
from tests.support.server import Server, wait_until

QUEUE = "emails"
FINAL = ("completed", "failed", "cancelled")
PAYLOAD = {"to": "ünï ✓ 漢字 🎉", "n": [1, 2.5, None, True]}


class Scene:
    def __init__(self, server: Server, redis: RedisServer, *, consume: bool, name: str = QUEUE) -> None:
        self.server = server
        self.redis = redis
        self.name = name
        self.http = server.client()
        answer = self.http.put(f"/v1/queues/{self.name}", json={"engine": "bullmq", "bullmq": {"consume": consume}})
        assert answer.status_code == 201, answer.text

    def know(self, *names: str, **fields: Any) -> None:
        """Registers job types that workers of others serve."""
        for name in names:
            self.post("/v1/job-types", {"name": name, "handler": {"kind": "worker"}} | fields)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def dispatch(self, name: str, payload: Any = None, **fields: Any) -> str:
        body = {"payload": payload, "queue": self.name} | fields
        run_id: str = self.post(f"/v1/job-types/{name}/runs", body)["id"]
        return run_id

    def batch(self, name: str, count: int, **fields: Any) -> list[str]:
        runs = [{"job_type": name, "payload": {"n": n}, "queue": self.name} | fields for n in range(count)]
        return [run["id"] for run in self.post("/v1/runs/batch", {"runs": runs})["data"]]

    def run(self, run_id: str) -> Any:
        return self.get(f"/v1/runs/{run_id}")

    def finished(self, run_id: str, seconds: float = 30) -> Any:
        run = self.get(f"/v1/runs/{run_id}", wait_seconds=seconds)
        assert run["state"] in FINAL, run
        return run

    def reaches(self, run_id: str, state: str, seconds: float = 30) -> Any:
        return wait_until(
            lambda: run if (run := self.run(run_id))["state"] == state else None, f"{run_id} is {state}", seconds
        )

    def runs(self, **where: Any) -> list[Any]:
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = self.get("/v1/runs", queue=self.name, limit=200, **where, **({"cursor": cursor} if cursor else {}))
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def run_of_job(self, name: str, seconds: float = 30) -> Any:
        """The one run of that job type, once it is there."""
        found = wait_until(lambda: self.runs(job_type=name), f"there is a run of {name}", seconds)
        assert len(found) == 1, found
        return found[0]

    def events(self, run_id: str) -> list[Any]:
        """A run's log, which must be whole."""
        answer = self.http.get(f"/v1/runs/{run_id}/events", headers={"accept": "application/json"})
        events: list[Any] = answer.json()["data"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["seq"] for event in events if event["type"] in FINAL] in ([], [len(events)])
        return events

    def types(self, run_id: str) -> list[str]:
        return [event["type"] for event in self.events(run_id)]

    def streamed(self, run_id: str) -> list[tuple[str, Any]]:
        """The run's event stream from its first event to its end."""
        with connect_sse(self.http, "GET", f"/v1/runs/{run_id}/events") as source:
            return [(event.event, event.json()) for event in source.iter_sse() if event.data]

    def queue(self) -> Any:
        return self.get(f"/v1/queues/{self.name}")

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.queue()["counts"]
        return counts

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        return wait_until(condition, what, seconds)

    def again(self) -> None:
        """After a restart of the server: the connections are new."""
        self.http.close()
        self.http = self.server.client()
