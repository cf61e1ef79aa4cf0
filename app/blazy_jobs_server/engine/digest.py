"""What the digest says: how everything stands, in one frame, for readers with the same sight.

A frame says all by itself, whatever its reader has seen before. It has room for the job types and queues of which most
waits and runs; the others are counted together.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.run import STATE_NAMES, UNFINISHED, State
from blazy_jobs_server.domain.topics import TOPIC_NAMES, Topic
from blazy_jobs_server.engine.membership import Member
from blazy_jobs_server.engine.sight import Sight, sees_worker
from blazy_jobs_server.engine.tally import DEED_NAMES, RATE_SECONDS, Counts, Deed
from blazy_jobs_server.engine.versions import PERSONAL, Versions
from blazy_jobs_server.ports.errors import ErrorGroup

FRAME_BYTES = 8 * 1024
HEAD_BYTES = 128
"""Room for the id and the event's name of a frame."""
QUEUES_BYTES, ERRORS_BYTES = 2048, 1024
MESSAGE_CHARS = 200
MOST_LISTED = 200
"""Not more than that fit, whatever their names."""
FOR_ADMINS = (Topic.KEYS, Topic.AUDIT)

Lane = tuple[str, str]


class Known(NamedTuple):
    """What all digests are made of."""

    counts: Mapping[tuple[str, str, State], int]
    oldest: Mapping[Lane, int]
    """Since when the first queued run of a lane has been due."""
    recent: Counts
    members: list[Member]
    versions: Versions
    servers: int
    """The number of the list of servers."""
    paused: Callable[[str], bool]
    """Whether a queue is."""
    served: Callable[[str, str], bool]
    """Whether a worker is there for a job type and queue."""
    drains: Callable[[Member], bool]
    trouble: list[str]


def content(
    known: Known, sight: Sight, personal: Mapping[Topic, int], new_errors: Iterable[ErrorGroup]
) -> dict[str, Any]:
    """All but when and by whom. `personal`: the numbers of what a restricted reader sees."""
    lanes = _lanes(known, sight)
    totals = dict.fromkeys(State, 0)
    for counts in lanes.values():
        for state, n in counts.items():
            totals[state] += n
    head = {
        "counts": _named(totals),
        "rates": _rates(known.recent, sight),
        "workers": _workers(known, sight, totals[State.RUNNING]),
        "trouble": known.trouble,
        "versions": _versions(known, sight, personal),
    }
    queues, left_out = _queues(known, lanes)
    head["queues"] = queues
    head["queues_left_out"] = left_out
    head["new_errors"] = _fitting(map(_error, new_errors), ERRORS_BYTES)
    room = FRAME_BYTES - HEAD_BYTES - len(orjson.dumps(head)) - 512  # for the names, the instant and the rest
    listed, other = _listed(lanes, room)
    return head | {"lanes": listed, "other": other}


def _lanes(known: Known, sight: Sight) -> dict[Lane, dict[State, int]]:
    lanes: dict[Lane, dict[State, int]] = {}
    for (job_type, queue, state), n in known.counts.items():
        if n > 0:
            lanes.setdefault((job_type, queue), {})[state] = n
    if sight.within.is_everything:
        return lanes
    return {lane: counts for lane, counts in lanes.items() if sight.within.admits(*lane)}


def _named(counts: Mapping[State, int]) -> dict[str, int]:
    return {STATE_NAMES[state]: n for state, n in counts.items()}


def _rates(recent: Counts, sight: Sight) -> dict[str, float]:
    total = [0] * len(Deed)
    for lane, counts in recent.items():
        if sight.within.admits(*lane):
            total = [a + b for a, b in zip(total, counts, strict=True)]
    return {name: n / RATE_SECONDS for name, n in zip(DEED_NAMES, total, strict=True)}


