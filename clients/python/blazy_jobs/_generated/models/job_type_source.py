from typing import Literal

JobTypeSource = Literal['api', 'code']

JOB_TYPE_SOURCE_VALUES: set[JobTypeSource] = { 'api', 'code',  }

def check_job_type_source(value: str) -> JobTypeSource:
    if value in JOB_TYPE_SOURCE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {JOB_TYPE_SOURCE_VALUES!r}")
