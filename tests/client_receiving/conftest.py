from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client_receiving.support import SECRET, Desk


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_SIGNING_SECRET", SECRET)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk().open() as desk:
        yield desk
