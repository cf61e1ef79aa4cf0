"""The form of API keys, and what they allow."""

from __future__ import annotations

import re
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain import keys
from blazy_jobs_server.domain.keys import EVERYTHING, ApiKey, Caller, Scope, Within

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRETS = st.text(DIGITS, min_size=43, max_size=43)
IDS = st.text(DIGITS, min_size=10, max_size=10)


def a_key(**changes: object) -> ApiKey:
    known = {"id": "a" * 10, "name": "n", "digest": keys.digest_of("now"), "scopes": (Scope.READ,)}
    return ApiKey(**(known | {"created_at": 0, "created_by": "root"} | changes))  # type: ignore[arg-type]


@given(key_id=IDS, secret=SECRETS)
def test_a_key_says_its_id_and_is_checked(key_id: str, secret: str) -> None:
    text = keys.text_of(key_id, secret)
    assert re.fullmatch(r"bjk_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}", text)
    assert sum(DIGITS.index(digit) * 62**i for i, digit in enumerate(reversed(text[-6:]))) == crc32(text[:-6].encode())
    assert keys.parse(text) == (key_id, keys.digest_of(secret))


@given(key_id=IDS, secret=SECRETS, place=st.integers(0, 63), digit=st.sampled_from(DIGITS))
def test_a_typing_error_makes_it_none(key_id: str, secret: str, place: int, digit: str) -> None:
    text = keys.text_of(key_id, secret)
    wrong = text[:place] + digit + text[place + 1 :]
    assert (keys.parse(wrong) is None) == (wrong != text)


@pytest.mark.parametrize("text", ["", "bjk_", "secret", "bjk_" + "a" * 66, "bjk_" + "a" * 10 + "_" + "ä" * 49])
def test_what_is_no_key(text: str) -> None:
    assert keys.parse(text) is None
    assert keys.parse(keys.text_of(keys.new_id(), keys.new_secret()) + "\n") is None


def test_new_keys_differ() -> None:
    assert len({keys.new_secret() for _ in range(100)}) == 100
    assert {len(keys.new_secret()), len(keys.new_id())} == {43, 10}


def test_it_holds_until_it_expires_or_is_revoked() -> None:
    assert a_key().is_live(10**18)
    assert [a_key(expires_at=10).is_live(now) for now in (9, 10)] == [True, False]
    assert not a_key(revoked_at=5).is_live(1)


def test_the_secret_before_the_last_rotation_holds_for_a_while() -> None:
    key = a_key(previous_digest=keys.digest_of("before"), previous_until=10)
    assert [key.knows(keys.digest_of(secret), 9) for secret in ("now", "before", "other", "")] == [
        True,
        True,
        False,
        False,
    ]
    assert [key.knows(keys.digest_of(secret), 10) for secret in ("now", "before")] == [True, False]
    assert not a_key().knows("", 0)
    assert [key.ends_at(0), key.ends_at(10), a_key(expires_at=5).ends_at(0)] == [10, None, 5]


@pytest.mark.parametrize(
    ("patterns", "name", "admitted"),
    [
        (None, "any", True),
        ((), "any", False),
        (("mail",), "mail", True),
        (("mail",), "mail-2", False),
        (("mail*",), "mail-2", True),
        (("mail*",), "mail", True),
        (("mail*",), "email", False),
        (("*",), "any", True),
        (("a", "b*"), "bc", True),
    ],
)
def test_what_it_is_restricted_to(patterns: tuple[str, ...] | None, name: str, admitted: bool) -> None:
    assert Within(job_types=patterns).admits_job_type(name) is admitted
    assert Within(queues=patterns).admits_queue(name) is admitted
    assert Within(job_types=patterns).admits(name, "q") is admitted
    assert Within(job_types=("*",), queues=patterns).admits("j", name) is admitted


def test_no_scope_holds_another_one_but_admin_all() -> None:
    for scope in Scope:
        caller = Caller.of(a_key(scopes=(scope,)))
        assert {other for other in Scope if caller.may(other)} == (set(Scope) if scope is Scope.ADMIN else {scope})
    assert EVERYTHING.is_everything
    assert not Within(queues=()).is_everything
