"""When a plan fires: triggers in APScheduler's form over our rules for time zones, and cron text read by cronsim.

APScheduler's own `CronTrigger.from_crontab` is another language (Monday is 0, the day fields are ANDed) and its
triggers skip or repeat local times where clocks change; wall_clock.py has the rule that holds here instead.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from cronsim import CronSim, CronSimError

from blazy_jobs_server.domain.calendar_days import CalendarDays
from blazy_jobs_server.domain.instants import LATEST, SECOND, from_datetime
from blazy_jobs_server.domain.schedule import Calendar, Cron, Date, Interval, Plan
from blazy_jobs_server.domain.wall_clock import FIRST, LAST, first_change, instant_of, local_of, offset_at
from blazy_jobs_server.engine import zones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
APART = timedelta(days=2)
"""No two wall clocks are so far apart, nor one from what it showed before a change."""
MINUTE = 60 * SECOND
DAY = 1440 * MINUTE
NEVER = "names a day that never comes"
_BLANK = re.compile(r"[ \t]+")
_MONTH = re.compile(r"^((?:[^ \t]+[ \t]+){3})[^ \t]+")


class BadPlan(ValueError):
    """`path` is the field's JSON Pointer within a schedule."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def zone_of(name: str) -> ZoneInfo:
    """Raises BadPlan."""
    try:
        return zones.zone(name)
    except KeyError:
        raise BadPlan("/timezone", "is not the name of an IANA time zone, such as 'Europe/Berlin'") from None


def cron_fields(expression: str) -> str:
    """The five fields in capitals, with a nickname spelt out. Raises BadPlan."""
    text = NICKNAMES.get(expression.strip().lower(), expression).strip().upper()
    if len(_BLANK.split(text)) != 5:
        about = "must have five fields: minute, hour, day of month, month, day of week; or be @daily or its kin"
        raise BadPlan("/trigger/expression", about)
    fault = _fault(text)
    if fault == "bad day-of-month" and _fault(_MONTH.sub(r"\1*", text)) is None:
        fault = NEVER  # there is such a day, but not in those months
    if fault is not None:
        raise BadPlan("/trigger/expression", fault if fault == NEVER else f"cannot be read: {fault}")
    return text


