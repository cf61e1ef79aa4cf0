"""Reading requests: bodies within their limits, strict JSON, and the models they must fit."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.types import Receive, Scope

from blazy_jobs_server.api.exchange import arrived
from blazy_jobs_server.api.problems import of_pydantic
from blazy_jobs_server.api.queries import refuse_query
from blazy_jobs_server.api.strict_json import parse
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import (
    BadRequest,
    BulkNotFound,
    InvalidCursor,
    InvalidRequest,
    PayloadTooLarge,
    RequestTimeout,
    RunNotFound,
    UnsupportedEncoding,
    UnsupportedMedia,
    WorkerNotFound,
)
from blazy_jobs_server.domain.keys import Caller
from blazy_jobs_server.ports import IdempotencyKey

M = TypeVar("M", bound=BaseModel)

MAX_KEY_LENGTH = 255
CALLER = "jobs.caller"


class ClientDisconnected(Exception):
    """The client went away before its request was whole."""


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    known: Mapping[bytes, bytes] | None = scope.get("jobs.headers")
    if known is None:
        known = scope["jobs.headers"] = dict(scope["headers"])
    return known


def is_json(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/json"


async def read_body(scope: Scope, receive: Receive, limit_bytes: int, seconds: float) -> bytes:
    """The whole body. Raises UnsupportedMedia, PayloadTooLarge (while it streams in) and RequestTimeout."""
    headers = headers_of(scope)
    length = headers.get(b"content-length")
    chunked = b"transfer-encoding" in headers
    has_body = chunked or (length is not None and length != b"0")
    json = is_json(headers)
    # Of a body in chunks only the first one tells whether there is one at all.
    if has_body and not json and (not chunked or b"content-type" in headers):
        raise UnsupportedMedia
    if has_body and b"content-encoding" in headers:
        _check_encoding(scope)
    if length is not None and int(length) > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    whole = arrived(scope)
    if whole is not None:
        message: Any = {"type": "http.request", "body": whole}
    else:
        message = await _receive(receive, seconds) if has_body else await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    body: bytes = message.get("body", b"")
    while chunked and not body and message.get("more_body"):
        message = await _receive(receive, seconds)
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        body = message.get("body", b"")
    if body and not json:
        raise UnsupportedMedia
    if message.get("more_body"):
        body = await _read_on(receive, body, limit_bytes, seconds)
    if len(body) > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    return body


def _check_encoding(scope: Scope) -> None:
    """Raises UnsupportedEncoding for a body that is coded; each line of the header counts."""
    codings = b",".join(value for name, value in scope["headers"] if name == b"content-encoding")
    if any(coding.strip().lower() not in (b"", b"identity") for coding in codings.split(b",")):
        raise UnsupportedEncoding


async def _receive(receive: Receive, seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await receive()
    except TimeoutError:
        raise RequestTimeout(seconds) from None


async def _read_on(receive: Receive, start: bytes, limit_bytes: int, seconds: float) -> bytes:
    pieces, size = [start], len(start)
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnected
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > limit_bytes:
                    raise PayloadTooLarge(limit_bytes)
                if not message.get("more_body"):
                    return b"".join(pieces)
    except TimeoutError:
        raise RequestTimeout(seconds) from None


def fit(model: type[M], value: Any) -> M:
    """`value` as the model. Raises InvalidRequest with each fault's place."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidRequest(of_pydantic(error.errors(include_url=False, include_input=False), value)) from None


async def read_json(request: Request, model: type[M], *, optional: bool = False) -> M:
    """The request's JSON as the model; an `optional` body may be left out."""
    settings = request.app.state.settings
    body = await read_body(request.scope, request.receive, settings.max_body_bytes, settings.body_timeout_seconds)
    value = {} if not body and optional else parse(body)
    refuse_query(request.scope)
    return fit(model, value)


def idempotency_key(headers: Mapping[bytes, bytes], scope: str, body: Any) -> IdempotencyKey | None:
    """From the header `Idempotency-Key` (IETF draft), for a body compared as parsed JSON."""
    key = headers.get(b"idempotency-key")
    if key is None:
        return None
    text = key.decode("latin-1").strip()
    if not text or len(text) > MAX_KEY_LENGTH:
        raise BadRequest(f"Idempotency-Key must have 1 to {MAX_KEY_LENGTH} characters.")
    return IdempotencyKey(scope, text, hashlib.blake2b(canonical(body), digest_size=16).hexdigest())


def canonical(value: Any) -> bytes:
    """The same for what is the same as parsed JSON, and for nothing else."""
    return orjson.dumps(_same_numbers(value), option=orjson.OPT_SORT_KEYS)


def _same_numbers(value: Any) -> Any:
    """1.0 is 1: JSON knows one kind of number."""
    if type(value) is float:
        return int(value) if abs(value) < 2**53 and value == int(value) else value
    if type(value) is dict:
        return {key: _same_numbers(member) for key, member in value.items()}
    return [_same_numbers(member) for member in value] if type(value) is list else value


def caller_scope(scope: Scope) -> str:
    """Keys of different callers, methods and paths never meet."""
    caller: Caller = scope[CALLER]
    return f"{caller.realm} {scope['method']} {scope['path']}"


def run_key(run_id: str) -> int:
    """Raises RunNotFound for an id of the wrong form."""
    key = ids.parse_run_id(run_id)
    if key is None:
        raise RunNotFound(run_id)
    return key


def bulk_key(bulk_id: str) -> int:
    """Raises BulkNotFound for an id of the wrong form."""
    key = ids.parse_bulk_id(bulk_id)
    if key is None:
        raise BulkNotFound(bulk_id)
    return key


def worker_key(worker_id: str) -> int:
    """Raises WorkerNotFound for an id of the wrong form."""
    key = ids.parse_worker_id(worker_id)
    if key is None:
        raise WorkerNotFound(worker_id)
    return key


def cursor_key(cursor: str | None) -> int | None:
    """Raises InvalidCursor."""
    if cursor is None:
        return None
    key = ids.decode(cursor)
    if key is None:
        raise InvalidCursor
    return key
