"""Hands mails to the relay over a few kept connections, one conversation at a time on each.

    no connection, no TLS, no login                      Deferred, for the whole route: nothing about this mail is wrong
    4xx to anything, or cut off before the last reply    Deferred
    5xx to the recipient                                 Bounced: the address, the message or us, as the reply says
    5xx to the rest                                      Bounced
    250 to the end of the data                           Sent

Cut off between the end of the data and its reply, the relay may have the mail (RFC 5321 4.5.3.2.6, RFC 1047). It is
sent again all the same: mail cannot be looked up, and both copies bear one Message-ID, by which receivers drop the
second. This is the only way in which a mail can come twice.
"""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import aiosmtplib
import msgspec
import structlog
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPResponseException,
)

from gateway.domain.delivery import Bounced, Deferred, Fault, Outcome, Sent
from gateway.domain.types import Outgoing
from gateway.service.site import Site
from outbound.mail_signature import read_signer
from outbound.mail_text import render, return_path

log = structlog.get_logger(__name__)

IDLE_SECONDS = 20.0
"""A connection unused for so long is closed: relays end idle ones at their own, unknown time."""

UNREACHABLE_PAUSE = 15.0
"""Seconds for which mail rests when the relay cannot be talked to at all."""

LOCKED_OUT_PAUSE = 300.0
"""Seconds for which mail rests when the relay refuses our name, our password or our certificate check."""

_LONGEST_REPLY = 120
_CLOSING = 421
_MAILBOX = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\],;:\\\"@]{1,64}@[^\s\x00-\x1f\x7f<>()\[\],;:\\\"@]{1,253}")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
_NO_LOGIN = frozenset({530, 534, 535, 538})
_NO_MAILBOX = frozenset({550, 551, 553})
_BAD_ADDRESS = re.compile(r"5\.1\.([1-6]|10)|5\.2\.1")
_BAD_SENDER = re.compile(r"5\.1\.[78]")


class OutboundMailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mail.outbound]``.

    ``tls``      ``starttls`` or ``tls`` from the first byte, both with the relay's certificate checked; or ``none``.
    ``tls_ca``   a file of certificates to check it with, instead of the system's.
    ``connections``  conversations at once, and connections kept.
    ``messages_per_second``  the pace of the mail route; 0 is no limit.
    ``dkim_key``     path of an RSA or Ed25519 private key in PEM; empty: the relay signs, or nobody does.
    ``timeout``      seconds for connecting, and for each reply.
    """

    host: str = "127.0.0.1"
    port: int = 25
    username: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "none"
    tls_ca: str = ""
    connections: Annotated[int, msgspec.Meta(ge=1)] = 4
    messages_per_second: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    dkim_key: str = ""
    dkim_selector: str = ""
    timeout: float = 30.0

    def __repr__(self) -> str:
        return f"OutboundMailSettings({self.host}:{self.port}, tls={self.tls})"


@dataclass(frozen=True, slots=True)
class _Envelope:
    sender: str
    recipient: str
    mail: bytes

    @property
    def options(self) -> tuple[bytes, ...]:
        return () if self.recipient.isascii() else (b"SMTPUTF8",)


@dataclass(slots=True)
class _Line:
    """A connection to the relay, greeted and logged in; ``used_at`` in the loop's time."""

    smtp: aiosmtplib.SMTP
    used_at: float


