from typing import Literal, cast

QueueInEngine = Literal['bullmq', 'database']

QUEUE_IN_ENGINE_VALUES: set[QueueInEngine] = { 'bullmq', 'database',  }

def check_queue_in_engine(value: str) -> QueueInEngine:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(QueueInEngine, value)
