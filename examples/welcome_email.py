"""send-welcome-email: renders a message and sends it over SMTP.

    blazy-jobs serve examples.welcome_email
    {"to": "ada@example.org", "name": "Ada"}

SMTP_HOST and SMTP_PORT say where to (localhost, 25), MAIL_FROM who sends.
"""

import asyncio
import html
import os
import smtplib
from email.message import EmailMessage
from email.utils import format_datetime, localtime

from blazy_jobs import JobContext, Jobs, NonRetryable
from pydantic import BaseModel, Field

jobs = Jobs()


class WelcomeEmail(BaseModel, extra="forbid"):
    to: str = Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$", max_length=254)
    name: str = Field(pattern=r"^[^\r\n]+$", max_length=100)


@jobs.job(retry=3, timeout=30, tags=["mail"])
async def send_welcome_email(payload: WelcomeEmail, ctx: JobContext) -> dict[str, str]:
    """Greets a new user by mail."""
    ctx.progress(10, "rendering")
    message = render(payload, message_id=f"<{ctx.run_id}@welcome.example.org>")
    ctx.progress(50, "sending")
    # The thread cannot be cancelled; SMTP's own timeout ends it.
    await asyncio.to_thread(send, message)
    ctx.log("sent", message_id=message["Message-ID"])
    return {"message_id": message["Message-ID"]}


def render(payload: WelcomeEmail, *, message_id: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = os.environ.get("MAIL_FROM", "Blazy Jobs <hello@example.org>")
    message["To"] = payload.to
    message["Subject"] = f"Welcome, {payload.name}!"
    message["Date"] = format_datetime(localtime())
    # The same on every attempt: where a mail went out twice, mailboxes can tell and keep one.
    message["Message-ID"] = message_id
    message.set_content(f"Hello {payload.name},\n\nyour account is ready. It is good to have you here.\n")
    message.add_alternative(
        f"<p>Hello {html.escape(payload.name)},</p><p>your account is ready. It is good to have you here.</p>",
        subtype="html",
    )
    return message


def send(message: EmailMessage) -> None:
    """Hands the message over. A lasting refusal (5xx) is not worth a retry; anything else raises as it came."""
    host, port = os.environ.get("SMTP_HOST", "localhost"), int(os.environ.get("SMTP_PORT", "25"))
    with smtplib.SMTP(host, port, timeout=10) as smtp:
        try:
            smtp.send_message(message)
        except smtplib.SMTPException as error:
            if reply_code(error) >= 500:
                raise NonRetryable(f"the mail server refuses: {error}") from error
            raise


def reply_code(error: smtplib.SMTPException) -> int:
    """The SMTP reply code, or 0 where the server gave none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return min(code for code, _ in error.recipients.values())
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
