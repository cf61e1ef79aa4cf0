"""`jobs.queue`: what a module says of its queues, and what its worker declares of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from blazy_jobs import Jobs
from blazy_jobs.errors import DefinitionError
from blazy_jobs.worker.modules import load


def test_a_queue_of_the_servers_own_is_not_declared() -> None:
    jobs = Jobs()
    jobs.queue("plain")
    jobs.queue("plain", engine="database")
    assert jobs.queues == {}


@pytest.mark.parametrize(
    ("redis", "url"),
    [
        ("redis://user:secret@redis.internal:6380/2", "redis://redis.internal:6380/2"),
        ({"host": "redis.internal", "password": "secret"}, "redis://redis.internal:6379/0"),
        ({"url": "rediss://:secret@r/1"}, "rediss://r/1"),
        ({"path": "/run/redis.sock", "db": 3}, "unix:///run/redis.sock?db=3"),
    ],
)
def test_the_redis_is_named_without_its_password(redis: Any, url: str) -> None:
    jobs = Jobs()
    jobs.queue("emails", redis=redis)
    assert jobs.queues["emails"] == {
        "name": "emails",
        "engine": "bullmq",
        "bullmq": {"prefix": "bull", "consume": True},
        "redis": url,
    }


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "kafka"},
        {"engine": "database", "redis": "redis://r"},
        {"engine": "bullmq", "redis": "http://r"},
        {"engine": "bullmq", "redis": {"hots": "r"}},
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="emails"):
        Jobs().queue("emails", **options)


def test_a_queue_has_one_definition() -> None:
    jobs = Jobs()
    jobs.queue("emails", engine="bullmq")
    jobs.queue("emails", engine="bullmq")
    with pytest.raises(DefinitionError, match="twice"):
        jobs.queue("emails", engine="bullmq", consume=False)


def test_a_module_declares_its_queues(tmp_path: Path) -> None:
    file = tmp_path / "shop.py"
    file.write_text(
        "from blazy_jobs import Jobs\n"
        "jobs = Jobs()\n"
        "emails = jobs.queue('emails', engine='bullmq', prefix='shop', consume=False)\n"
        "@emails.process('send')\n"
        "async def send(payload): ...\n"
    )
    [declaration] = load([str(file)]).describe()["declares"]
    assert declaration["queues"] == [
        {"name": "emails", "engine": "bullmq", "bullmq": {"prefix": "shop", "consume": False}}
    ]
    assert declaration["job_types"][0]["queue"] == "emails"
