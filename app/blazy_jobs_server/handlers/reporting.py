"""What handlers say of their runs by the runs' own tokens, to any server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from blazy_jobs_server.domain.errors import JobTypeNotFound, Unauthorized
from blazy_jobs_server.domain.handler_secrets import Turn
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.handlers.sealing import Vault
from blazy_jobs_server.ports import Report, Reported

LEASE_LOST = Reported("lease_lost")


class Bearer(NamedTuple):
    """Who has a token that is good for a claim of the run."""

    run: Run
    turn: Turn

    @property
    def is_current(self) -> bool:
        return self.run.claims == self.turn.claims


class TokenReports:
    def __init__(self, jobs: Jobs, vault: Vault) -> None:
        self._jobs = jobs
        self._vault = vault

    async def bearer(self, run_id: int | None, token: str) -> Bearer:
        """Raises Unauthorized, the same whether there is no such run, or the token is not the run's."""
        run = None if run_id is None else await self._jobs.store.run(run_id)
        if run is not None:
            try:
                entry = await self._jobs.catalogue.found(run.job_type)
            except JobTypeNotFound:
                raise Unauthorized from None
            secrets = self._vault.open(entry.job_type)
            turn = None if secrets is None else secrets.admits(token, run.id)
            if turn is not None:
                return Bearer(run, turn)
        raise Unauthorized

    async def report(self, bearer: Bearer, reports: Sequence[Report]) -> list[Reported]:
        """An answer to each; without any, one that tells of the run itself, which is a sign of life.

        Raises StoreUnavailable and TooBusy.
        """
        if not bearer.is_current:
            return [LEASE_LOST] * max(1, len(reports))
        run, turn = bearer
        life = Report(run_id=run.id, attempt=turn.attempt, token=run.lease_token or "", kind="touch")
        said = [
            replace(report, run_id=life.run_id, attempt=life.attempt, token=life.token) for report in reports or [life]
        ]
        return (await self._jobs.leasing.hear(said)).reported
