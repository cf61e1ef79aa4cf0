from typing import Literal

QueueInEngine = Literal['bullmq', 'database']

QUEUE_IN_ENGINE_VALUES: set[QueueInEngine] = { 'bullmq', 'database',  }

def check_queue_in_engine(value: str) -> QueueInEngine:
    if value in QUEUE_IN_ENGINE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {QUEUE_IN_ENGINE_VALUES!r}")
