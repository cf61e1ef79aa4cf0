"""The shapes of browsers' sessions, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, StringConstraints

from blazy_jobs_server.api.fields import In
from blazy_jobs_server.api.key_models import Self


class SessionIn(In):
    key: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class Session(Self):
    expires_at: AwareDatetime | None
