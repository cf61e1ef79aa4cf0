"""The parts of HTTP handlers that need no server."""

from __future__ import annotations

import pytest

from blazy_jobs_server.domain.handler_secrets import Turn, fresh
from blazy_jobs_server.domain.signing_secrets import SigningSecrets
from blazy_jobs_server.handlers.breaker import Breaker
from blazy_jobs_server.handlers.slots import Slots
from blazy_jobs_server.outbound import retry_after

NOW = 784_111_717.0  # Sun, 06 Nov 1994 08:48:37 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("86401", 86_400),
        ("9" * 18, 86_400),
        ("9" * 400, 86_400),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 60),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 60),
        ("Sun Nov  6 08:49:37 1994", 60),
        ("Sun, 06 Nov 1993 08:49:37 GMT", 0),
        ("Sun, 06 Nov 2094 08:49:37 GMT", 86_400),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        ("٣", None),
        ("soon", None),
        ("1, 2", None),
        ("1994-11-06T08:49:37Z", None),
        ("Sun, 06 Nov 1994 08:49:37 +0100", None),
        ("06 Nov 1994 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after.seconds(value, NOW) == seconds


def test_an_idle_origin_keeps_a_slot_free() -> None:
    slots = Slots(4, 4)
    slots.know(2)
    assert slots.room("a") == 3
    slots.take("a", 3)
    assert (slots.room("a"), slots.room("b")) == (0, 1)
    slots.take("b", 1)
    assert (slots.room("a"), slots.room("b")) == (0, 0)
    slots.give_back("a", 2)
    assert (slots.room("a"), slots.room("b")) == (2, 2)


def test_a_single_origin_may_have_its_share() -> None:
    slots = Slots(200, 20)
    slots.know(1)
    slots.take("a", 19)
    assert slots.room("a") == 1
    slots.take("a", 1)
    assert slots.room("a") == 0


def test_many_idle_origins_keep_half_at_most() -> None:
    slots = Slots(10, 10)
    slots.know(1000)
    assert slots.room("a") == 5
    slots.take("a", 5)
    for n in range(5):
        assert slots.room(f"o{n}") == 1
        slots.take(f"o{n}", 1)
    assert slots.room("another") == 0


def test_whoever_waits_for_room_is_told_once() -> None:
    slots = Slots(1, 1)
    slots.know(1)
    slots.take("a", 1)
    told: list[int] = []
    slots.wait(lambda: told.append(1))
    slots.give_back("a")
    slots.take("a", 1)
    slots.give_back("a")
    assert told == [1]


def test_a_breaker_opens_longer_and_longer_up_to_a_minute() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    assert (breaker.is_closed, breaker.wait_seconds) == (True, 0)
    waits = []
    breaker.not_connected(probe=False)
    breaker.not_connected(probe=False)  # another one that was under way
    for _ in range(8):
        wait = breaker.wait_seconds
        assert wait is not None
        waits.append(wait)
        now += wait
        assert breaker.wait_seconds == 0
        breaker.probe()
        assert breaker.wait_seconds is None
        breaker.not_connected(probe=True)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    now += 60
    breaker.probe()
    breaker.connected()
    assert (breaker.is_closed, breaker.wait_seconds) == (True, 0)
    breaker.not_connected(probe=False)
    assert breaker.wait_seconds == 1


def test_a_probe_that_shows_nothing_is_followed_by_another() -> None:
    breaker = Breaker(lambda: 5.0)
    breaker.not_connected(probe=False)
    breaker.probe()
    breaker.give_up_probe()
    assert not breaker.is_closed
    assert breaker.wait_seconds == 1


def test_a_token_names_one_claim_of_one_run() -> None:
    secrets = fresh(SigningSecrets("whsec_x"))
    token = secrets.token(7, Turn(2, 1))
    assert secrets.admits(token, 7) == Turn(2, 1)
    assert secrets.admits(token, 8) is None
    assert secrets.admits(token.replace("brt_2_1", "brt_3_1"), 7) is None
    assert secrets.admits("", 7) is None
    assert secrets.admits("brt_0_0_" + "0" * 64, 7) is None
    assert fresh(SigningSecrets("whsec_x")).admits(token, 7) is None
    assert token not in repr(secrets)


def test_the_name_of_a_value_tells_nothing_of_it_and_is_the_same_for_the_same() -> None:
    secrets = fresh(SigningSecrets("whsec_x"))
    assert secrets.name_of("A", "v") == secrets.name_of("a", "v")
    assert secrets.name_of("a", "v") != secrets.name_of("b", "v")
    assert secrets.name_of("a", "v") != fresh(SigningSecrets("whsec_x")).name_of("a", "v")
