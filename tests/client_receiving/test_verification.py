"""The signature, with the reference library of Standard Webhooks on the other side."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from blazy_jobs.receiving import (
    HeadersInvalid,
    SecretInvalid,
    SignatureInvalid,
    TooNew,
    TooOld,
    VerificationFailed,
    verify,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tests.client_receiving.support import OTHER_SECRET, SECRET, signed
from tests.support.examples import examples

BODY = '{"run": {"payload": "ä"}}'.encode()
NOW = 1_800_000_000
keys = st.binary(min_size=24, max_size=64)
ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-.", min_size=1, max_size=40)
bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
instants = st.integers(1_000_000_000, 9_999_999_999).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def headers(message_id: str = "run_1", body: bytes = BODY, at: int = NOW, secret: str = SECRET) -> dict[str, str]:
    return signed(body, message_id, secret=secret, at=datetime.fromtimestamp(at, UTC))


@settings(max_examples=examples(500), deadline=None)
@given(key=keys, message_id=ids, body=bodies, at=instants, skew=st.integers(-300, 300))
def test_what_the_reference_signs_is_genuine(key: bytes, message_id: str, body: str, at: datetime, skew: int) -> None:
    secret, raw, sent = whsec(key), body.encode(), at
    message = verify(signed(raw, message_id, secret=secret, at=sent), raw, secret, now=sent.timestamp() + skew)
    assert (message.id, message.sent_at, message.body) == (message_id, sent, raw)


@settings(max_examples=examples(500), deadline=None)
@given(key=keys, body=bodies.filter(bool), data=st.data())
def test_no_byte_can_be_another(key: bytes, body: str, data: st.DataObject) -> None:
    secret, raw = whsec(key), body.encode()
    given = signed(raw, "run_1", secret=secret, at=datetime.fromtimestamp(NOW, UTC))
    where = data.draw(st.sampled_from(["body", "webhook-id", "webhook-timestamp", "webhook-signature"]))
    text = raw if where == "body" else given[where].encode()
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[place]))
    other = text[:place] + bytes([byte]) + text[place + 1 :]
    if where == "body":
        raw = other
    else:
        given[where] = other.decode("latin-1")
    with pytest.raises(VerificationFailed):
        verify(given, raw, secret, now=NOW)
    with pytest.raises(VerificationFailed):
        verify(given, raw + b" ", secret, now=NOW)


@pytest.mark.parametrize("place", range(44))
def test_every_character_of_a_signature_counts(place: int) -> None:
    """The last one of its base64 has two bits that stand for nothing; a decoder takes any."""
    given = headers()
    text = given["webhook-signature"].removeprefix("v1,")
    assert len(text) == 44
    for other in "AQgw/8=":
        changed = text[:place] + other + text[place + 1 :]
        if changed != text:
            with pytest.raises(SignatureInvalid):
                verify(given | {"webhook-signature": f"v1,{changed}"}, BODY, SECRET, now=NOW)


def test_our_reading_and_the_references_are_one() -> None:
    """What is genuine to us is so to the reference, by the machine's own clock."""
    given = signed(BODY, "evt_1")
    assert verify(given, BODY, SECRET).id == "evt_1"
    assert Webhook(SECRET).verify(BODY, given) == {"run": {"payload": "ä"}}


@pytest.mark.parametrize(
    "secrets",
    [
        [SECRET, OTHER_SECRET],
        [OTHER_SECRET, SECRET],
        f"{OTHER_SECRET} {SECRET}",
        f" {SECRET}\n{OTHER_SECRET} ",
        SECRET.removeprefix("whsec_"),
        SECRET.rstrip("="),
    ],
)
def test_one_of_several_secrets_is_enough(secrets: Any) -> None:
    assert verify(headers(), BODY, secrets, now=NOW).id == "run_1"


