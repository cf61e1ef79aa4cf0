"""What the metrics count, and by which labels."""

from __future__ import annotations

import re
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from blazy_jobs_server.engine.attempts import MAX_CODES
from tests.app.api.test_exchange import connected, post
from tests.app.server import Server


class Samples:
    def __init__(self, text: str) -> None:
        self._found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def __getitem__(self, name: str) -> list[Any]:
        return [sample for sample in self._found if sample.name == name]

    def by(self, name: str, *labels: str) -> dict[Any, float]:
        """Value by those labels, of which one alone stands by itself; what is 0 is left out."""
        found: dict[Any, float] = {}
        for sample in self[name]:
            place = tuple(sample.labels[label] for label in labels)
            if sample.value:
                found[place[0] if len(place) == 1 else place] = sample.value
        return found

    def of(self, name: str, **labels: str) -> float:
        [sample] = [sample for sample in self[name] if sample.labels == labels]
        return float(sample.value)


async def scrape(server: Server) -> Samples:
    return Samples((await server.http.get("/metrics")).text)


# -- attempts


async def test_each_end_of_an_attempt_has_its_outcome(server: Server) -> None:
    await server.register(retry={"max_attempts": 2, "backoff": "fixed", "initial_seconds": 1})
    worker = await server.worker()
    for _ in range(7):
        await server.dispatch(queue="mail")
    completed, failed, released, snoozed, cancelled, *others = await worker.claim(most=7)
    await worker.complete(completed)
    await worker.fail(failed)
    await worker.say(released, "released")
    await worker.say(snoozed, "snoozed", delay_seconds=60)
    await server.cancel(cancelled, status=202)
    await worker.say(cancelled, "cancelled")
    await worker.fail(others[0], retryable=False)
    samples = await scrape(server)
    assert samples.by("jobs_attempts_total", "job_type", "queue", "outcome") == {
        ("greet", "mail", "completed"): 1,
        ("greet", "mail", "failed"): 2,
        ("greet", "mail", "released"): 1,
        ("greet", "mail", "snoozed"): 1,
        ("greet", "mail", "cancelled"): 1,
    }
    assert samples.of("jobs_leases_lost_total") == 0
    assert samples.by("jobs_errors_total", "job_type", "code") == {("greet", "handler_error"): 2}
    await server.live(server.settings.lease_seconds + 1)
    samples = await scrape(server)
    assert samples.of("jobs_leases_lost_total") == 1
    assert samples.of("jobs_attempts_total", job_type="greet", queue="mail", outcome="lost") == 1


async def test_runs_that_never_started_are_errors_and_no_attempts(server: Server) -> None:
    await server.register()
    await server.dispatch(expires_seconds=5)
    cancelled = await server.dispatch()
    await server.cancel(cancelled, status=200)
    await server.live(6)
    samples = await scrape(server)
    assert samples.by("jobs_attempts_total", "outcome") == {}
    assert samples.by("jobs_errors_total", "code") == {"expired": 1}


