"""What a schedule's plan and payload must be, when it fires, and the run that a fire makes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import msgspec
import orjson

from blazy_jobs_server.domain.errors import FieldError, InvalidPayload, InvalidRequest, JobTypeNotFound, TooBusy
from blazy_jobs_server.domain.instants import LATEST, SECOND
from blazy_jobs_server.domain.schedule import Cron, Date, Interval, Plan, ScheduleDefinition
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.cron_text import misread
from blazy_jobs_server.engine.dispatch import Dispatcher, Wish
from blazy_jobs_server.engine.due_times import fire_times
from blazy_jobs_server.engine.fire_times import BadPlan
from blazy_jobs_server.ports import Order

_finder = ThreadPoolExecutor(1, "fire-times")


class Orders:
    """The runs that schedules make."""

    def __init__(self, catalogue: Catalogue, dispatcher: Dispatcher) -> None:
        self._catalogue = catalogue
        self._dispatcher = dispatcher

    async def of(self, definition: ScheduleDefinition) -> Order:
        """Raises JobTypeNotFound, InvalidPayload and TooBusy."""
        entry = self._catalogue.entry(definition.job_type)
        payload = orjson.loads(definition.payload)
        if entry.payload is not None and not entry.payload.accepts(payload):
            faults = await entry.payload.faults(payload, "/payload")
            if faults:
                raise InvalidPayload(faults)
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

    async def check(self, definition: ScheduleDefinition, path: str = "", *, known: Plan | None = None) -> None:
        """Of a definition that stands at `path` of the request; a plan that is `known` may stay. Raises InvalidRequest
        InvalidPayload and TooBusy."""
        if definition.plan != known:
            check_plan(definition.plan, path)
        try:
            await self.of(definition)
        except JobTypeNotFound as error:
            raise InvalidRequest.at(f"{path}/job_type", error.detail, error.code) from None
        except InvalidPayload as error:
            raise InvalidPayload([FieldError(path + e.path, e.message, e.code) for e in error.errors]) from None
        except TooBusy as busy:
            raise TooBusy.at(*[path + error.path for error in busy.errors]) from None


def check_plan(plan: Plan, path: str = "") -> None:
    """Of a plan whose schedule stands at `path` of the request. Raises InvalidRequest."""
    if isinstance(plan.trigger, Cron) and (fault := misread(plan.trigger.expression)) is not None:
        # Here and not where it is read: what was stored by an earlier version goes on.
        raise InvalidRequest.at(f"{path}/trigger/expression", fault, "invalid_schedule")
    try:
        fire_times(plan, 0)
    except BadPlan as error:
        raise InvalidRequest.at(path + error.path, error.message, "invalid_schedule") from None
    if plan.start_at is not None and plan.end_at is not None and plan.end_at < plan.start_at:
        raise InvalidRequest.at(f"{path}/end_at", "is before start_at", "invalid_schedule")
    if (outside := _outside(plan)) is not None:
        raise InvalidRequest.at(path + outside[0], outside[1], "invalid_schedule")


def _outside(plan: Plan) -> tuple[str, str] | None:
    """Where and why it has no time within its bounds, whenever it is made."""
    start_at, end_at = plan.start_at, plan.end_at
    match plan.trigger:
        case Date(at):
            if start_at is not None and at < start_at:
                return "/trigger/at", "is before start_at: it never fires"
            if end_at is not None and at > end_at:
                return "/trigger/at", "is after end_at: it never fires"
        case Interval(every_seconds):
            if start_at is not None and end_at is not None and start_at + round(every_seconds * SECOND) > end_at:
                return "/end_at", "is before the first time, which is one interval after start_at: it never fires"
    return None


def check_alive(plan: Plan, created_at: int, now: int, path: str = "") -> None:
    """That it fires after `now`. Raises InvalidRequest, and what `check_plan` raises."""
    check_plan(plan, path)
    if fire_times(plan, created_at).after(now) is None:
        raise InvalidRequest.at(path + over(plan, now)[0], over(plan, now)[1], "invalid_schedule")


def over(plan: Plan, now: int) -> tuple[str, str]:
    """Where and why it never fires after `now`, as is known."""
    if isinstance(plan.trigger, Date):
        return "/trigger/at", "is in the past: it never fires"
    if plan.end_at is not None and plan.end_at <= now:
        return "/end_at", "is in the past: it never fires"
    if plan.end_at is not None:
        return "/end_at", "is before the first time: it never fires"
    return "/trigger", "never fires"


async def preview(plan: Plan, created_at: int, after: int, count: int) -> list[int]:
    """The next fire times after `after`, exclusive. A thousand may take a third of a second: they are found on another
    thread, and on one only, as many would keep the loop from its turn. Raises BadPlan."""

    def find() -> list[int]:
        return list(islice(fire_times(plan, created_at).between(after + 1, LATEST), count))

    return await asyncio.get_running_loop().run_in_executor(_finder, find)
