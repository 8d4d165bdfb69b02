"""How the demo's page sends a mail: a real SMTP conversation with the gateway's own door."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

SendMail = Callable[[str, str, str, str], Awaitable[str]]
"""Sends a mail (sender, to, subject, text) and returns the server's words, such as ``250 2.0.0 OK``."""


def mail_through(host: str, port: int, *, patience: float = 10.0) -> SendMail:
    """A sender that speaks SMTP to ``host:port``; a refusal or silence comes back as words, too."""

    async def send(sender: str, to: str, subject: str, text: str) -> str:
        message = EmailMessage()
        try:
            message["From"], message["To"], message["Subject"] = sender, to, subject
            message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="demo.invalid")
            message.set_content(text)
            refused, words = await aiosmtplib.send(
                message, sender=sender, recipients=[to], hostname=host, port=port, start_tls=False, timeout=patience
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            return f"{first.code} {first.message}"
        except aiosmtplib.SMTPResponseException as error:
            return f"{error.code} {error.message}"
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return f"not sent: {error}"
        return f"250 {words}" if not refused else str(refused)

    return send
