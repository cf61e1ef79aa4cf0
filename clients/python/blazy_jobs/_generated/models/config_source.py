from typing import Literal, cast

ConfigSource = Literal['api', 'code', 'config']

CONFIG_SOURCE_VALUES: set[ConfigSource] = { 'api', 'code', 'config',  }

def check_config_source(value: str) -> ConfigSource:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ConfigSource, value)
