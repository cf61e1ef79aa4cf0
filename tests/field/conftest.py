"""`server` is one in this process, with time moved by hand; `serve` starts real ones; `stage` is a store of
each kind."""

from tests.app.conftest import _plain_logs, clock, data, server, store_settings  # noqa: F401
from tests.client.conftest import peer, start  # noqa: F401  # a worker process, and a scripted server for it
from tests.contract.conftest import new_place, stage  # noqa: F401
from tests.support.fixtures import *  # noqa: F403
