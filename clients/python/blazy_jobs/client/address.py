"""Where the server is, and what opens it."""

from __future__ import annotations

import os

DEFAULT_URL = "http://127.0.0.1:8000"


def server_address(url: str | None, api_key: str | None) -> tuple[str, dict[str, str]]:
    """The base address and the headers, from what is given or JOBS_URL and JOBS_API_KEY."""
    key = api_key if api_key is not None else os.environ.get("JOBS_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return (url or os.environ.get("JOBS_URL") or DEFAULT_URL).rstrip("/"), headers


def is_tls(url: str) -> bool:
    """Reading all certificates costs 70 ms, which only https:// needs."""
    return url.startswith("https://")
