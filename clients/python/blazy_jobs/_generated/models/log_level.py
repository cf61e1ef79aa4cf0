from typing import Literal, cast

LogLevel = Literal['critical', 'debug', 'error', 'info', 'warning']

LOG_LEVEL_VALUES: set[LogLevel] = { 'critical', 'debug', 'error', 'info', 'warning',  }

def check_log_level(value: str) -> LogLevel:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(LogLevel, value)