def test_one_of_several_signatures_is_enough() -> None:
    ours, theirs = headers()["webhook-signature"], headers(secret=OTHER_SECRET)["webhook-signature"]
    for text in (f"{theirs} {ours}", f"{ours} {theirs}", f"v1a,xyz {theirs} v2,{ours[3:]} v1,a nonsense {ours}"):
        assert verify(headers() | {"webhook-signature": text}, BODY, SECRET, now=NOW).id == "run_1"
    for text in (theirs, f"{theirs} {theirs}", f"v1,,{ours[3:]}", "v1,", f"v1,{ours[3:]}é", f"v1,{ours[3:]}\ud800"):
        with pytest.raises(SignatureInvalid):
            verify(headers() | {"webhook-signature": text}, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("text", ["v1a,abc", f"v2,{'A' * 44}", "nonsense", " ", ",", f"V1,{'A' * 44}"])
def test_without_a_signature_of_this_version_nothing_is_compared(text: str) -> None:
    with pytest.raises(HeadersInvalid, match="webhook-signature"):
        verify(headers() | {"webhook-signature": text}, BODY, SECRET, now=NOW)


def test_a_thousand_signatures_are_not_tried() -> None:
    with pytest.raises(HeadersInvalid, match="more than 50"):
        verify(headers() | {"webhook-signature": "v1,abc " * 1000}, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_is_there_once(name: str) -> None:
    with pytest.raises(HeadersInvalid, match=f"{name} is missing"):
        verify({key: value for key, value in headers().items() if key != name}, BODY, SECRET, now=NOW)
    with pytest.raises(HeadersInvalid, match=f"{name} is missing"):
        verify(headers() | {name: ""}, BODY, SECRET, now=NOW)
    with pytest.raises(HeadersInvalid, match=f"{name} is there more than once"):
        verify([*headers().items(), (name.upper(), headers()[name])], BODY, SECRET, now=NOW)


@pytest.mark.parametrize("as_given", ["mapping", "titles", "pairs", "bytes", "items"])
def test_headers_in_the_forms_of_frameworks(as_given: str) -> None:
    class Headers:
        def items(self) -> Any:
            return iter(headers().items())

    forms: dict[str, Any] = {
        "mapping": headers(),
        "titles": {name.title(): value for name, value in headers().items()},
        "pairs": list(headers().items()),
        "bytes": [(name.encode(), value.encode()) for name, value in headers().items()],
        "items": Headers(),
    }
    assert verify(forms[as_given], BODY, SECRET, now=NOW).id == "run_1"


@pytest.mark.parametrize("body", [BODY, bytearray(BODY), memoryview(BODY), BODY.decode()])
def test_the_body_as_it_arrived(body: Any) -> None:
    assert verify(headers(), body, SECRET, now=NOW).body == BODY


@pytest.mark.parametrize("body", [{"run": {}}, None, 7])
def test_a_body_that_was_parsed_is_an_error_that_says_what_to_do(body: Any) -> None:
    with pytest.raises(TypeError, match=r"request\.body\(\).*get_data\(\)"):
        verify(headers(), body, SECRET, now=NOW)


def test_a_body_that_was_written_anew_is_refused_with_a_hint() -> None:
    with pytest.raises(SignatureInvalid, match="byte for byte"):
        verify(headers(), b'{"run":{"payload":"\\u00e4"}}', SECRET, now=NOW)
    with pytest.raises(SignatureInvalid, match="empty here: has something read it before"):
        verify(headers(), b"", SECRET, now=NOW)


@pytest.mark.parametrize(
    "timestamp", ["", "\uff11\uff18", "abc", "1e9", "1800000000.5", "-1", "+1", "1_800_000_000", " 1", "9" * 40]
)
def test_a_timestamp_is_whole_seconds(timestamp: str) -> None:
    with pytest.raises(HeadersInvalid, match="webhook-timestamp"):
        verify(headers() | {"webhook-timestamp": timestamp}, BODY, SECRET, now=NOW)


@pytest.mark.parametrize(
    ("now", "error"), [(NOW + 301, TooOld), (NOW - 301, TooNew), (NOW + 300, None), (NOW - 300, None)]
)
def test_five_minutes_in_either_direction(now: int, error: type[Exception] | None) -> None:
    if error is None:
        assert verify(headers(), BODY, SECRET, now=now).sent_at.timestamp() == NOW
        return
    with pytest.raises(error, match="at most 300 s are tolerated"):
        verify(headers(), BODY, SECRET, now=now)


def test_the_tolerance_is_the_callers() -> None:
    day = timedelta(days=1)
    assert verify(headers(), BODY, SECRET, now=NOW + 86_400, tolerance=day).id == "run_1"
    with pytest.raises(TooOld, match=r"2027-01-15 08:00:00 UTC, and it is 2027-01-15 08:00:02 UTC.*2 s ago"):
        verify(headers(), BODY, SECRET, now=NOW + 2, tolerance=1)
    with pytest.raises(TooNew, match=r"One of the two clocks is wrong"):
        verify(headers(), BODY, SECRET, now=NOW - 2, tolerance=1)
    with pytest.raises(ValueError, match="tolerance"):
        verify(headers(), BODY, SECRET, now=NOW, tolerance=-1)


def test_an_old_timestamp_cannot_be_replaced() -> None:
    old = headers(at=NOW - 86_400)
    with pytest.raises(SignatureInvalid):
        verify(old | {"webhook-timestamp": str(NOW)}, BODY, SECRET, now=NOW)


def test_another_time_zone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert verify(headers(), BODY, SECRET, now=NOW).sent_at == datetime.fromtimestamp(NOW, UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("secrets", "why"),
    [
        ("", "none is given"),
        ([], "none is given"),
        ("whsec_", "not"),
        ("whsec_*****", "not"),
        (whsec(b"short"), "at least 24 bytes; this one has 5"),
        ([SECRET, ""], "not"),
        ([b"bytes"], "must be a string"),
    ],
)
def test_a_secret_that_cannot_be_one(secrets: Any, why: str) -> None:
    with pytest.raises(SecretInvalid, match=why) as raised:
        verify(headers(), BODY, secrets, now=NOW)
    assert "*****" not in str(raised.value)
    assert isinstance(raised.value, ValueError)


def test_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_SIGNING_SECRET", f"{OTHER_SECRET} {SECRET}")
    assert verify(headers(), BODY, now=NOW).id == "run_1"
    monkeypatch.delenv("JOBS_SIGNING_SECRET")
    with pytest.raises(SecretInvalid, match="JOBS_SIGNING_SECRET is not set"):
        verify(headers(), BODY, now=NOW)
