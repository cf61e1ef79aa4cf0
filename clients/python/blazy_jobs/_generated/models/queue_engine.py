from typing import Literal

QueueEngine = Literal['bullmq', 'database']

QUEUE_ENGINE_VALUES: set[QueueEngine] = { 'bullmq', 'database',  }

def check_queue_engine(value: str) -> QueueEngine:
    if value in QUEUE_ENGINE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {QUEUE_ENGINE_VALUES!r}")
