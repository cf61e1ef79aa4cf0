"""Dispatches without a way through parser, ASGI and tasks: requests whose head came before, word for word.

Clients say the same with each dispatch of a job type but for the body and its length. Such a head is read by the parser
and judged by the routes once; then what follows from it is known, as long as the whole body is there with it. Whatever
is not as usual goes the ordinary way, which also says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from time import perf_counter

import orjson
from starlette.types import Scope

from blazy_jobs_server.api import exchange, render, shown
from blazy_jobs_server.api.context import Context
from blazy_jobs_server.api.problems import unexpected
from blazy_jobs_server.api.requests import headers_of, is_json
from blazy_jobs_server.api.strict_json import parse
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import DefinitionChanged, JobsError, JobTypeNotFound
from blazy_jobs_server.domain.keys import Scope as KeyScope
from blazy_jobs_server.engine.catalogue import Entry
from blazy_jobs_server.engine.gathering import Gathering, Group
from blazy_jobs_server.ports import Dispatched

DISPATCH_ROUTE = "/v1/job-types/{name}/runs"
MAX_HEAD_BYTES = 4096
MAX_HEADS = 256
_LENGTH = re.compile(rb"\r\ncontent-length: ([1-9][0-9]{0,8})\r\n", re.IGNORECASE)
_PATH = re.compile(r"/v1/job-types/([^/%?#]+)/runs")
_UNUSUAL = (
    b"content-encoding",
    b"cookie",
    b"expect",
    b"idempotency-key",
    b"prefer",
    b"traceparent",
    b"transfer-encoding",
    b"upgrade",
    b"x-request-id",
)
"""A head with one of these goes the ordinary way each time."""


class Heads:
    """Heads that came before, without the digits of their lengths, and the job type and the key that each names."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[str, bytes | None]] = {}

    def find(self, data: bytes) -> tuple[str, bytes | None, int] | None:
        """For a request that is whole: the job type, `Authorization`, and where its body begins."""
        body_at = data.find(b"\r\n\r\n") + 4
        length = _LENGTH.search(data, 0, body_at)
        if length is None:
            return None
        start, end = length.span(1)
        known = self._known.get(data[:start] + data[end:body_at])
        if known is None or body_at + int(data[start:end]) != len(data):
            return None
        return *known, body_at

    def add(self, data: bytes, name: str, authorization: bytes | None) -> None:
        """The head of what was read as one request with one length, if that is all of `data` in no other reading."""
        body_at = data.find(b"\r\n\r\n") + 4
        length = _LENGTH.search(data, 0, body_at)
        if length is None or body_at > MAX_HEAD_BYTES or body_at + int(length[1]) != len(data):
            return
        if data.count(b"\n", 0, body_at) != data.count(b"\r\n", 0, body_at):
            return
        if len(self._known) >= MAX_HEADS:
            self._known.clear()
        self._known[data[: length.start(1)] + data[length.end(1) : body_at]] = (name, authorization)


class Direct:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._jobs = context.jobs
        self._most_bytes = context.settings.max_body_bytes
        self._heads = Heads()
        self._gathering: Gathering[exchange.Reply] = Gathering(self._jobs.dispatcher, self._stored)
        self._forms: dict[tuple[int, str | None, str | None], render.FreshRuns] = {}

    def learn(self, data: bytes, scope: Scope, *, keep_alive: bool) -> None:
        """`data` was read to its end, and `scope` is of the last request in it."""
        headers = headers_of(scope)
        path = _PATH.fullmatch(scope["path"])
        if (
            path is None
            or not keep_alive
            or scope["method"] != "POST"
            or scope["query_string"]
            or scope["http_version"] != "1.1"
        ):
            return
        if not is_json(headers) or not _is_usual(headers) or scope["raw_path"] != scope["path"].encode():
            return
        if sum(name == b"content-length" for name, _ in scope["headers"]) != 1:
            return
        try:
            self._context.judge(scope)  # for the second time, or before it is admitted
        except JobsError:
            return
        self._heads.add(data, path[1], headers.get(b"authorization"))

    def take(self, data: bytes, reply: exchange.Reply) -> bool:
        """Whether `data` is a whole request that is answered from here, by and by."""
        known = self._heads.find(data)
        if known is None:
            return False
        name, authorization, body_at = known
        body = data[body_at:]
        if len(body) > self._most_bytes:
            return False
        try:
            value = parse(body)
            if type(value) is not dict or len(value) != 1 or "payload" not in value:
                return False
            caller = self._context.access.caller(authorization)  # whose head it is may have changed
            if not (caller.may(KeyScope.WRITE) and caller.is_unrestricted):
                return False
            if shown.hidden_from(self._jobs, caller, name):
                return False
            entry = self._jobs.dispatcher.at_hand(name)
            payload = value["payload"]
            if entry.job_type.definition.expires_seconds is not None:
                return False
            if entry.payload is not None and not entry.payload.accepts(payload):
                return False
        except JobsError:
            return False
        self._gathering.add(entry, orjson.dumps(payload).decode(), caller.created_by, reply)
        return True

    def _stored(self, group: Group[exchange.Reply], outcome: Dispatched | Exception) -> None:
        if isinstance(outcome, Exception):
            self._refused(group, outcome)
            return
        self._count(group, 202)
        if outcome.columns is None:
            for run, reply in zip(outcome.runs, group.askers, strict=True):
                body = render.run_json(run, self._jobs.wait_reason(run))
                reply.accepted(ids.run_id(run.id), body)
        else:
            forms = {created_by: self._form(group.entry, created_by) for created_by in set(group.created_by)}
            made = zip(ids.run_ids(outcome.columns), group.payloads, group.created_by, group.askers, strict=True)
            for run_id, payload, created_by, reply in made:
                reply.accepted(run_id, forms[created_by].json(run_id, payload, outcome.made_at))

    def _form(self, entry: Entry, created_by: str | None) -> render.FreshRuns:
        sample = render.fresh_run(entry.job_type, entry.settings, created_by)
        reason = self._jobs.wait_reason(sample)
        place = (sample.definition_id, reason, created_by)
        form = self._forms.get(place)
        if form is None:
            if len(self._forms) >= MAX_HEADS:
                self._forms.clear()
            form = self._forms[place] = render.FreshRuns(sample, reason)
        return form

    def _count(self, group: Group[exchange.Reply], status: int) -> None:
        seconds = perf_counter() - group.began
        self._context.traffic.count(DISPATCH_ROUTE, "POST", status, seconds, len(group.askers))

    def _refused(self, group: Group[exchange.Reply], error: Exception) -> None:
        """What only one of them may have caused befalls that one alone, and a definition may have changed: then nothing
        is stored, and each goes the ordinary way."""
        known = isinstance(error, JobsError)
        if isinstance(error, (DefinitionChanged, JobTypeNotFound)) or (not known and len(group.askers) > 1):
            for reply in group.askers:
                reply.begin_anew()
            return
        path = f"/v1/job-types/{group.entry.job_type.name}/runs"
        refusal = error if isinstance(error, JobsError) else unexpected(error, path)
        self._context.refused(refusal, "POST")
        self._count(group, refusal.status)
        for reply in group.askers:
            reply.refused(refusal)


def _is_usual(headers: Mapping[bytes, bytes]) -> bool:
    kept = headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    return kept and not any(name in headers for name in _UNUSUAL)
