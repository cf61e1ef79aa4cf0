from typing import Literal, cast

ConfigAction = Literal['create', 'delete', 'update']

CONFIG_ACTION_VALUES: set[ConfigAction] = { 'create', 'delete', 'update',  }

def check_config_action(value: str) -> ConfigAction:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ConfigAction, value)