class _CutOff(Exception):
    """The conversation ended without a last reply. ``early``: before the relay could have taken the mail."""

    def __init__(self, reason: str, *, early: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.early = early


class MailTransport:
    """``send`` one mail; ``close`` at the end."""

    def __init__(self, settings: OutboundMailSettings, site: Site) -> None:
        """Raises outbound.mail_signature.UnusableKey, and OSError or ssl.SSLError for an unusable ``tls_ca``."""
        self._settings = settings
        self._site = site
        self._signer = (
            read_signer(settings.dkim_key, settings.dkim_selector, site.mail_domain) if settings.dkim_key else None
        )
        self._tls = ssl.create_default_context(cafile=settings.tls_ca or None) if settings.tls != "none" else None
        self._places = asyncio.Semaphore(settings.connections)
        self._free: list[_Line] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._goodbyes: set[asyncio.Task[None]] = set()

    async def send(self, delivery: Outgoing) -> Outcome:
        """Hand one mail to the relay."""
        recipient = _mailbox(delivery.to)
        if recipient is None:
            return Bounced("not a mail address", Fault.ADDRESS)
        if recipient != delivery.to:
            delivery = replace(delivery, to=recipient)
        mail = render(delivery, self._site)
        if self._signer is not None:
            mail = self._signer.sign(mail)
        envelope = _Envelope(return_path(delivery, self._site), recipient, mail)
        async with self._places:
            return await self._hand_over(envelope)

    async def close(self) -> None:
        """Say goodbye on every connection."""
        if self._sweep is not None:
            self._sweep.cancel()
        while self._free:
            self._hang_up(self._free.pop())
        await asyncio.gather(*self._goodbyes, return_exceptions=True)

    async def _hand_over(self, envelope: _Envelope) -> Outcome:
        """Over a kept connection or else a new one. A kept one that turns out to be dead is replaced, once."""
        kept = self._take_kept()
        if kept is not None:
            try:
                return await self._converse(kept, envelope)
            except _CutOff as cut:
                if not cut.early:
                    return Deferred(cut.reason)
        try:
            line = await self._connect()
        except SMTPAuthenticationError as error:
            return _locked_out("the relay refuses our login", error.code)
        except SMTPResponseException as error:
            return Deferred(f"the relay turns us away ({error.code})", UNREACHABLE_PAUSE, route_wide=True)
        except (ConnectionError, TimeoutError) as error:
            if isinstance(error.__cause__, ssl.SSLError):
                return _locked_out("the relay's certificate is not good", 0)
            return Deferred(f"the relay cannot be reached: {_kind(error)}", UNREACHABLE_PAUSE, route_wide=True)
        except (SMTPException, ssl.SSLError) as error:
            return _locked_out(f"the relay does not do what is configured: {_kind(error)}", 0)
        try:
            return await self._converse(line, envelope)
        except _CutOff as cut:
            return Deferred(cut.reason)

    async def _converse(self, line: _Line, envelope: _Envelope) -> Outcome:
        """One mail on one connection, which is kept if it is still good. Raises _CutOff."""
        smtp = line.smtp
        try:
            outcome = await _transfer(smtp, envelope)
            if not isinstance(outcome, Sent):
                await _start_afresh(smtp)
        except BaseException:
            smtp.close()
            raise
        finally:
            if smtp.is_connected:
                self._keep(line)
        return outcome

    async def _connect(self) -> _Line:
        settings = self._settings
        smtp = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password or None,
            local_hostname=self._site.mail_domain,
            timeout=settings.timeout,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls,
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        except BaseException:
            smtp.close()
            raise
        return _Line(smtp, 0.0)

    def _take_kept(self) -> _Line | None:
        while self._free:
            line = self._free.pop()
            if line.smtp.is_connected:
                return line
        return None

    def _keep(self, line: _Line) -> None:
        loop = asyncio.get_running_loop()
        line.used_at = loop.time()
        self._free.append(line)
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        """Close what nobody used for too long, the longest unused first, and look again when the next may be."""
        loop = asyncio.get_running_loop()
        while self._free and self._free[0].used_at + IDLE_SECONDS <= loop.time():
            self._hang_up(self._free.pop(0))
        self._sweep = loop.call_at(self._free[0].used_at + IDLE_SECONDS, self._close_idle) if self._free else None

    def _hang_up(self, line: _Line) -> None:
        task = asyncio.create_task(_say_goodbye(line.smtp))
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)


