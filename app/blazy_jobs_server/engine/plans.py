"""What a schedule's plan and payload must be, when it fires, and the run that a fire makes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import msgspec
import orjson

from blazy_jobs_server.domain.errors import FieldError, InvalidPayload, InvalidRequest, JobTypeNotFound
from blazy_jobs_server.domain.instants import LATEST
from blazy_jobs_server.domain.schedule import Plan, ScheduleDefinition
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.dispatch import Dispatcher, Wish
from blazy_jobs_server.engine.due_times import fire_times
from blazy_jobs_server.engine.fire_times import BadPlan
from blazy_jobs_server.engine.schemas import faults
from blazy_jobs_server.ports import Order

_finder = ThreadPoolExecutor(1, "fire-times")


class Orders:
    """The runs that schedules make."""

    def __init__(self, catalogue: Catalogue, dispatcher: Dispatcher) -> None:
        self._catalogue = catalogue
        self._dispatcher = dispatcher

    def of(self, definition: ScheduleDefinition) -> Order:
        """Raises JobTypeNotFound and InvalidPayload."""
        entry = self._catalogue.entry(definition.job_type)
        payload = orjson.loads(definition.payload)
        if entry.payload is not None and not entry.payload.is_valid(payload):
            raise InvalidPayload(faults(entry.payload, payload, "/payload"))
        unset = msgspec.UNSET
        wish = Wish(
            payload=payload,
            queue=unset if definition.queue is None else definition.queue,
            priority=unset if definition.priority is None else definition.priority,
            tags=definition.tags,
        )
        order = self._dispatcher.order(entry, wish)
        self._catalogue.met_queue(order.queue)
        return order

    def check(self, definition: ScheduleDefinition, path: str = "") -> None:
        """Of a definition that stands at `path` of the request. Raises InvalidRequest and InvalidPayload."""
        check_plan(definition.plan, path)
        try:
            self.of(definition)
        except JobTypeNotFound as error:
            raise InvalidRequest.at(f"{path}/job_type", error.detail, error.code) from None
        except InvalidPayload as error:
            raise InvalidPayload([FieldError(path + e.path, e.message, e.code) for e in error.errors]) from None


def check_plan(plan: Plan, path: str = "") -> None:
    """Of a plan whose schedule stands at `path` of the request. Raises InvalidRequest."""
    try:
        fire_times(plan, 0)
    except BadPlan as error:
        raise InvalidRequest.at(path + error.path, error.message, "invalid_schedule") from None
    if plan.start_at is not None and plan.end_at is not None and plan.end_at < plan.start_at:
        raise InvalidRequest.at(f"{path}/end_at", "is before start_at", "invalid_schedule")


async def preview(plan: Plan, created_at: int, after: int, count: int) -> list[int]:
    """The next fire times after `after`, exclusive. A thousand may take a third of a second: they are found on another
    thread, and on one only, as many would keep the loop from its turn. Raises BadPlan."""

    def find() -> list[int]:
        return list(islice(fire_times(plan, created_at).between(after + 1, LATEST), count))

    return await asyncio.get_running_loop().run_in_executor(_finder, find)