def _workers(known: Known, sight: Sight, running: int) -> dict[str, int]:
    seen = [member for member in known.members if sees_worker(sight.within, member.record)]
    return {
        "connected": len(seen),
        "draining": sum(known.drains(member) for member in seen),
        "slots": sum(member.record.concurrency for member in seen),
        "busy": running,
    }


def _versions(known: Known, sight: Sight, personal: Mapping[Topic, int]) -> dict[str, Any]:
    versions = known.versions
    runs = versions.runs(sight.within)
    found: dict[str, Any] = {"runs": _named(runs)}
    everything = sight.within.is_everything
    for topic, name in TOPIC_NAMES.items():
        if topic in FOR_ADMINS and not sight.administers:
            continue
        if everything or topic in FOR_ADMINS:
            found[name] = versions.topic(topic)
        elif topic in PERSONAL:
            found[name] = personal.get(topic, 0)
    found["errors"] = max(runs[State.RETRYING], runs[State.FAILED])
    found["servers"] = known.servers
    return found


def _queues(known: Known, lanes: Mapping[Lane, Mapping[State, int]]) -> tuple[list[Any], int]:
    """Those in which something waits, the one that is latest first; and how many had no room."""
    found: dict[str, dict[str, Any]] = {}
    for (job_type, queue), counts in lanes.items():
        queued = counts.get(State.QUEUED, 0)
        if not queued:
            continue
        of_queue = found.setdefault(queue, {"name": queue, "queued": 0, "unserved": 0, "oldest": None})
        of_queue["queued"] += queued
        if not known.served(job_type, queue):
            of_queue["unserved"] += queued
        oldest = known.oldest.get((job_type, queue))
        if oldest is not None:
            of_queue["oldest"] = oldest if of_queue["oldest"] is None else min(of_queue["oldest"], oldest)
    latest = heapq.nsmallest(MOST_LISTED, found.values(), key=lambda q: (q["oldest"] or 1 << 63, q["name"]))
    shown = (
        {
            "name": queue["name"],
            "queued": queue["queued"],
            "unserved": queue["unserved"],
            "oldest_due_at": None if queue["oldest"] is None else rfc3339(queue["oldest"]),
            "paused": known.paused(queue["name"]),
        }
        for queue in latest
    )
    listed = _fitting(shown, QUEUES_BYTES)
    return listed, len(found) - len(listed)


def _error(group: ErrorGroup) -> dict[str, Any]:
    return {
        "group": group.group,
        "code": group.code,
        "type": None if group.type is None else group.type[:MESSAGE_CHARS],
        "message": group.message[:MESSAGE_CHARS],
        "job_type": next(iter(group.job_types), ""),
        "first_at": rfc3339(group.first_at),
    }


def _listed(lanes: Mapping[Lane, Mapping[State, int]], room: int) -> tuple[list[Any], Any]:
    def weight(item: tuple[Lane, Mapping[State, int]]) -> tuple[int, int, Lane]:
        lane, counts = item
        unfinished = sum(counts.get(state, 0) for state in UNFINISHED)
        return -unfinished, -sum(counts.values()), lane

    heaviest = heapq.nsmallest(MOST_LISTED, lanes.items(), key=weight)
    shown = ({"job_type": lane[0], "queue": lane[1], "counts": _named(counts)} for lane, counts in heaviest)
    listed = _fitting(shown, room)
    if len(listed) == len(lanes):
        return listed, None
    rest = dict.fromkeys(State, 0)
    for counts in lanes.values():
        for state, n in counts.items():
            rest[state] += n
    for _, counts in heaviest[: len(listed)]:
        for state, n in counts.items():
            rest[state] -= n
    return listed, {"lanes": len(lanes) - len(listed), "counts": _named(rest)}


def _fitting(items: Iterable[Any], room: int) -> list[Any]:
    """The first of them, as many as have room."""
    found = []
    for item in items:
        text = orjson.dumps(item)
        room -= len(text) + 1
        if room < 0:
            break
        found.append(orjson.Fragment(text))
    return found