async def _transfer(smtp: aiosmtplib.SMTP, envelope: _Envelope) -> Outcome:
    """MAIL, RCPT, DATA. Raises _CutOff when the relay hangs up, says 421, falls silent or makes no sense."""
    if envelope.options and not smtp.supports_extension("smtputf8"):
        return Bounced("the relay takes only addresses in ASCII")
    early = True
    try:
        sender = b"FROM:<" + envelope.sender.encode() + b">"
        code, words = await smtp.execute_command(b"MAIL", sender, *envelope.options)
        if code != 250:
            return _refused_sender(code, words, envelope.recipient)
        code, words = await smtp.execute_command(b"RCPT", b"TO:<" + envelope.recipient.encode() + b">")
        if code not in (250, 251):
            return _refused_recipient(code, words, envelope.recipient)
        early = False
        try:
            code, words = await smtp.data(envelope.mail)
        except SMTPDataError as refusal:
            return _refused_mail(refusal.code, refusal.message, envelope.recipient)
    except SMTPResponseException as error:
        raise _CutOff(f"the relay makes no sense ({error.code})", early=early) from error
    except (SMTPException, OSError) as error:
        raise _CutOff(f"cut off by the relay: {_kind(error)}", early=early) from error
    return Sent(_reply(code, words, envelope.recipient))


async def _start_afresh(smtp: aiosmtplib.SMTP) -> None:
    """After a refusal: forget the mail that was begun, or else the connection."""
    try:
        await smtp.rset()
    except (SMTPException, OSError):
        smtp.close()


async def _say_goodbye(smtp: aiosmtplib.SMTP) -> None:
    with suppress(SMTPException, OSError):
        await smtp.quit(timeout=2.0)
    smtp.close()


def _mailbox(address: str) -> str | None:
    """The address as the wire takes it, its domain in ASCII (RFC 5891); None if it can't be one."""
    if not _MAILBOX.fullmatch(address):
        return None
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None


def _refused_sender(code: int, words: str, recipient: str) -> Outcome:
    if code == _CLOSING:
        raise _CutOff("the relay is closing (421)", early=True)
    if code in _NO_LOGIN:
        return _locked_out("the relay wants a login", code)
    if code < 500:
        return Deferred(_reply(code, words, recipient))
    log.error("the relay refuses our address", code=code)
    return Bounced(_reply(code, words, recipient), Fault.SENDER)


def _refused_recipient(code: int, words: str, recipient: str) -> Outcome:
    """Whose fault it is: the enhanced code says so (RFC 3463); without one, 550, 551 and 553 mean the mailbox."""
    if code == _CLOSING:
        raise _CutOff("the relay is closing (421)", early=True)
    reason = _reply(code, words, recipient)
    if code < 500:
        return Deferred(reason)
    enhanced = _ENHANCED.match(words)
    if _BAD_SENDER.fullmatch(enhanced[1]) if enhanced else False:
        return Bounced(reason, Fault.SENDER)
    if _BAD_ADDRESS.fullmatch(enhanced[1]) if enhanced else code in _NO_MAILBOX:
        return Bounced(reason, Fault.ADDRESS)
    return Bounced(reason, Fault.MESSAGE)


def _refused_mail(code: int, words: str, recipient: str) -> Outcome:
    reason = _reply(code, words, recipient)
    return Bounced(reason, Fault.MESSAGE) if 500 <= code < 600 else Deferred(reason)


def _locked_out(reason: str, code: int) -> Deferred:
    """Nothing gets through until the operator acts; nothing is lost until then."""
    log.error("the relay needs the operator", what=reason, code=code)
    return Deferred(f"{reason} ({code})" if code else reason, LOCKED_OUT_PAUSE, route_wide=True)


def _reply(code: int, words: str, recipient: str) -> str:
    """The relay's reply in one short line, without the recipient's address."""
    if "@" in words:
        words = re.sub(re.escape(recipient), "…", words, flags=re.IGNORECASE)
    return f"{code} {' '.join(words.split())}"[:_LONGEST_REPLY].encode("utf-8", "replace").decode()


def _kind(error: BaseException) -> str:
    """The error by its class alone: its words may hold addresses."""
    return type(error.__cause__ or error).__name__
