"""One attempt of a run over HTTP: the signed request, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson
from msgspec.structs import replace

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import JobsError
from blazy_jobs_server.domain.handler_secrets import HandlerSecrets, Turn
from blazy_jobs_server.domain.instants import SECOND, rfc3339
from blazy_jobs_server.domain.job_type import JobType
from blazy_jobs_server.domain.run import Error, Run
from blazy_jobs_server.handlers import answers
from blazy_jobs_server.handlers.answers import Outcome, Parse
from blazy_jobs_server.handlers.sealing import Vault
from blazy_jobs_server.outbound import signing
from blazy_jobs_server.ports import Clock, Report
from blazy_jobs_server.ports.outbound import Sender, SendFailed, UrlRefused
from blazy_jobs_server.tracing import Attempts, Told


class Formats(NamedTuple):
    """How runs are written and answers are read: as everywhere in the API."""

    run_json: Callable[[Run], str]
    parse: Parse


class Exchange:
    def __init__(
        self,
        sender: Sender,
        vault: Vault,
        clock: Clock,
        formats: Formats,
        *,
        max_result_bytes: int,
        public_url: Callable[[], str],
        wall_seconds: Callable[[], float],
        tracing: Callable[[], Attempts | None] = lambda: None,
    ) -> None:
        """`wall_seconds` is the time by which receivers judge the age of a signature."""
        self._tracing = tracing
        self._sender = sender
        self._vault = vault
        self._clock = clock
        self._formats = formats
        self._max_result_bytes = max_result_bytes
        self._public_url = public_url
        self._wall_seconds = wall_seconds

    async def post(self, run: Run, job_type: JobType) -> Outcome:
        """Of a run that was just claimed, to the handler that its job type has now."""
        base = Report(run_id=run.id, attempt=run.attempt, token=run.lease_token or "", kind="touch")
        handler = job_type.definition.handler
        try:
            secrets = self._vault.open(job_type)
        except JobsError as refusal:
            return Outcome(replace(base, kind="failed", error=Error(refusal.code, refusal.detail)), connected=None)
        detaches = handler.completion == "report"
        if detaches and run.followed is not None:
            error = Error("not_supported", "A run in a queue in Redis cannot go on after the answer to its request.")
            return Outcome(replace(base, kind="failed", error=error, retryable=False), connected=None)
        assert handler.url is not None
        assert secrets is not None
        body = self._body(run, secrets)
        headers = self._headers(run, job_type, secrets, body)
        attempts = self._tracing()
        if attempts is None:
            return await self._send(run, base, handler.url, headers, body, may_detach=detaches)
        span = attempts.begin(run, urlsplit(handler.url).hostname)
        told = Told("interrupted")
        try:
            outcome = await self._send(run, base, handler.url, span.headers | headers, body, may_detach=detaches)
            told = _told(outcome.report)
        finally:
            span.end(told)
        return outcome

    async def _send(
        self, run: Run, base: Report, url: str, headers: dict[str, str], body: bytes, *, may_detach: bool
    ) -> Outcome:
        try:
            answer = await self._sender.post(
                url,
                headers,
                body,
                timeout_seconds=self._timeout_seconds(run),
                max_body_bytes=self._max_result_bytes,
            )
        except (SendFailed, UrlRefused) as failure:
            return answers.of_failure(base, failure, run.settings.timeout_seconds)
        now = self._wall_seconds()
        return answers.of_answer(base, answer, may_detach=may_detach, parse=self._formats.parse, now=now)

    def _timeout_seconds(self, run: Run) -> float:
        """Not beyond the instant at which the run is taken back."""
        left = ((run.deadline_at or 0) - self._clock.now()) / SECOND
        return max(0.001, min(run.settings.timeout_seconds, left))

    def _body(self, run: Run, secrets: HandlerSecrets) -> bytes:
        report = {
            "url": f"{self._public_url()}/v1/runs/{ids.run_id(run.id)}/report",
            "token": secrets.token(run.id, Turn(run.claims, run.attempt)),
        }
        return (
            f'{{"run":{self._formats.run_json(run)},"attempt":{run.attempt},'
            f'"deadline_at":"{rfc3339(run.deadline_at or 0)}","report":{orjson.dumps(report).decode()}}}'
        ).encode()

    def _headers(self, run: Run, job_type: JobType, secrets: HandlerSecrets, body: bytes) -> dict[str, str]:
        holding = secrets.signing.holding(self._clock.now())
        return {
            **secrets.values(job_type.definition.handler.headers),
            "Content-Type": "application/json",
            **signing.sign(holding, ids.run_id(run.id), int(self._wall_seconds()), body),
        }


def _told(report: Report) -> Told:
    error = report.error
    return Told(report.kind, None if error is None else error.type or error.code)
