from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from blazy_jobs import NonRetryable
from pydantic import ValidationError

from examples.demo.material import MailSink
from examples.welcome_email import WelcomeEmail, render, send_welcome_email
from tests.examples.conftest import RUN_ID, Attempt

MESSAGE_ID = f"<{RUN_ID}@welcome.example.org>"


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


async def test_the_message_arrives_with_the_id_that_the_result_names(mail: Choosy, attempt: Attempt) -> None:
    result = await send_welcome_email(WelcomeEmail(to="ada@example.org", name="Ada"), attempt.context)

    assert result == {"message_id": MESSAGE_ID}
    message = mail.message(MESSAGE_ID)
    assert message is not None
    assert (message["To"], message["Subject"]) == ("ada@example.org", "Welcome, Ada!")
    assert attempt.percents == [10, 50]


async def test_a_second_attempt_sends_the_same_message_id(mail: Choosy) -> None:
    payload = WelcomeEmail(to="ada@example.org", name="Ada")
    assert await send_welcome_email(payload, Attempt().context) == await send_welcome_email(payload, Attempt().context)


async def test_a_lasting_refusal_is_not_retried(mail: Choosy, attempt: Attempt) -> None:
    mail.answer = "554 no such luck"
    with pytest.raises(NonRetryable, match="no such luck"):
        await send_welcome_email(WelcomeEmail(to="ada@example.org", name="Ada"), attempt.context)


async def test_a_passing_refusal_raises_as_it_came_and_is_retried(mail: Choosy, attempt: Attempt) -> None:
    mail.answer = "451 try later"
    with pytest.raises(OSError, match="try later"):  # smtplib's exceptions are OSErrors
        await send_welcome_email(WelcomeEmail(to="ada@example.org", name="Ada"), attempt.context)


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
    with pytest.raises(ValidationError):
        WelcomeEmail.model_validate(payload)
