from typing import Literal, cast

HealthRedisType0 = Literal['down', 'up']

HEALTH_REDIS_TYPE_0_VALUES: set[HealthRedisType0] = { 'down', 'up',  }

def check_health_redis_type_0(value: str) -> HealthRedisType0:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(HealthRedisType0, value)
