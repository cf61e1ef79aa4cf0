"""Making runs: the job type is found, the payload checked, the settings laid together, and all of it stored at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
from msgspec import UNSET, Struct, UnsetType

from blazy_jobs_server.domain import trace_context
from blazy_jobs_server.domain.errors import (
    DefinitionChanged,
    FieldError,
    IdempotencyInFlight,
    InvalidBatch,
    InvalidPayload,
    JobTypeNotFound,
    RunNotFound,
    TooBusy,
)
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.job_type import NO_OVERRIDES, Overrides
from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.catalogue import Catalogue, Entry
from blazy_jobs_server.engine.checking import MAX_LISTED_ERRORS, BatchCheck, all_accepted
from blazy_jobs_server.engine.schemas import Schema
from blazy_jobs_server.ports import Clock, Dispatched, IdempotencyKey, Many, Order, Store

TRIES = 5
_encode = msgspec.json.Encoder().encode
_decode_overrides = msgspec.json.Decoder(Overrides).decode


class Wish(Struct, frozen=True, kw_only=True):
    """What a dispatch asks for. `payload` is the parsed JSON value; `run_at` in microseconds since the epoch."""

    payload: Any
    queue: str | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    delay_seconds: float | None = None
    run_at: int | None = None
    retry: dict[str, Any] | UnsetType = UNSET
    timeout_seconds: float | UnsetType = UNSET
    expires_seconds: float | UnsetType | None = UNSET
    dedupe_key: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    created_by: str | None = None
    """As in `Run`."""
    within: Within = EVERYTHING
    """Where it may be made."""


class Dispatcher:
    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._in_flight: set[tuple[str, str]] = set()
        self._storing = 0
        self.on_dispatching: Callable[[set[tuple[str, str]]], bool] = lambda pairs: False
        """While no other dispatch is under way: runs of these (job type, queue) pairs, due at once, are about to be
        stored. Whether a claim is made with them."""

    def at_hand(self, name: str) -> Entry:
        """As it was known here last. Raises JobTypeNotFound."""
        return self._catalogue.entry(name)

    def may_be_full(self, entry: Entry) -> bool:
        """Whether the number of runs that wait in the job type's queue is limited."""
        queue = entry.job_type.definition.queue
        return self._catalogue.has_queue(queue) and self._catalogue.queue(queue).limits.max_queued is not None

    async def known(self, name: str) -> Entry:
        """Raises JobTypeNotFound."""
        return await self._catalogue.found(name)

    async def dispatch(self, entry: Entry, wish: Wish, idempotency: IdempotencyKey | None) -> Dispatched:
        """Raises InvalidPayload, TooBusy, IdempotencyKeyReused, IdempotencyInFlight."""
        while True:
            try:
                return await self._dispatch(entry, wish, idempotency)
            except (DefinitionChanged, InvalidPayload) as refusal:
                entry = await self._changed(entry, refusal)

    async def _changed(self, entry: Entry, refusal: Exception) -> Entry:
        """As another server has left it. Where it is as it was, the refusal stands. Raises JobTypeNotFound."""
        await self._catalogue.fresh()
        fresh = self._catalogue.entry(entry.job_type.name)
        if fresh is entry:
            raise refusal
        return fresh

    async def _dispatch(self, entry: Entry, wish: Wish, idempotency: IdempotencyKey | None) -> Dispatched:
        if entry.payload is not None and not entry.payload.accepts(wish.payload):
            replayed = await self._checked(entry.payload, wish.payload, idempotency)
            if replayed is not None:
                return replayed
        return await self.store_orders([self.order(entry, wish)], idempotency)

    async def _checked(self, schema: Schema, payload: Any, idempotency: IdempotencyKey | None) -> Dispatched | None:
        """None where it fits; else the answer to an earlier request under this key. Raises InvalidPayload and TooBusy
        where there is none."""
        try:
            faults = await schema.faults(payload, "/payload")
            if not faults:
                return None
            refusal: InvalidPayload | TooBusy = InvalidPayload(faults)
        except TooBusy as busy:
            refusal = busy
        replayed = await self.replayed(idempotency)
        if replayed is None:
            raise refusal
        return replayed

    async def replayed(self, idempotency: IdempotencyKey | None) -> Dispatched | None:
        """The answer to an earlier request under this key, which stands although it would be refused today."""
        if idempotency is None:
            return None
        found = await self._store.dispatch([], idempotency)
        return found if found.replayed else None

    async def batch(
        self, wishes: list[tuple[str, Wish] | None], errors: list[FieldError], idempotency: IdempotencyKey | None
    ) -> Dispatched:
        """All or none. `errors` are known already, of the items that are None. Raises InvalidBatch, which names each
        bad item by its place, and TooBusy, which names those that could not be checked."""
        for left in reversed(range(TRIES)):
            if any(item is not None and self._catalogue.get(item[0]) is None for item in wishes):
                await self._catalogue.fresh()
            known = self._catalogue.revision
            try:
                return await self._batch(wishes, errors, idempotency)
            except (DefinitionChanged, InvalidBatch) as refusal:
                await self._catalogue.fresh()
                if not left or (isinstance(refusal, InvalidBatch) and self._catalogue.revision == known):
                    raise
        raise AssertionError

    async def many(
        self, name: str, payloads: list[Any], idempotency: IdempotencyKey | None, created_by: str | None
    ) -> Dispatched | None:
        """A batch of runs of one job type that say no more than their payloads; None where they are to be looked at one
        by one (`batch`)."""
        if self._catalogue.get(name) is None:
            return None
        entry = self._catalogue.entry(name)
        if entry.job_type.definition.expires_seconds is not None:
            return None
        if entry.payload is not None and not await all_accepted(entry.payload, payloads):
            return None
        try:
            texts = [orjson.dumps(payload).decode() for payload in payloads]
            return await self.store_plain(entry, texts, idempotency, created_by)
        except (DefinitionChanged, JobTypeNotFound):
            return None

    async def store_plain(
        self,
        entry: Entry,
        payloads: list[str],
        idempotency: IdempotencyKey | None,
        created_by: str | list[str | None] | None,
        *,
        requests: int = 1,
    ) -> Dispatched:
        """Runs that say no more than their payloads (JSON texts), which fit; their job type lets no run expire.

        Raises DefinitionChanged and JobTypeNotFound, and nothing is stored then.
        """
        job_type = entry.job_type
        definition = job_type.definition
        many = Many(
            job_type=definition.name,
            definition_id=job_type.definition_id,
            version=job_type.version,
            settings=entry.settings,
            queue=definition.queue,
            priority=definition.priority,
            payloads=payloads,
            requests=requests,
            created_by=created_by,
        )
        self._catalogue.met_queue(many.queue)
        return await self._stored(many, {(definition.name, many.queue)}, idempotency)

    async def _batch(
        self, wishes: list[tuple[str, Wish] | None], errors: list[FieldError], idempotency: IdempotencyKey | None
    ) -> Dispatched:
        orders: list[Order] = []
        check = BatchCheck()
        check.errors.extend(errors)
        for index, item in enumerate(wishes):
            if check.full:
                break
            if item is None:
                continue
            if index % 100 == 99:
                await asyncio.sleep(0)
            name, wish = item
            try:
                entry = self._catalogue.entry(name)
                order = self.order(entry, wish)
            except JobTypeNotFound as error:
                check.errors.append(FieldError(f"/runs/{index}/job_type", error.detail, error.code))
                continue
            if entry.payload is not None:
                await check.take(entry.payload, wish.payload, f"/runs/{index}/payload")
            if not check.errors:
                orders.append(order)
        refusal = await _refusal(check)
        if refusal is None:
            return await self.store_orders(orders, idempotency)
        replayed = await self.replayed(idempotency)
        if replayed is None:
            raise refusal
        return replayed

    async def replay(
        self,
        run: Run,
        idempotency: IdempotencyKey | None,
        created_by: str | None,
        within: Within = EVERYTHING,
        payload: str | None = None,
        trace: dict[str, str] = trace_context.NONE,
    ) -> Dispatched:
        """The payload (or this one, a JSON text), tags, metadata and own settings of `run` on the present definition of
        its type. `trace` is the context of whoever asks (trace_context.py).

        Raises JobTypeNotFound, also where that is outside of `within` by now, InvalidPayload, TooBusy.
        """
        entry = await self._catalogue.found(run.job_type)
        if payload is not None:
            run = msgspec.structs.replace(run, payload=payload)
        if trace:
            metadata = trace_context.replaced(orjson.loads(run.metadata), trace)
            run = msgspec.structs.replace(run, metadata=orjson.dumps(metadata).decode())
        while True:
            try:
                return await self._replay(run, entry, idempotency, created_by, within)
            except (DefinitionChanged, InvalidPayload) as refusal:
                entry = await self._changed(entry, refusal)

    async def _replay(
        self,
        run: Run,
        entry: Entry,
        idempotency: IdempotencyKey | None,
        created_by: str | None,
        within: Within,
    ) -> Dispatched:
        payload = orjson.loads(run.payload)
        if entry.payload is not None and not entry.payload.accepts(payload):
            replayed = await self._checked(entry.payload, payload, idempotency)
            if replayed is not None:
                return replayed
        return await self.store_orders([self._replaying(run, entry, created_by, within)], idempotency)

    async def order_of_replay(self, run: Run, created_by: str | None, within: Within) -> Order:
        """Raises JobTypeNotFound, also where that is outside of `within` by now, InvalidPayload, TooBusy."""
        entry = await self._catalogue.found(run.job_type)
        if entry.payload is not None:
            payload = orjson.loads(run.payload)
            if not entry.payload.accepts(payload) and (faults := await entry.payload.faults(payload, "/payload")):
                raise InvalidPayload(faults)
        order = self._replaying(run, entry, created_by, within)
        self._catalogue.met_queue(order.queue)
        return order

    def _replaying(self, run: Run, entry: Entry, created_by: str | None, within: Within) -> Order:
        overrides = NO_OVERRIDES if run.overrides is None else _decode_overrides(run.overrides)
        wish = Wish(
            payload=None,
            queue=overrides.queue,
            priority=overrides.priority,
            retry=overrides.retry,
            timeout_seconds=overrides.timeout_seconds,
            expires_seconds=None,
            created_by=created_by,
            within=within,
        )
        return msgspec.structs.replace(
            self.order(entry, wish), payload=run.payload, tags=run.tags, metadata=run.metadata, replay_of=run.id
        )

    def order(self, entry: Entry, wish: Wish) -> Order:
        """Raises JobTypeNotFound where the run would be made outside."""
        job_type = entry.job_type
        definition = job_type.definition
        settings, overrides = entry.settings, None
        queue, priority = definition.queue, definition.priority
        expires_seconds = definition.expires_seconds if wish.expires_seconds is UNSET else wish.expires_seconds
        if not (wish.queue is wish.priority is wish.retry is wish.timeout_seconds is UNSET):
            own = Overrides(
                queue=wish.queue, priority=wish.priority, retry=wish.retry, timeout_seconds=wish.timeout_seconds
            )
            settings, overrides = own.settings(definition), _encode(own).decode()
            queue = definition.queue if own.queue is UNSET else own.queue
            priority = definition.priority if own.priority is UNSET else own.priority
        if not wish.within.admits(definition.name, queue):
            raise JobTypeNotFound(definition.name)
        due_at = wish.run_at or 0
        if wish.delay_seconds:
            due_at = after(self._clock.now(), wish.delay_seconds)
        return Order(
            job_type=definition.name,
            definition_id=job_type.definition_id,
            version=job_type.version,
            settings=settings,
            queue=queue,
            priority=priority,
            payload=orjson.dumps(wish.payload).decode(),
            overrides=overrides,
            due_at=due_at,
            expires_seconds=expires_seconds,
            dedupe_key=wish.dedupe_key,
            tags=orjson.dumps(wish.tags).decode() if wish.tags else "[]",
            metadata=orjson.dumps(wish.metadata).decode() if wish.metadata else "{}",
            created_by=wish.created_by,
            within=wish.within,
        )

    async def store_orders(self, orders: list[Order], idempotency: IdempotencyKey | None) -> Dispatched:
        for order in orders:
            self._catalogue.met_queue(order.queue)
        pairs = {(order.job_type, order.queue) for order in orders if not order.due_at}
        return await self._stored(orders, pairs, idempotency)

    async def _stored(
        self, orders: list[Order] | Many, pairs: set[tuple[str, str]], idempotency: IdempotencyKey | None
    ) -> Dispatched:
        """`pairs`: of (job type, queue) that get a run which is due at once."""
        place = None if idempotency is None else (idempotency.scope, idempotency.key)
        if place in self._in_flight:
            raise IdempotencyInFlight
        if place is not None:
            self._in_flight.add(place)
        self._storing += 1
        # With others before it a claim of its own would bring little: they are claimed together.
        claimed = self._storing == 1 and self.on_dispatching(pairs)
        try:
            dispatched = await self._store.dispatch(orders, idempotency)
            if claimed:
                await asyncio.sleep(0)  # the claim is answered first: what its client does next would delay the start
            return dispatched
        finally:
            self._storing -= 1
            if place is not None:
                self._in_flight.discard(place)

    async def run(self, run_id: int) -> Run:
        """Raises RunNotFound."""
        run = await self._store.run(run_id)
        if run is None:
            raise RunNotFound(public_run_id(run_id))
        return run


async def _refusal(check: BatchCheck) -> InvalidBatch | TooBusy | None:
    """Of a batch whose items have all been looked at once."""
    try:
        await check.finish()
    except TooBusy as busy:
        return busy
    if not check.errors:
        return None
    errors = sorted(check.errors, key=lambda error: int(error.path.split("/")[2]))
    return InvalidBatch(errors[:MAX_LISTED_ERRORS])
