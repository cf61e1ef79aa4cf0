from tests.bullmq.conftest import *  # noqa: F403
