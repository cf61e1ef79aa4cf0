"""Signatures, judged by Standard Webhooks' own library."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from blazy_jobs_server.domain.errors import RotationPending
from blazy_jobs_server.domain.signing_secrets import SigningSecrets
from blazy_jobs_server.outbound import signing

BODY = b'{"text":"gr\xc3\xbc\xc3\x9fe", "n": 1.0}'
HOUR = 3_600_000_000


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_a_secret_is_of_the_standards_form_and_never_the_same() -> None:
    secret = signing.new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret != signing.new_secret()


def test_the_reference_library_accepts_each_of_two_secrets() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    headers = signing.sign([new, old], "run_1", now(), BODY)
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers) == {"text": "grüße", "n": 1.0}
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.new_secret()).verify(BODY, headers)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body"])
def test_nothing_signed_can_be_changed(changed: str) -> None:
    secret = signing.new_secret()
    headers = signing.sign([secret], "run_1", now(), BODY)
    if changed != "body":
        headers[changed] = headers[changed][:-1] + ("2" if headers[changed][-1] != "2" else "3")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" " if changed == "body" else BODY, headers)


def test_the_standards_own_example() -> None:
    """From the specification's test vector in the reference libraries."""
    headers = signing.sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_sign_for_the_overlap_and_never_three() -> None:
    first = SigningSecrets("one")
    second = first.rotated("two", now=0, overlap_seconds=3600)
    assert second.holding(HOUR - 1) == ["two", "one"]
    assert second.holding(HOUR) == ["two"]
    with pytest.raises(RotationPending):
        second.rotated("three", now=HOUR - 1, overlap_seconds=1)
    assert second.rotated("three", now=HOUR, overlap_seconds=3600).holding(HOUR) == ["three", "two"]
    assert second.rotated("three", now=1, overlap_seconds=0).holding(1) == ["three"]
    assert second.without_previous().holding(0) == ["two"]


def test_secrets_do_not_show_themselves() -> None:
    assert "one" not in repr(SigningSecrets("one", "two", 3)) + str(SigningSecrets("one", "two", 3))