def _fault(fields: str) -> str | None:
    try:
        next(CronSim(fields, datetime(2000, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return str(error).lower()
    except StopIteration:
        return NEVER
    return None


@lru_cache(maxsize=256)
def _minutes_of_day(minute: str, hour: str) -> tuple[int, ...]:
    fields = CronSim(f"{minute} {hour} * * *", datetime(2000, 1, 1, tzinfo=UTC))
    return tuple(hour * 60 + minute for hour in sorted(fields.hours) for minute in sorted(fields.minutes))


class CronTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """A cron expression in a time zone.

    A fixed local time (neither the minute nor the hour begins with `*`) fires once a day, also where clocks change;
    every other one fires at each real instant at which the wall clock shows it.
    """

    def __init__(self, fields: str, zone: ZoneInfo) -> None:
        minute, hour, *_ = _BLANK.split(fields)
        self._fields = fields
        self._zone = zone
        self._fixed = not (minute.startswith("*") or hour.startswith("*"))
        self._of_day = _minutes_of_day(minute, hour)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        after = previous_fire_time if previous_fire_time is not None else now - timedelta(microseconds=1)
        try:
            return self._next_fixed(after) if self._fixed else self._next_real(after)
        except (StopIteration, OverflowError):
            return None

    def rest_of_day(self, fire_time: datetime) -> list[int]:
        """By how many minutes others follow it on its local day; nothing is said of a day near which clocks change."""
        if len(self._of_day) == 1 or not FIRST + APART < fire_time < LAST - APART:
            return []
        if first_change(self._zone, fire_time - APART, fire_time + APART) is not None:
            return []
        local = local_of(fire_time, self._zone)
        minute = local.hour * 60 + local.minute
        return [later - minute for later in self._of_day[bisect_right(self._of_day, minute) :]]

    def _next_fixed(self, after: datetime) -> datetime:
        times = CronSim(self._fields, local_of(after, self._zone))
        return next(instant for instant in (instant_of(shown, self._zone) for shown in times) if instant > after)

    def _next_real(self, after: datetime) -> datetime:
        local = local_of(after, self._zone)
        while True:
            found = next(CronSim(self._fields, local)).replace(tzinfo=UTC) - offset_at(self._zone, after)
            far = found - after > APART
            near = after + APART if far else found
            change = first_change(self._zone, after, near)
            if change is not None:
                # From there on the clock shows another time; what it shows at that very instant counts too.
                after = change
                local = local_of(change, self._zone) - timedelta(seconds=1)
            elif far:
                # Whatever clocks do in between, they show none of the times until soon before the one that was found.
                after = found - APART
                local = local_of(after, self._zone)
            else:
                return found


class CalendarTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """The local time on each of a calendar's days is an instant by our own rule. APScheduler's trigger for calendars
    walks to a day from the one before it, and so to none that is far off."""

    def __init__(self, calendar: Calendar, zone: ZoneInfo, anchor: datetime) -> None:
        self._zone = zone
        self._anchor = anchor
        self._time = timedelta(hours=calendar.hour, minutes=calendar.minute)
        self._days = CalendarDays(calendar.every, local_of(anchor, zone).date())

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        after = previous_fire_time if previous_fire_time is not None else now - timedelta(microseconds=1)
        try:
            for day in self._days.since(local_of(after, self._zone).date()):
                instant = instant_of(datetime.combine(day, time()) + self._time, self._zone)
                if instant > after and instant >= self._anchor:
                    return instant
        except OverflowError:  # past the year 9999
            return None
        return None


class FireTimes:
    """The times of a plan, exclusive of jitter. `created_at` is what intervals count from without a `start_at`.

    Raises BadPlan when made of a plan that cannot be.
    """

    def __init__(self, plan: Plan, created_at: int) -> None:
        self._plan = plan
        self._anchor = plan.start_at if plan.start_at is not None else created_at
        zone = zone_of(plan.timezone)
        self._trigger: BaseTrigger | None = None
        self._answer: tuple[int, int | None] | None = None
        self._counted: tuple[tuple[int, int, int], int] | None = None
        match plan.trigger:
            case Cron(expression):
                self._trigger = CronTrigger(cron_fields(expression), zone)
            case Calendar() as calendar:
                self._trigger = CalendarTrigger(calendar, zone, _moment(self._anchor))

    def after(self, instant: int) -> int | None:
        """The first time later than `instant`; None when there is none any more."""
        answer = self._answer
        if answer is None or answer[0] != instant:
            # Kept for the next question: many schedules of one plan ask the same at midnight.
            self._answer = answer = (instant, self._first_after(instant))
        return answer[1]

    def _first_after(self, instant: int) -> int | None:
        plan = self._plan
        if plan.start_at is not None:
            instant = max(instant, plan.start_at - 1)
        if instant >= LATEST:
            return None
        found = self._after(instant)
        return None if found is None or found > LATEST or (plan.end_at is not None and found > plan.end_at) else found

    def _after(self, instant: int) -> int | None:
        match self._plan.trigger:
            case Date(at):
                return at if at > instant else None
            case Interval(every_seconds):
                # Whole microseconds: an interval never drifts.
                every = round(every_seconds * SECOND)
                return self._anchor + max(1, (instant - self._anchor) // every + 1) * every
            case _:
                assert self._trigger is not None
                moment = _moment(instant)
                found = self._trigger.get_next_fire_time(moment, moment)
                return None if found is None else from_datetime(found)

    def between(self, first: int, last: int) -> Iterator[int]:
        """The times from `first` to `last`, both inclusive."""
        for batch in self._batches(first, last):
            yield from batch

    def _batches(self, first: int, last: int) -> Iterator[list[int]]:
        """The same, and where many are on one day, those of the day together: that costs a hundredth."""
        end_at = self._plan.end_at
        last = last if end_at is None else min(last, end_at)
        found = self.after(first - 1)
        while found is not None and found <= last:
            batch = [found, *self._rest_of_day(found)]
            if batch[-1] > last:
                yield batch[: bisect_right(batch, last)]
                return
            yield batch
            found = self.after(batch[-1])

    def _rest_of_day(self, found: int) -> list[int]:
        trigger = self._trigger
        if not isinstance(trigger, CronTrigger):
            return []
        return [found + minutes * MINUTE for minutes in trigger.rest_of_day(_moment(found))]

    def latest(self, first: int, last: int, n: int) -> list[int]:
        """The last `n` times (fewer where there are none) from `first` to `last`, both inclusive, oldest first."""
        width = n * self._apart()
        while True:
            begin = max(first, last - width)
            found = list(self.between(begin, last))
            if len(found) >= n or begin == first:
                return found[-n:]
            width *= 4

    def _apart(self) -> int:
        """About as far from each other as times are: of a cron no farther."""
        match self._plan.trigger:
            case Interval(every_seconds):
                return round(every_seconds * SECOND)
            case Calendar(every):
                return (every.months * 31 + every.weeks * 7 + every.days) * DAY
            case _:
                return MINUTE

    def count(self, first: int, last: int, most: int) -> int:
        """How many times lie from `first` to `last`, both inclusive; counting ends at `most`."""
        if isinstance(self._plan.trigger, Interval):
            begin = self.after(first - 1)
            if begin is None or begin > last:
                return 0
            last = last if self._plan.end_at is None else min(last, self._plan.end_at)
            return min(most, (last - begin) // round(self._plan.trigger.every_seconds * SECOND) + 1)
        counted = self._counted
        if counted is None or counted[0] != (first, last, most):
            number = 0
            for batch in self._batches(first, last):
                number = min(most, number + len(batch))
                if number == most:
                    break
            # Kept as the answer of `after` is: after a downtime, schedules of one plan ask for the same count.
            self._counted = counted = ((first, last, most), number)
        return counted[1]


def _moment(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant)
