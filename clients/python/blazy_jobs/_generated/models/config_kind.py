from typing import Literal, cast

ConfigKind = Literal['job_type', 'queue', 'schedule', 'webhook']

CONFIG_KIND_VALUES: set[ConfigKind] = { 'job_type', 'queue', 'schedule', 'webhook',  }

def check_config_kind(value: str) -> ConfigKind:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ConfigKind, value)
