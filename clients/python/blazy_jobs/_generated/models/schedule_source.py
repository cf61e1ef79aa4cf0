from typing import Literal, cast

ScheduleSource = Literal['api', 'code', 'config']

SCHEDULE_SOURCE_VALUES: set[ScheduleSource] = { 'api', 'code', 'config',  }

def check_schedule_source(value: str) -> ScheduleSource:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ScheduleSource, value)
