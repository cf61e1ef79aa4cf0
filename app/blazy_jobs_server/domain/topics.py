"""What a change is about, beside runs: by this, who shows a list knows when to read it again."""

from __future__ import annotations

from enum import IntFlag


class Topic(IntFlag):
    """Servers tell each other these: never reuse a number."""

    JOB_TYPES = 1
    QUEUES = 2
    SCHEDULES = 4
    WORKERS = 8
    KEYS = 16
    WEBHOOKS = 32
    AUDIT = 64
    BULK = 128


ALL_TOPICS = Topic(sum(Topic))
TOPIC_NAMES = {topic: str(topic.name).lower() for topic in Topic}