async def test_many_that_complete_together_are_counted_each(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    await server.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": n} for n in range(20)]})
    [batch] = (await server.post(f"/v1/workers/{worker.id}/claim", {"max": 20, "columns": True}))["columns"]
    completed = {"lease_token": batch["lease_token"], "attempt": 1, "run_ids": batch["run_ids"]}
    await server.post(f"/v1/workers/{worker.id}/report", {"completed": [completed]})
    samples = await scrape(server)
    assert samples.of("jobs_attempts_total", job_type="greet", queue="default", outcome="completed") == 20


async def test_codes_that_workers_make_up_are_bounded(server: Server) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    for n in range(MAX_CODES + 5):
        await server.dispatch()
        error = {"message": "no", "code": f"code-{n}"}
        await worker.say(await worker.take(), "failed", error=error)
    codes = (await scrape(server)).by("jobs_errors_total", "code")
    assert codes == {f"code-{n}": 1 for n in range(MAX_CODES)} | {"_other": 5}


# -- queues and workers


async def test_runs_that_nobody_serves_are_told_by_queue(server: Server) -> None:
    for name in ("greet", "photo", "held"):
        await server.register(name)
        await server.dispatch(name, queue="mail")
        await server.dispatch(name)
    await server.post("/v1/job-types/held/pause")
    assert (await scrape(server)).by("jobs_unserved_runs", "queue") == {"mail": 2, "default": 2}
    worker = await server.worker("greet", queues=["mail"])
    samples = await scrape(server)
    assert {sample.labels["queue"]: sample.value for sample in samples["jobs_unserved_runs"]} == {
        "mail": 1,
        "default": 2,
    }
    await server.post("/v1/queues/mail/pause")
    samples = await scrape(server)
    assert samples.of("jobs_unserved_runs", queue="mail") == 0, "it waits for something else"
    assert samples.by("jobs_queue_paused", "queue") == {"mail": 1}
    await worker.leave()


async def test_a_queue_is_as_late_as_its_oldest_run_that_is_due(server: Server) -> None:
    await server.register()
    await server.register("photo")
    await server.dispatch("photo", queue="mail", priority=-5)
    await server.advance(20)
    await server.dispatch(queue="mail", delay_seconds=30)
    await server.dispatch(queue="mail")
    await server.dispatch(delay_seconds=60)
    await server.advance(10)
    samples = await scrape(server)
    assert samples.of("jobs_queue_latency_seconds", queue="mail") == pytest.approx(30, abs=1)
    assert samples.of("jobs_queue_latency_seconds", queue="default") == 0, "it is delayed, and not late"
    worker = await server.worker("photo")
    await worker.take()
    assert (await scrape(server)).of("jobs_queue_latency_seconds", queue="mail") == pytest.approx(10, abs=1)
    await server.advance(55)
    assert (await scrape(server)).of("jobs_queue_latency_seconds", queue="default") == pytest.approx(5, abs=1)


async def test_slots_are_busy_or_free(server: Server) -> None:
    await server.register()
    worker = await server.worker(concurrency=5)
    for _ in range(2):
        await server.dispatch()
    assert (await scrape(server)).by("jobs_worker_slots", "state") == {"free": 5}
    leases = await worker.claim()
    assert (await scrape(server)).by("jobs_worker_slots", "state") == {"busy": 2, "free": 3}
    for lease in leases:
        await worker.complete(lease)
    await worker.leave()
    samples = await scrape(server)
    assert {sample.value for sample in samples["jobs_worker_slots"]} == {0}


async def test_a_limit_is_told_beside_what_runs(server: Server) -> None:
    await server.register(concurrency=2)
    await server.register("free")
    await server.register("unused", concurrency=7)
    worker = await server.worker()
    for _ in range(3):
        await server.dispatch()
    await server.dispatch("free")
    await worker.claim(most=5)
    samples = await scrape(server)
    assert samples.by("jobs_concurrency_limit", "job_type") == {"greet": 2}, "others have no limit, or no series"
    assert samples.by("jobs_runs", "job_type", "state")["greet", "running"] == 2


@pytest.mark.parametrize("server", [{"metrics_max_series": 60}], indirect=True)
async def test_queues_beyond_the_bound_share_their_series(server: Server) -> None:
    for n in range(5):
        assert (await server.http.put(f"/v1/queues/q{n}", json={})).status_code == 201
    await server.post("/v1/queues/q4/pause")
    await server.register()
    for n in range(5):
        await server.dispatch(queue=f"q{n}")
    samples = await scrape(server)
    unserved = {sample.labels["queue"]: sample.value for sample in samples["jobs_unserved_runs"]}
    assert len(unserved) == 3
    assert sum(unserved.values()) == 4
    assert samples.by("jobs_queue_paused", "queue") == {"_other": 1}


# -- requests


async def test_requests_are_counted_by_the_template_of_their_path(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    await server.run(run)
    await server.http.get(f"/v1/runs/{run['id']}/attempts")
    await server.http.get("/v1/runs/run_0000000000000")
    await server.http.get("/v1/runs/run_0000000000000/attempts")
    await server.http.head("/v1/runs")
    await server.http.get("/wp-admin.php")
    await server.http.request("BREW", "/v1/runs")
    await server.http.post("/v1/job-types/greet/runs", content=b"{", headers={"content-type": "application/json"})
    async with server.stream("/v1/events") as stream:
        assert stream.status == 200
    samples = await scrape(server)
    counted = samples.by("jobs_http_requests_total", "method", "route", "code")
    assert counted == {
        ("POST", "/v1/job-types", "201"): 1,
        ("POST", "/v1/job-types/{name}/runs", "202"): 1,
        ("POST", "/v1/job-types/{name}/runs", "400"): 1,
        ("GET", "/v1/runs/{run_id}", "200"): 1,
        ("GET", "/v1/runs/{run_id}", "404"): 1,
        ("GET", "/v1/runs/{run_id}/attempts", "200"): 1,
        ("GET", "/v1/runs/{run_id}/attempts", "404"): 1,
        ("GET", "/v1/runs", "200"): 1,
        ("GET", "/v1/events", "200"): 1,
        ("GET", "_other", "404"): 1,
        ("_other", "/v1/runs", "405"): 1,
    }
    assert samples.by("jobs_http_requests_seconds_count", "method", "route", "code") == counted
    assert (await scrape(server)).of("jobs_http_requests_total", route="/metrics", method="GET", code="200") == 1


async def test_dispatches_that_are_taken_together_are_counted_each(server: Server) -> None:
    await server.register()
    request = post(b'{"payload":1}')
    async with connected(server.app) as one, connected(server.app) as other:
        for _ in range(3):
            for connection in (one, other):
                connection.send(request)
            for connection in (one, other):
                assert (await connection.answer())[0] == 202
    samples = await scrape(server)
    route = "/v1/job-types/{name}/runs"
    assert samples.of("jobs_http_requests_total", route=route, method="POST", code="202") == 6
    assert samples.of("jobs_http_requests_seconds_count", route=route, method="POST", code="202") == 6


@pytest.mark.parametrize("server", [{"api_key": "a-long-random-word"}], indirect=True)
async def test_refusals_are_counted_too(server: Server) -> None:
    await server.http.get("/v1/runs")
    await server.http.post("/v1/job-types/greet/runs", json={"payload": 1})
    answer = await server.http.get("/metrics", headers={"authorization": "Bearer a-long-random-word"})
    counted = Samples(answer.text).by("jobs_http_requests_total", "route", "code")
    assert counted == {("/v1/runs", "401"): 1, ("/v1/job-types/{name}/runs", "401"): 1}


# -- the server


async def test_commits_and_the_loop_are_timed(server: Server) -> None:
    before = (await scrape(server)).of("jobs_commit_seconds_count")
    await server.register()
    samples = await scrape(server)
    assert samples.of("jobs_commit_seconds_count") > before
    assert samples.of("jobs_commit_seconds_sum") > 0
    await server.live(11)
    assert (await scrape(server)).of("jobs_event_loop_lag_seconds_count") >= 2


async def test_a_loop_that_was_held_up_shows_it(server: Server) -> None:
    before = (await scrape(server)).of("jobs_event_loop_lag_seconds_bucket", le="10.0")
    await server.advance(40)
    samples = await scrape(server)
    assert samples.of("jobs_event_loop_lag_seconds_count") > samples.of("jobs_event_loop_lag_seconds_bucket", le="10.0")
    assert samples.of("jobs_event_loop_lag_seconds_bucket", le="10.0") == before


async def test_a_schedule_that_fires_late_shows_how_late(server: Server) -> None:
    await server.register()
    trigger = {"kind": "interval", "every_seconds": 60}
    await server.post("/v1/schedules", {"name": "often", "job_type": "greet", "trigger": trigger}, status=201)
    await server.advance(70)
    samples = await scrape(server)
    assert samples.of("jobs_schedule_times_total", outcome="fired") == 1
    assert samples.of("jobs_schedule_lateness_seconds_count") == 1
    assert samples.of("jobs_schedule_lateness_seconds_sum") == pytest.approx(10, abs=1)


async def test_what_retention_deletes_and_what_it_has_not_yet(server: Server) -> None:
    await server.register(retention_seconds=60)
    worker = await server.worker()
    await server.dispatch()
    await worker.complete(await worker.take())
    server.jobs.sweeper.may_prune = lambda: False
    await server.live(100)
    samples = await scrape(server)
    assert samples.of("jobs_deleted_runs_total") == 0
    assert samples.of("jobs_retention_lag_seconds") == pytest.approx(40, abs=1)
    server.jobs.sweeper.may_prune = lambda: True
    await server.live(11)
    samples = await scrape(server)
    assert samples.of("jobs_deleted_runs_total") == 1
    assert samples.of("jobs_retention_lag_seconds") == 0


async def test_no_label_has_an_id(server: Server) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    for end in (worker.complete, worker.fail):
        await server.dispatch()
        await end(await worker.take())
    await server.http.get(f"/v1/workers/{worker.id}")
    await server.http.get("/v1/runs/run_0000000000000/events")
    assert not re.search(r'="[^"]*(run|wrk|key|evt)_[0-9a-v]{8}', (await server.http.get("/metrics")).text)
