from typing import Literal, cast

RegisteredJobTypeSource = Literal['api', 'code', 'config']

REGISTERED_JOB_TYPE_SOURCE_VALUES: set[RegisteredJobTypeSource] = { 'api', 'code', 'config',  }

def check_registered_job_type_source(value: str) -> RegisteredJobTypeSource:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(RegisteredJobTypeSource, value)
