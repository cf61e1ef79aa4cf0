"""What the clients ask, each call written once for both.

Definitions of job types, queues and schedules are given and taken as the API shows them, in dicts, so that what a newer
server adds is there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args
from urllib.parse import quote

from blazy_jobs.client import bodies
from blazy_jobs.client.call import Call, Pause, Steps, making_a_run
from blazy_jobs.client.config_fields import ConfigDifference, ConfigExport
from blazy_jobs.client.facts import BulkFacts, RunCount, RunFacts
from blazy_jobs.client.fields import ErrorFields, Explanation, JobTypeSecret, NewKey, OwnKey, sent
from blazy_jobs.client.tries import MAX_BACKOFF_SECONDS
from blazy_jobs.client.waiting import WAIT_SECONDS, Deadline, Outage
from blazy_jobs.client.webhook_fields import Delivery, NewWebhook, Webhook, WebhookTest
from blazy_jobs.declared import Declared, JobName, name_of_job
from blazy_jobs.errors import ApiError, ConnectionFailed, seconds_of
from blazy_jobs.options import BulkAction, EventType, RunChoice, RunFilters, RunState, Seconds
from blazy_jobs.schedule import Schedule
from blazy_jobs.tracing.sending import Sends

BULK_SECONDS = 0.5
"""Between two looks at how far a bulk operation is."""
WEBHOOK_SECONDS = 15.0
"""How long the server waits for an endpoint."""
SAME: Any = object()
"""As a payload: that of the run which is replayed."""
Fields = Mapping[str, Any]
Definition = Call[dict[str, Any]]

# -- runs


def dispatch(job: JobName, payload: Any, options: Fields) -> Definition:
    known = dict(options)
    key = known.pop("idempotency_key", None)
    body = bodies.content(bodies.dispatch_body(payload, **known))
    return making_a_run(path_of_job_type(job, "/runs"), key, body, Sends(name_of_job(job)))


def dispatch_many(runs: Iterable[bodies.BatchRun], idempotency_key: str | None) -> Steps[list[str]]:
    """The ids, in order."""
    key = idempotency_key or bodies.fresh_key()
    ids: list[str] = []
    for place, body in enumerate(bodies.batches(runs)):
        answer = yield making_a_run("/v1/runs/batch", bodies.batch_key(key, place), body.text, Sends(None, body.runs))
        ids += [run["id"] for run in answer["data"]]
    return ids


def path_of_run(run_id: str, verb: str = "") -> str:
    if not isinstance(run_id, str) or not run_id:
        raise ValueError(f"a run id must be a string such as 'run_06a1…', not {run_id!r:.200}")
    return f"/v1/runs/{quote(run_id, safe='')}{verb}"


def get_run(run_id: str) -> Definition:
    return Call("GET", path_of_run(run_id))


def explain(run_id: str) -> Call[Explanation]:
    return Call("GET", path_of_run(run_id, "/explain"))


def resolve(run_id: str) -> Definition:
    return Call("POST", path_of_run(run_id, "/resolve"))


def error_filters(filters: ErrorFields) -> dict[str, Any]:
    """As the API takes them. Raises TypeError for a filter that there is not, and ValueError."""
    if unknown := sorted(filters.keys() - ErrorFields.__annotations__.keys()):
        known = ", ".join(ErrorFields.__annotations__)
        raise TypeError(f"unknown filter of errors: {', '.join(unknown)}; known: {known}")
    given: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
    if "job_type" in given:
        given["job_type"] = name_of_job(given["job_type"])
    return given


def run_now(run_id: str) -> Definition:
    return Call("POST", path_of_run(run_id, "/run-now"))


def replay(run_id: str, idempotency_key: str | None, payload: Any = SAME) -> Definition:
    body = bodies.content({} if payload is SAME else bodies.dispatch_body(payload))
    return making_a_run(path_of_run(run_id, "/replay"), idempotency_key, body, Sends(replay_of=run_id))


def waiting(run: RunFacts, deadline: Deadline, timeout: float | None) -> Steps[None]:
    """Until it has ended."""
    outage = Outage()
    while not run.finished:
        seconds = deadline.left(WAIT_SECONDS)
        params = {"wait_seconds": f"{seconds:.3f}"}
        try:
            run.data = yield Call("GET", path_of_run(run.id), params=params, waits_seconds=seconds)
            outage.is_over()
        except ConnectionFailed:
            if not outage.goes_on(timeout):
                raise
            yield Pause(deadline.left(MAX_BACKOFF_SECONDS))


def cancelling(run: RunFacts, reason: str | None) -> Steps[None]:
    body = bodies.content({"reason": reason} if reason is not None else {})
    try:
        run.data = yield Call("POST", path_of_run(run.id, "/cancel"), body=body)
    except ApiError as error:
        if error.code != "run_finished":
            raise
        run.data = yield get_run(run.id)
        if run.state != "cancelled":
            raise


RUN_FILTERS = (*RunChoice.__annotations__, "limit")


def run_filters(filters: RunFilters | RunChoice, known: Sequence[str] = RUN_FILTERS) -> dict[str, Any]:
    """As the API takes them. Raises TypeError for a filter that there is not, and ValueError."""
    if unknown := sorted(filters.keys() - set(known)):
        raise TypeError(f"unknown filter of runs: {', '.join(unknown)}; known: {', '.join(known)}")
    given: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
    if "state" in given:
        given["state"] = _several(given["state"], get_args(RunState), "state")
    if "job_type" in given:
        given["job_type"] = name_of_job(given["job_type"])
    if "id" in given:
        given["id"] = [given["id"]] if isinstance(given["id"], str) else list(given["id"])
    for name in ("created_after", "created_before", "finished_after", "finished_before"):
        if name in given:
            given[name] = bodies.instant(given[name], name)
    return given


def run_choice(where: RunChoice) -> dict[str, Any]:
    return run_filters(where, tuple(RunChoice.__annotations__))


def query_of(given: Fields) -> dict[str, Any]:
    """Filters as a query."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}


