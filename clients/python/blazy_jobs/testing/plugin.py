"""The pytest plugin: the fixtures `jobs_server` and `jobs`, and the marker `jobs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from blazy_jobs.jobs import Jobs

if TYPE_CHECKING:
    from blazy_jobs.testing.server import JobsServer


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "jobs(*jobs): the Jobs that the fixture `jobs_server` serves for this test")


@pytest.fixture
def jobs() -> Jobs:
    """An empty Jobs, for jobs that a test defines. A fixture of this name in your own conftest.py takes its place."""
    return Jobs()


@pytest.fixture
def jobs_server(request: pytest.FixtureRequest) -> Iterator[JobsServer]:
    """A JobsServer for one test. It serves what the marker names, `@pytest.mark.jobs(shop.jobs)` on the test, its class
    or its module; without the marker it serves the fixture `jobs`. Jobs that are defined later are served too."""
    from blazy_jobs.testing.server import JobsServer

    marker = request.node.get_closest_marker("jobs")
    served: tuple[Jobs, ...] = (request.getfixturevalue("jobs"),) if marker is None else marker.args
    with JobsServer(*served) as server:
        yield server
