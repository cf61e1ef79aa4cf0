from typing import Literal, cast

QueueEngine = Literal['bullmq', 'database']

QUEUE_ENGINE_VALUES: set[QueueEngine] = { 'bullmq', 'database',  }

def check_queue_engine(value: str) -> QueueEngine:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(QueueEngine, value)