def count_runs(where: RunChoice) -> Call[RunCount]:
    return Call("GET", "/v1/runs/count", RunCount.read, params=query_of(run_choice(where)))


def bulk(action: BulkAction, ids: Iterable[str] | None, options: Fields, where: RunChoice) -> Definition:
    """Sent once: a second try would be a second operation."""
    if isinstance(ids, str):
        raise ValueError(f"ids must be a list, such as [{ids!r}]")
    body = {"action": action, **{name: value for name, value in options.items() if value is not None}}
    given = run_choice(where)
    if ids is not None:
        body["ids"] = list(ids)
    if given or ids is None:
        body["filter"] = given
    return Call("POST", "/v1/runs/bulk", body=bodies.content(body), repeatable=bool(options.get("dry_run")))


def path_of_bulk(bulk_id: str, verb: str = "") -> str:
    return f"/v1/bulk/{quote(bulk_id, safe='')}{verb}"


def get_bulk(bulk_id: str) -> Definition:
    return Call("GET", path_of_bulk(bulk_id))


def cancel_bulk(bulk_id: str) -> Definition:
    return Call("POST", path_of_bulk(bulk_id, "/cancel"))


def waiting_for_bulk(known: BulkFacts, deadline: Deadline) -> Steps[None]:
    """Until it has ended."""
    while not known.finished:
        yield Pause(deadline.left(BULK_SECONDS))
        known.data = yield get_bulk(known.id)


def _several(value: str | Sequence[str], known: Sequence[str], what: str) -> list[str]:
    values = [value] if isinstance(value, str) else list(value)
    for one in values:
        if one not in known:
            raise ValueError(f"{what} is one of {', '.join(known)}, not {one!r:.200}")
    return values


def event_filters(
    type: str | Sequence[str], job_type: JobName | None, queue: str | None, tag: str | None, from_start: bool
) -> dict[str, Any]:
    """As the API takes them. Raises ValueError."""
    job_name = None if job_type is None else name_of_job(job_type)
    known = {"job_type": job_name, "queue": queue, "tag": tag, "from": "start" if from_start else None}
    types = _several(type, get_args(EventType), "type")
    return {"type": types, **{name: value for name, value in known.items() if value is not None}}


# -- job types


def path_of_job_type(job: JobName, verb: str = "") -> str:
    return f"/v1/job-types/{quote(name_of_job(job), safe='')}{verb}"


def job_type_fields(job: JobName, fields: Fields) -> dict[str, Any]:
    """A whole definition: that of a `Job`, or a worker's by this name; `fields` as api.md names them win."""
    known = job.definition() if isinstance(job, Declared) else {"name": job, "handler": {"kind": "worker"}}
    return {**known, **sent(fields)}


def get_job_type(job: JobName) -> Definition:
    return Call("GET", path_of_job_type(job))


