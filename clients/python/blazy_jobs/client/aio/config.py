"""`client.config` of the asynchronous client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blazy_jobs.client import calls
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.config_fields import ConfigDifference, ConfigExport


class AsyncConfig:
    """`client.config`: everything that is defined, as one document with the API's names. Needs the scope `config`."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def export(self, *, owner: str | None = None) -> ConfigExport:
        """All, or what this owner has applied."""
        return await self._client.ask(calls.export_config(owner))

    async def apply(
        self, document: Mapping[str, Any], *, owner: str | None = None, prune: bool | None = None
    ) -> ConfigDifference:
        """Brings everything to what the document says, or nothing: what has changed. `owner` and `prune` win over those
        of the document. Not tried again where its answer is lost. Raises ApiError, with each place that is wrong."""
        return await self._client.ask(calls.apply_config(document, owner, prune, dry_run=False))

    async def diff(
        self, document: Mapping[str, Any], *, owner: str | None = None, prune: bool | None = None
    ) -> ConfigDifference:
        """What `apply` would change."""
        return await self._client.ask(calls.apply_config(document, owner, prune, dry_run=True))
