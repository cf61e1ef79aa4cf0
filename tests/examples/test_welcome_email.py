from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from blazy_jobs.testing import run_job

from examples.demo.material import MailSink
from examples.welcome_email import WelcomeEmail, render, send_welcome_email
from tests.examples.conftest import RUN_ID

MESSAGE_ID = f"<{RUN_ID}@welcome.example.org>"
ADA = {"to": "ada@example.org", "name": "Ada"}


class Choosy(MailSink):
    """Answers DATA with `answer`."""

    answer = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.answer if self.answer != "250 OK" else await super().handle_DATA(server, session, envelope)


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Choosy]:
    with Choosy() as sink:
        monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("SMTP_PORT", str(sink.port))
        yield sink


def test_the_message_arrives_with_the_id_that_the_result_names(mail: Choosy) -> None:
    outcome = run_job(send_welcome_email, ADA, run_id=RUN_ID)

    assert outcome.result == {"message_id": MESSAGE_ID}
    message = mail.message(MESSAGE_ID)
    assert message is not None
    assert (message["To"], message["Subject"]) == ("ada@example.org", "Welcome, Ada!")
    assert outcome.percents == [10, 50]
    assert outcome.logs == [{"level": "info", "message": "sent", "fields": {"message_id": MESSAGE_ID}}]


def test_a_second_attempt_sends_the_same_message_id(mail: Choosy) -> None:
    results = [run_job(send_welcome_email, ADA, run_id=RUN_ID, attempt=attempt).result for attempt in (1, 2)]
    assert results == [{"message_id": MESSAGE_ID}] * 2


def test_a_lasting_refusal_is_not_retried(mail: Choosy) -> None:
    mail.answer = "554 no such luck"
    outcome = run_job(send_welcome_email, ADA)
    assert outcome.error is not None
    assert (outcome.state, outcome.error["code"]) == ("failed", "non_retryable")
    assert "no such luck" in outcome.error["message"]


def test_a_passing_refusal_is_retried(mail: Choosy) -> None:
    mail.answer = "451 try later"
    outcome = run_job(send_welcome_email, ADA)
    assert outcome.state == "retrying"
    assert "try later" in str(outcome.exception)


def test_a_name_is_text_in_the_html_part() -> None:
    message = render(WelcomeEmail(to="a@b", name="<b>Ada</b>"), message_id="<1@x>")
    part = message.get_body(("html",))
    assert isinstance(part, EmailMessage)
    assert "&lt;b&gt;Ada&lt;/b&gt;" in part.get_content()


@pytest.mark.parametrize(
    "payload",
    [
        {"to": "nobody", "name": "Ada"},
        {"to": "a@b\r\nBcc: all@example.org", "name": "Ada"},
        {"to": "a@b, c@d", "name": "Ada"},
        {"to": "a@b", "name": "Ada\nBcc: all@example.org"},
        {"to": "a@b", "name": ""},
        {"to": "a@b", "name": "Ada", "nmae": "typo"},
    ],
)
def test_what_could_break_a_header_is_refused(payload: dict[str, str]) -> None:
    outcome = run_job(send_welcome_email, payload)
    assert outcome.error is not None
    assert outcome.error["code"] == "invalid_payload"
