"""What Redis refuses, in a word that stays the same, and what an operator does about it."""

from __future__ import annotations

import re
from typing import NamedTuple

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, TimeoutError

MOST_TEXT = 300
LOST = "unreachable"
GIVEN_UP = ""
"""Ended here, because of what another command was told."""

ELSEWHERE = {
    "READONLY": "the connection led to a replica, as after a failover; connecting again",
    "UNBLOCKED": "the connection led to what is a replica now; connecting again",
    "LOADING": "Redis is loading its data from disk",
    "MASTERDOWN": "the connection led to a replica that has lost its primary; connecting again",
    "NOREPLICAS": "the primary has too few replicas (min-replicas-to-write) and refuses writes",
    "NOREPLICA": "the primary has too few replicas (min-replicas-to-write) and refuses writes",
    "CLUSTERDOWN": "the Redis cluster is down, and Redis Cluster is not supported",
    "TRYAGAIN": "Redis asks to try again",
}
"""Another connection under the same name may do better."""

REFUSED = {
    "NOPERM": "the Redis user of JOBS_REDIS_URL needs all commands on all keys of the queue's prefix "
    "(ACL SETUSER <user> on +@all ~<prefix>:*)",
    "NOAUTH": "Redis asks for a password: put user and password into JOBS_REDIS_URL",
    "WRONGPASS": "user or password in JOBS_REDIS_URL is wrong",
    "OOM": "Redis has reached its maxmemory: raise it or free memory; the queue goes on by itself then",
    "MISCONF": "Redis cannot write its data to disk and refuses all writes: look into Redis's own log",
    "CROSSSLOT": "Redis Cluster is not supported: use a primary with replicas behind one name",
    "MOVED": "Redis Cluster is not supported: use a primary with replicas behind one name",
    "ASK": "Redis Cluster is not supported: use a primary with replicas behind one name",
    "WRONGTYPE": "a key of the queue holds something that is not BullMQ's: choose another prefix, or remove that key",
    "BUSY": "a script of someone else keeps Redis busy",
    "UNKNOWN": "Redis 6.2 or newer is needed, with all of its commands enabled",
    "CLIENTS": "Redis has no connection left: raise its maxclients",
}
"""The same until someone mends it."""

_CODE = re.compile(rf"(?<![A-Z])({'|'.join(sorted({**ELSEWHERE, **REFUSED}, key=len, reverse=True))})(?![A-Z])")
_OF_PIPELINE = re.compile(r"^Command # .* of pipeline caused error: \(?['\"]?(.*?)['\"]?,?\)?$", re.DOTALL)

_ARGUMENTS = ", with args beginning with"
_OF_SCRIPT = re.compile(r"^.*@user_script: ?\d+: -?", re.DOTALL)


class Fault(NamedTuple):
    key: str
    """The same for the same trouble."""
    text: str
    elsewhere: bool
    """A new connection may lead to a Redis without it."""

    @property
    def known(self) -> bool:
        """Of Redis itself, and not of what was asked."""
        return self.elsewhere or self.key in REFUSED


def fault_of(error: BaseException) -> Fault:
    text = _said(error)
    key = _key(error, text)
    if key in ELSEWHERE or key == LOST:
        advice = ELSEWHERE.get(key)
        return Fault(key, _with(text, advice), elsewhere=True)
    return Fault(key, _with(text, REFUSED.get(key)), elsewhere=False)


def _key(error: BaseException, text: str) -> str:
    code = getattr(error, "status_code", None)
    if code in ELSEWHERE or code in REFUSED:
        return str(code)
    # Within a script, an older Redis puts the reason into the text: "ERR Error running script … -READONLY …".
    if found := _CODE.search(text):
        return found[1]
    lowered = text.lower()
    if "unknown command" in lowered or "unknown redis command" in lowered or "wrong number of arguments" in lowered:
        return "UNKNOWN"
    if "max number of clients" in lowered:
        return "CLIENTS"
    if "out of memory" in lowered or "command not allowed when used memory" in lowered:
        return "OOM"
    if "can't access" in lowered or "no permissions" in lowered or "acl failure" in lowered:
        return "NOPERM"
    if isinstance(error, RedisConnectionError | TimeoutError) or not isinstance(error, RedisError):
        return LOST
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "…", text)[:80]


def _said(error: BaseException) -> str:
    """Without the command that redis-py puts before it: it holds payloads."""
    text = str(error) or type(error).__name__
    if found := _OF_PIPELINE.match(text):
        text = found[1]
    text = _OF_SCRIPT.sub("", text).partition(_ARGUMENTS)[0]
    code = getattr(error, "status_code", None)
    if code and code != "ERR" and not text.startswith(code):
        text = f"{code} {text}"
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"


def _with(text: str, advice: str | None) -> str:
    return text if advice is None else f"{text.rstrip('.')} ({advice})"