def register_job_type(job: JobName, fields: Fields) -> Definition:
    return Call("POST", "/v1/job-types", body=bodies.content(job_type_fields(job, fields)))


def put_job_type(job: JobName, fields: Fields) -> Definition:
    return Call("PUT", path_of_job_type(job), body=bodies.content(job_type_fields(job, fields)))


def change_job_type(job: JobName, fields: Fields) -> Definition:
    return Call("PATCH", path_of_job_type(job), body=bodies.content(sent(fields)))


def pause_job_type(job: JobName) -> Definition:
    return Call("POST", path_of_job_type(job, "/pause"))


def resume_job_type(job: JobName) -> Definition:
    return Call("POST", path_of_job_type(job, "/resume"))


def rotate_job_type_secret(job: JobName, overlap: Seconds | None) -> Call[JobTypeSecret]:
    """Sent once: after a second try nobody would have the secret of the first."""
    body = {} if overlap is None else {"overlap_seconds": seconds_of(overlap, "overlap")}
    return Call("POST", path_of_job_type(job, "/secret/rotate"), body=bodies.content(body), repeatable=False)


def forget_job_type_secret(job: JobName) -> Call[None]:
    return Call("DELETE", path_of_job_type(job, "/secret/previous"), _nothing)


def retire_job_type(job: JobName) -> Call[None]:
    return Call("DELETE", path_of_job_type(job), _nothing)


# -- queues


def path_of_queue(name: str, verb: str = "") -> str:
    return f"/v1/queues/{quote(name, safe='')}{verb}"


def get_queue(name: str) -> Definition:
    return Call("GET", path_of_queue(name))


def put_queue(name: str, fields: Fields) -> Definition:
    return Call("PUT", path_of_queue(name), body=bodies.content(sent(fields)))


def change_queue(name: str, fields: Fields) -> Definition:
    return Call("PATCH", path_of_queue(name), body=bodies.content(sent(fields)))


def pause_queue(name: str) -> Definition:
    return Call("POST", path_of_queue(name, "/pause"))


def resume_queue(name: str) -> Definition:
    return Call("POST", path_of_queue(name, "/resume"))


# -- schedules


def path_of_schedule(name: str, verb: str = "") -> str:
    return f"/v1/schedules/{quote(name, safe='')}{verb}"


def schedule_fields(name: str, job: JobName, schedule: Schedule | None, fields: Fields) -> dict[str, Any]:
    job_type = name_of_job(job)
    known = {"name": name, "job_type": job_type} if schedule is None else schedule.definition(name, job_type)
    return {**known, **sent(fields)}


def get_schedule(name: str) -> Definition:
    return Call("GET", path_of_schedule(name))


def create_schedule(name: str, job: JobName, schedule: Schedule | None, fields: Fields) -> Definition:
    return Call("POST", "/v1/schedules", body=bodies.content(schedule_fields(name, job, schedule, fields)))


def put_schedule(name: str, job: JobName, schedule: Schedule | None, fields: Fields) -> Definition:
    return Call("PUT", path_of_schedule(name), body=bodies.content(schedule_fields(name, job, schedule, fields)))


def change_schedule(name: str, schedule: Schedule | None, fields: Fields) -> Definition:
    changes = {**(schedule.fields if schedule is not None else {}), **sent(fields)}
    return Call("PATCH", path_of_schedule(name), body=bodies.content(changes))


def pause_schedule(name: str) -> Definition:
    return Call("POST", path_of_schedule(name, "/pause"))


def resume_schedule(name: str) -> Definition:
    return Call("POST", path_of_schedule(name, "/resume"))


def trigger_schedule(name: str, idempotency_key: str | None) -> Definition:
    return making_a_run(path_of_schedule(name, "/trigger"), idempotency_key)


def next_times(name: str, count: int) -> Call[list[datetime]]:
    return Call("GET", path_of_schedule(name, "/next"), _times, params={"count": count})


def preview(schedule: Schedule, count: int) -> Call[list[datetime]]:
    known = {
        name: schedule.fields[name] for name in ("trigger", "timezone", "start_at", "end_at") if name in schedule.fields
    }
    return Call("POST", "/v1/schedules/preview", _times, body=bodies.content({**known, "count": count}))


def delete_schedule(name: str) -> Call[None]:
    return Call("DELETE", path_of_schedule(name), _nothing)


# -- keys


