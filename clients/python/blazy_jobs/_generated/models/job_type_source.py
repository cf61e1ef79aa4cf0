from typing import Literal, cast

JobTypeSource = Literal['api', 'code', 'config']

JOB_TYPE_SOURCE_VALUES: set[JobTypeSource] = { 'api', 'code', 'config',  }

def check_job_type_source(value: str) -> JobTypeSource:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(JobTypeSource, value)
