"""Handlers as they stand in a web app, for both kinds of server."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from blazy_jobs import Job, JobContext, Jobs, NonRetryable, RetryAfter, Snooze
from blazy_jobs.receiving import CallContext, Later
from pydantic import BaseModel


class Photo(BaseModel):
    photo_id: str
    width: int = 800


async def resize(photo: Photo, context: JobContext) -> dict[str, Any]:
    return {"path": f"{photo.photo_id}-{photo.width}.jpg", "attempt": context.attempt, "tags": context.tags}


def resize_in_thread(photo: Photo, context: CallContext) -> dict[str, Any]:
    return {"path": f"{photo.photo_id}-{photo.width}.jpg", "attempt": context.attempt, "tags": context.tags}


def say(payload: list[str]) -> Any:
    """What a handler can raise, by name."""
    raised: dict[str, BaseException] = {
        "error": ValueError("no such photo"),
        "long": ValueError("ä" * 2000),
        "hostile": Hostile(),
        "never": NonRetryable("the card was declined"),
        "later": RetryAfter(12.2, "busy"),
        "much-later": RetryAfter(timedelta(days=3)),
        "snooze": Snooze(90),
        "exit": SystemExit(3),
        "group": ExceptionGroup("two", [ValueError("a"), NonRetryable("b")]),
    }
    values: dict[str, Any] = {"null": None, "nan": float("nan"), "object": object(), "number": 2**60, "text": "ä"}
    if payload[0] in raised:
        raise raised[payload[0]]
    return values[payload[0]]


async def say_async(payload: list[str]) -> Any:
    return say(payload)


class Hostile(Exception):
    def __str__(self) -> str:
        raise RuntimeError("cannot be printed")


#: What is answered to what they say.
ANSWERS = [
    ("null", 200, None, None),
    ("text", 200, "ä", None),
    ("error", 500, {"message": "no such photo", "code": "handler_error", "type": "ValueError"}, None),
    ("never", 422, {"message": "the card was declined", "code": "non_retryable", "type": "NonRetryable"}, None),
    ("later", 503, {"message": "busy", "code": "handler_error", "type": "RetryAfter"}, "13"),
    ("snooze", 429, {"message": "snoozed for 90 s"}, "90"),
    ("group", 422, {"code": "non_retryable"}, None),
    ("exit", 500, {"message": "the handler called sys.exit(3)"}, None),
    ("hostile", 500, {"code": "handler_error"}, None),
    ("long", 500, {"code": "handler_error"}, None),
    ("much-later", 503, {"type": "RetryAfter"}, "86400"),
    ("nan", 422, {"code": "invalid_result"}, None),
    ("object", 422, {"code": "invalid_result"}, None),
    ("number", 422, {"code": "invalid_result"}, None),
]

tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
shop = Jobs()
seen: list[str] = []


@shop.middleware
async def note(run: Any, call_next: Callable[..., Awaitable[Any]]) -> Any:
    seen.append(f"{run.job_type} {run.queue}")
    return await call_next(run)


@shop.job("count-stock")
def count_stock(payload: dict[str, int]) -> int:
    return sum(payload.values())


@shop.job("send-digest")
async def send_digest(payload: dict[str, str], ctx: JobContext) -> str:
    ctx.log("sending", to=payload["to"])
    return f"sent to {payload['to']}"


lone = Job("lone", say)


def hand_over(_: Any, context: CallContext) -> Later:
    """Somebody else reports: all that is needed is plain text."""
    kept.append((context.report.url, context.report.token))
    return context.report_later()


kept: list[tuple[str, str]] = []


async def speak(payload: int, context: JobContext) -> str:
    for percent in range(payload):
        context.progress(percent, f"{percent} of {payload}", {"part": percent})
        context.log(f"line {percent}", part=percent)
        await asyncio.sleep(0)
    return "said"


def speak_in_thread(payload: int, context: JobContext) -> str:
    for percent in range(payload):
        context.progress(percent, f"{percent} of {payload}", {"part": percent})
        context.log(f"line {percent}", part=percent)
    return "said"