def path_of_key(key_id: str, verb: str = "") -> str:
    return f"/v1/keys/{quote(key_id, safe='')}{verb}"


def create_key(name: str, scopes: Iterable[str], fields: Fields) -> Call[NewKey]:
    """Sent once: a second try would make a second key, of which nobody has the first one's text."""
    if isinstance(scopes, str):
        raise ValueError(f"scopes must be a list, such as [{scopes!r}]")
    body = {"name": name, "scopes": list(scopes), **sent(fields)}
    return Call("POST", "/v1/keys", body=bodies.content(body), repeatable=False)


def own_key() -> Call[OwnKey]:
    return Call("GET", "/v1/keys/self")


def revoke_key(key_id: str) -> Call[None]:
    return Call("DELETE", path_of_key(key_id), _nothing)


def rotate_key(key_id: str, overlap: Seconds | None) -> Call[NewKey]:
    """Sent once, as `create_key` is."""
    body = {} if overlap is None else {"overlap_seconds": seconds_of(overlap, "overlap")}
    return Call("POST", path_of_key(key_id, "/rotate"), body=bodies.content(body), repeatable=False)


# -- configurations


def export_config(owner: str | None) -> Call[ConfigExport]:
    return Call("GET", "/v1/config", params={} if owner is None else {"owner": owner})


def apply_config(document: Fields, owner: str | None, prune: bool | None, *, dry_run: bool) -> Call[ConfigDifference]:
    """Sent once where it writes: of a second try the answer would be that nothing changed."""
    own = {"owner": owner, "prune": prune}
    body = {**document, **{name: value for name, value in own.items() if value is not None}}
    params = {"dry_run": "true"} if dry_run else {}
    return Call("POST", "/v1/config/apply", params=params, body=bodies.content(body), repeatable=dry_run)


# -- webhooks


def path_of_webhook(name: str, verb: str = "") -> str:
    return f"/v1/webhooks/{quote(name, safe='')}{verb}"


def create_webhook(name: str, url: str, fields: Fields) -> Call[NewWebhook]:
    """Sent once: of a second try the answer would be that the name is taken, and nobody would have the secret."""
    body = {"name": name, "url": url, **sent(fields)}
    return Call("POST", "/v1/webhooks", body=bodies.content(body), repeatable=False)


def put_webhook(name: str, url: str, fields: Fields) -> Call[Webhook | NewWebhook]:
    body = {"name": name, "url": url, **sent(fields)}
    return Call("PUT", path_of_webhook(name), body=bodies.content(body))


def get_webhook(name: str) -> Call[Webhook]:
    return Call("GET", path_of_webhook(name))


def change_webhook(name: str, fields: Fields) -> Call[Webhook]:
    return Call("PATCH", path_of_webhook(name), body=bodies.content(sent(fields)))


def delete_webhook(name: str) -> Call[None]:
    return Call("DELETE", path_of_webhook(name), _nothing)


def rotate_webhook_secret(name: str, overlap: Seconds | None) -> Call[NewWebhook]:
    """Sent once, as `create_webhook` is."""
    body = {} if overlap is None else {"overlap_seconds": seconds_of(overlap, "overlap")}
    return Call("POST", path_of_webhook(name, "/secret/rotate"), body=bodies.content(body), repeatable=False)


def forget_webhook_secret(name: str) -> Call[None]:
    return Call("DELETE", path_of_webhook(name, "/secret/previous"), _nothing)


def delivery_filters(filters: Fields) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}


def retry_delivery(name: str, delivery_id: str) -> Call[Delivery]:
    return Call("POST", path_of_webhook(name, f"/deliveries/{quote(delivery_id, safe='')}/retry"))


def recover_deliveries(name: str, since: datetime | str) -> Call[int]:
    body = {"since": bodies.instant(since, "since")}
    return Call("POST", path_of_webhook(name, "/recover"), _deliveries, body=bodies.content(body))


def test_webhook(name: str) -> Call[WebhookTest]:
    """Sent once: a second try would send a second message."""
    return Call("POST", path_of_webhook(name, "/test"), repeatable=False, waits_seconds=WEBHOOK_SECONDS)


# -- answers


def _deliveries(answer: Any) -> int:
    number: int = answer["deliveries"]
    return number


def _times(answer: Any) -> list[datetime]:
    return [datetime.fromisoformat(time) for time in answer["data"]]


def _nothing(_: Any) -> None:
    return None
