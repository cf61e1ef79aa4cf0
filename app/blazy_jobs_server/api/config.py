"""Configuration as code: everything that is defined, read and applied as one document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Query, Request, Response
from msgspec import UNSET, Struct
from msgspec.structs import replace
from starlette.datastructures import QueryParams
from starlette.types import Scope as AsgiScope

from blazy_jobs_server.api import config_items, examples, shown, visibility
from blazy_jobs_server.api import config_models as shapes
from blazy_jobs_server.api.context import ONCE, Answer, Context, caller_of, context_of
from blazy_jobs_server.api.definitions import definition, writes_handler
from blazy_jobs_server.api.describe import BODY, accepts, describe
from blazy_jobs_server.api.queries import faults
from blazy_jobs_server.api.queues import bullmq_of, check_settings, limits_of
from blazy_jobs_server.api.requests import fit, read_body
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.api.schedules import definition_of
from blazy_jobs_server.api.strict_json import MAX_DEPTH, parse
from blazy_jobs_server.api.webhooks import changed as changed_webhook
from blazy_jobs_server.domain.config import (
    DEFAULT_OWNER,
    Kind,
    Standing,
    Step,
    Wanted,
    WantedJobType,
    WantedQueue,
    WantedSchedule,
    WantedWebhook,
)
from blazy_jobs_server.domain.errors import (
    ConfigConflict,
    FieldError,
    HeadersRequired,
    Invalid,
    InvalidRequest,
    JobTypeInUse,
    JobTypeNotFound,
    KeyringUnavailable,
    NotFound,
    QueueInUse,
    QueueNotFound,
    ScopeMissing,
    TooBusy,
    TooManyWebhooks,
    WebhookNotFound,
)
from blazy_jobs_server.domain.handler_secrets import UNCHANGED
from blazy_jobs_server.domain.job_type import Definition, Handler, JobType
from blazy_jobs_server.domain.keys import Caller, Scope
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.engine.checking import MAX_LISTED_ERRORS
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.webhooks.registry import MAX_WEBHOOKS

router = APIRouter(prefix="/v1/config", tags=["config"])

LEVELS = 3
"""A schema or payload stands so deep in a document, and may itself be as deep as any."""
DRY_RUN: dict[str, Any] = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "schema": {"type": "boolean"},
    "example": True,
}
N = TypeVar("N", JobType, Schedule, Webhook)


# -- reading


@router.get(
    "",
    operation_id="export_config",
    summary="Export the configuration",
    responses=describe({200: shapes.Config}, InvalidRequest, text={200: "everything that is defined, by name"}),
)
async def export_config(
    request: Request, owner: Annotated[str | None, Query(min_length=1, max_length=128)] = None
) -> Response:
    jobs, caller = context_of(request).jobs, caller_of(request)
    standing = await jobs.configuring.standing()
    document: dict[str, Any] = {} if owner is None else {"owner": owner}
    document["job_types"] = [
        config_items.exported(found)
        for found in _sorted(standing.job_types.values())
        if owner in (None, found.owner) and _sees(jobs, caller, found)
    ]
    document["queues"] = [
        config_items.exported(queue)
        for name, queue in sorted(standing.queues.items())
        if owner is None and caller.within.admits_queue(name)
    ]
    document["schedules"] = [
        config_items.exported(shown.schedule_of(jobs, caller, found))
        for found in _sorted(standing.schedules.values())
        if owner in (None, found.owner) and _sees(jobs, caller, found)
    ]
    document["webhooks"] = [
        config_items.exported(found)
        for found in _sorted(standing.webhooks.values())
        if owner in (None, found.owner) and visibility.sees_webhook(caller, found)
    ]
    return respond(Answer(200, orjson.dumps(document)))


def _sorted(found: Iterable[N]) -> list[N]:
    return sorted(found, key=lambda item: item.name)


def _sees(jobs: Jobs, caller: Caller, found: JobType | Schedule | Webhook) -> bool:
    if isinstance(found, Webhook):
        return visibility.sees_webhook(caller, found)
    if isinstance(found, Schedule):
        return visibility.sees_schedule(jobs, caller, found)
    return caller.within.admits(found.name, found.definition.queue)


# -- applying


@router.post(
    "/apply",
    operation_id="apply_config",
    summary="Apply a configuration, all or none",
    responses=describe(
        {200: shapes.ConfigDifference},
        *BODY,
        ConfigConflict,
        JobTypeInUse,
        QueueInUse,
        TooManyWebhooks,
        TooBusy,
        KeyringUnavailable,
        text={200: "what changed, or with `dry_run` would change"},
        headers={200: ("Cache-Control",)},
    ),
    openapi_extra=accepts(shapes.ConfigIn, examples.CONFIG, required=False, headers=[DRY_RUN]),
)
async def apply_config(request: Request) -> Response:
    """In one transaction: everything is applied, or nothing. Applying the same document again changes nothing."""
    context = context_of(request)
    settings = context.settings
    body = await read_body(request.scope, request.receive, settings.max_batch_bytes, settings.body_timeout_seconds)
    value = parse(body, MAX_DEPTH + LEVELS) if body else {}
    document = fit(shapes.ConfigIn, value)
    dry_run = _flag(request.scope, "dry_run")
    asking = Asking(context, caller_of(request), document)
    await asking.check_addresses()
    found, unchanged = await context.jobs.configuring.apply(asking.wanted, dry_run=dry_run)
    if not dry_run and any(step.kind == "webhook" for step in found):
        context.webhooks.applied()
    answer: dict[str, Any] = {
        "owner": asking.owner,
        "dry_run": dry_run,
        "changes": [asking.change_json(step) for step in found],
        "unchanged": unchanged,
    }
    if dry_run or not asking.secrets:
        return respond(Answer(200, orjson.dumps(answer)))
    for change in answer["changes"]:
        if (secret := asking.secrets.get((change["kind"], change["name"]))) is not None:
            change["secret"] = secret
    return respond(Answer(200, orjson.dumps(answer), (ONCE,)))


def _flag(scope: AsgiScope, name: str) -> bool:
    """Raises InvalidRequest."""
    given = QueryParams(scope["query_string"])
    if errors := faults(given, {name: False}):
        raise InvalidRequest(errors)
    text = given.get(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise InvalidRequest.at(f"/{name}", "must be true or false", "bool_parsing")
    return text in ("true", "1")


class Asking:
    """What a caller's document asks for, beside what stands when it is looked at."""

    def __init__(self, context: Context, caller: Caller, document: shapes.ConfigIn) -> None:
        self._jobs = context.jobs
        self._handlers = context.handlers.definitions
        self._webhooks = context.webhooks
        self._newest = 0
        self._caller = caller
        self._document = document
        self._definitions: dict[str, Definition] = {}
        self.owner = document.owner or DEFAULT_OWNER
        self.secrets: dict[tuple[Kind, str], str] = {}
        """Those that were made for what is new."""

    async def check_addresses(self) -> None:
        """Of HTTP handlers and webhooks that are not as they stand: where they lead to. Raises ScopeMissing and
        InvalidRequest."""
        errors: list[FieldError] = []
        for place, body in enumerate(self._document.job_types or []):
            if not writes_handler(body):
                continue
            if not self._caller.may(Scope.ADMIN):
                raise ScopeMissing(Scope.ADMIN)
            asked, known = definition(body.name, body), self._jobs.catalogue.get(body.name)
            if known is not None and _is_as_it_stands(asked.handler, known.definition.handler):
                continue
            try:
                await self._handlers.check(asked, f"/job_types/{place}")
            except Invalid as refused:
                errors += refused.errors
        for place, hook in enumerate(self._document.webhooks or []):
            stored = await self._jobs.store.webhook(hook.name)
            if stored is None or stored.url != hook.url or (hook.enabled and not stored.enabled):
                try:
                    await self._webhooks.check(hook.url, f"/webhooks/{place}")
                except Invalid as refused:
                    errors += refused.errors
        if errors:
            raise InvalidRequest(errors[:MAX_LISTED_ERRORS])
        if self._document.webhooks:
            self._newest = await self._webhooks.newest()

    def wanted(self, standing: Standing) -> Wanted:
        """Raises InvalidRequest, which names each place, and Forbidden."""
        errors: list[FieldError] = []
        wanted = Wanted(
            owner=self.owner,
            job_types=self._job_types(standing, errors),
            queues=self._queues(standing, errors),
            schedules=self._schedules(standing, errors),
            webhooks=self._wanted_webhooks(standing, errors),
            prunes=(lambda found: _sees(self._jobs, self._caller, found)) if self._document.prune else None,
        )
        if errors:
            raise InvalidRequest(errors[:MAX_LISTED_ERRORS])
        return wanted

    def _job_types(self, standing: Standing, errors: list[FieldError]) -> list[WantedJobType]:
        found: dict[str, WantedJobType] = {}
        for place, body in enumerate(self._document.job_types or []):
            path = f"/job_types/{place}"
            sealing = self._handlers.sealing()
            try:
                _once(body.name, found, path)
                asked = definition(body.name, body)
                visibility.check_definition(self._caller, asked)
                visibility.check_known(self._caller, standing.job_types.get(body.name))
                self._handlers.check_queue(asked, path)
                asked, secrets = sealing(asked, standing.job_types.get(body.name))
            except HeadersRequired as refused:
                errors += [FieldError(path + error.path, error.message, refused.code) for error in refused.errors]
                continue
            except (Invalid, NotFound) as refused:
                errors += _listed(refused, f"{path}/name")
                continue
            if sealing.secret is not None:
                self.secrets["job_type", body.name] = sealing.secret
            shown.check_definition(self._jobs, self._caller, asked)
            self._definitions[body.name] = asked
            owner = self._document.owner or body.owner or self.owner
            found[body.name] = WantedJobType(
                definition=asked, owner=owner, path=path, paused=body.paused, secrets=secrets
            )
        return list(found.values())

    def _queues(self, standing: Standing, errors: list[FieldError]) -> list[WantedQueue]:
        found: dict[str, WantedQueue] = {}
        for place, body in enumerate(self._document.queues or []):
            path = f"/queues/{place}"
            try:
                _once(body.name, found, path)
                if not self._caller.within.admits_queue(body.name):
                    raise QueueNotFound(body.name)
                check_settings(body, standing.queues.get(body.name), path)
                bullmq = bullmq_of(body)
                if bullmq is not UNSET and bullmq is not None:
                    self._jobs.projection.check(f"{path}/engine")
                    if body.paused is not None:
                        message = "is not for a queue in Redis, whose pause is there: POST /v1/queues/{name}/pause"
                        raise InvalidRequest.at(f"{path}/paused", message, "exclusive")
            except (Invalid, NotFound) as refused:
                errors += _listed(refused, f"{path}/name")
                continue
            found[body.name] = WantedQueue(
                name=body.name, path=path, bullmq=bullmq, paused=body.paused, limits=limits_of(body)
            )
        return list(found.values())

    def _schedules(self, standing: Standing, errors: list[FieldError]) -> list[WantedSchedule]:
        found: dict[str, WantedSchedule] = {}
        for place, body in enumerate(self._document.schedules or []):
            path = f"/schedules/{place}"
            known = standing.schedules.get(body.name)
            try:
                _once(body.name, found, path)
                asked = definition_of(body.name, body)
                self._check_target(known, asked)
                before = None if known is None else known.definition
                asked = shown.with_known_values(self._jobs, self._caller, before, asked, path, self._definition)
            except (Invalid, NotFound) as refused:
                errors += _listed(refused, f"{path}/name")
                continue
            owner = self._document.owner or body.owner or self.owner
            found[body.name] = WantedSchedule(definition=asked, owner=owner, path=path, paused=body.paused)
        return list(found.values())

    def _wanted_webhooks(self, standing: Standing, errors: list[FieldError]) -> list[WantedWebhook]:
        """Raises Forbidden."""
        found: dict[str, WantedWebhook] = {}
        for place, body in enumerate(self._document.webhooks or []):
            path = f"/webhooks/{place}"
            known = standing.webhooks.get(body.name)
            asked = changed_webhook(Webhook(name=body.name, url=body.url), body)
            try:
                _once(body.name, found, path)
                visibility.check_webhook(self._caller, asked.within)
                if known is not None and not visibility.sees_webhook(self._caller, known):
                    raise WebhookNotFound(body.name)
            except (Invalid, NotFound) as refused:
                errors += _listed(refused, f"{path}/name")
                continue
            if known is None:
                asked, secret = self._webhooks.with_secret(replace(asked, cursor=self._newest))
                self.secrets["webhook", body.name] = secret
            owner = self._document.owner or body.owner or self.owner
            found[body.name] = WantedWebhook(webhook=asked, owner=owner, path=path, enabled=body.enabled)
        if len(standing.webhooks.keys() | found.keys()) > MAX_WEBHOOKS:
            raise TooManyWebhooks(MAX_WEBHOOKS)
        return list(found.values())

    def _check_target(self, known: Schedule | None, asked: ScheduleDefinition) -> None:
        """Raises NotFound."""
        caller = self._caller
        if known is not None and not visibility.sees_schedule(self._jobs, caller, known):
            raise JobTypeNotFound(asked.job_type)
        if caller.within.is_everything:
            return
        own = {body.name: body.queue or "default" for body in self._document.job_types or []}
        queue = asked.queue or own.get(asked.job_type)
        if queue is None:
            visibility.check_target(self._jobs, caller, asked.job_type, UNSET)
        elif not caller.within.admits(asked.job_type, queue):
            raise JobTypeNotFound(asked.job_type)

    def _definition(self, job_type: str) -> Definition | None:
        """By the document, or as it stands."""
        return self._definitions.get(job_type) or self._jobs.catalogue.last(job_type)

    def _pointers(self, job_type: str) -> tuple[str, ...]:
        """What is redacted of a job type by the document, or as it stands."""
        known = self._definitions.get(job_type)
        return self._jobs.catalogue.redacts(job_type) if known is None else known.redact

    def change_json(self, step: Step) -> dict[str, Any]:
        fields = config_items.changes(self._as_shown(step))
        if step.action == "update" and not fields:
            path = "/payload" if step.kind == "schedule" else "/handler/headers"
            fields = [{"path": path, "before": "***", "after": "***"}]  # in what is hidden from the caller
        return {"kind": step.kind, "name": step.name, "action": step.action, "fields": fields}

    def _as_shown(self, step: Step) -> Step:
        if step.kind != "schedule" or self._caller.may(Scope.REVEAL):
            return step
        return replace(step, before=self._shown(step.before), after=self._shown(step.after))

    def _shown(self, found: Struct | None) -> Any:
        if not isinstance(found, Schedule):
            return found
        return shown.masked(found, self._pointers(found.definition.job_type))


def _is_as_it_stands(asked: Handler, known: Handler) -> bool:
    given = asked.given or {}
    same = (
        replace(asked, given=None, omitted=False, headers=known.headers) == known
        and given.keys() == known.headers.keys()
    )
    return same and all(value == UNCHANGED for value in given.values())


def _once(name: str, found: dict[str, Any], path: str) -> None:
    if name in found:
        raise InvalidRequest.at(f"{path}/name", "is there twice", "duplicate")


def _listed(refused: Invalid | NotFound, path: str) -> list[FieldError]:
    return refused.errors or [FieldError(path, refused.detail, refused.code)]
