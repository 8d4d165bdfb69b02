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
from dataclasses import dataclass, replace
from typing import Annotated, Literal, cast

import aiosmtplib
import msgspec
import structlog
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException, SMTPResponseException

from gateway.domain import mail_codes
from gateway.domain.delivery import Bounced, Deferred, Fault, Outcome, Sent
from gateway.domain.types import Outgoing
from gateway.service.site import Site
from outbound.mail_signature import Signatures, read_signer
from outbound.mail_text import render, return_path
from outbound.smtp import Conversation, HungUp, Reply, Stage

log = structlog.get_logger(__name__)

IDLE_SECONDS = 20.0
"""A connection unused for so long is closed: relays end idle ones at their own, unknown time."""

UNREACHABLE_PAUSE = 15.0
"""Seconds for which mail rests when the relay cannot be talked to at all."""

LOCKED_OUT_PAUSE = 300.0
"""Seconds for which mail rests when the relay refuses our name, our password or our certificate check."""

_LONGEST_REPLY = 120
_CLOSING, _GO_ON = 421, 354
_MAILBOX = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\],;:\\\"@]{1,64}@[^\s\x00-\x1f\x7f<>()\[\],;:\\\"@]{1,253}")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
_NO_LOGIN = frozenset({530, 534, 535, 538})
_NO_MAILBOX = frozenset({550, 551, 553})
_ABOUT_MAILBOX = ("5.1.", "5.2.")


class OutboundMailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mail.outbound]``.

    ``tls``      ``starttls`` or ``tls`` from the first byte, both with the relay's certificate checked; or ``none``.
    ``tls_ca``   a file of certificates to check it with, instead of the system's.
    ``connections``  conversations at once, and connections kept.
    ``messages_per_second``  the pace of the mail route; 0 is no limit.
    ``dkim_key``     path of an RSA or Ed25519 private key in PEM; empty: the relay signs, or nobody does.
    ``dkim_second_key``  one of the other kind, for a second signature; it has a selector of its own.
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
    dkim_second_key: str = ""
    dkim_second_selector: str = ""
    timeout: float = 20.0

    def dkim_keys(self) -> list[tuple[str, str]]:
        """The path and the selector of each key that mails are signed with."""
        both = (self.dkim_key, self.dkim_selector), (self.dkim_second_key, self.dkim_second_selector)
        return [(key, selector) for key, selector in both if key]

    def __repr__(self) -> str:
        return f"OutboundMailSettings({self.host}:{self.port}, tls={self.tls})"


@dataclass(frozen=True, slots=True)
class _Envelope:
    sender: str
    recipient: str
    mail: bytes


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
        self._signatures = Signatures(
            [read_signer(key, selector, site.mail_domain) for key, selector in settings.dkim_keys()]
        )
        self._tls = ssl.create_default_context(cafile=settings.tls_ca or None) if settings.tls != "none" else None
        self._places = asyncio.Semaphore(settings.connections)
        self._free: list[Conversation] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._goodbyes: set[asyncio.Task[None]] = set()

    async def send(self, delivery: Outgoing) -> Outcome:
        """Hand one mail to the relay."""
        recipient = _mailbox(delivery.to)
        if recipient is None:
            return Bounced("not a mail address", Fault.ADDRESS)
        if recipient != delivery.to:
            delivery = replace(delivery, to=recipient)
        mail = self._signatures.sign(render(delivery, self._site))
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
            fresh = await self._connect()
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
            return await self._converse(fresh, envelope)
        except _CutOff as cut:
            return Deferred(cut.reason)

    async def _converse(self, conversation: Conversation, envelope: _Envelope) -> Outcome:
        """One mail in one conversation, which is kept if it is still good. Raises _CutOff."""
        try:
            outcome = await _transfer(conversation, envelope)
            if not isinstance(outcome, Sent):
                await conversation.start_afresh()
        except BaseException:
            conversation.close()
            raise
        if conversation.is_usable:
            self._keep(conversation)
        else:
            conversation.close()
        return outcome

    async def _connect(self) -> Conversation:
        """Greeted, over TLS and logged in as configured. Raises aiosmtplib's errors, OSError and ssl.SSLError."""
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
        transport = cast("asyncio.Transport", smtp.transport)  # uvloop's is one, and does not say so
        return Conversation(
            transport, extensions=frozenset(map(str.lower, smtp.esmtp_extensions)), timeout=settings.timeout
        )

    def _take_kept(self) -> Conversation | None:
        while self._free:
            conversation = self._free.pop()
            if conversation.is_usable:
                return conversation
            conversation.close()
        return None

    def _keep(self, conversation: Conversation) -> None:
        loop = asyncio.get_running_loop()
        conversation.used_at = loop.time()
        self._free.append(conversation)
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        """Close what nobody used for too long, the longest unused first, and look again when the next may be."""
        loop = asyncio.get_running_loop()
        while self._free and self._free[0].used_at + IDLE_SECONDS <= loop.time():
            self._hang_up(self._free.pop(0))
        self._sweep = loop.call_at(self._free[0].used_at + IDLE_SECONDS, self._close_idle) if self._free else None

    def _hang_up(self, conversation: Conversation) -> None:
        task = asyncio.create_task(conversation.quit())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)


async def _transfer(conversation: Conversation, envelope: _Envelope) -> Outcome:
    """One mail. Raises _CutOff when the relay hangs up, says 421, falls silent or makes no sense."""
    options = "" if envelope.recipient.isascii() else " SMTPUTF8"
    if options and "smtputf8" not in conversation.extensions:
        return Bounced("the relay takes only addresses in ASCII")
    early = True
    try:
        stage, reply = await conversation.envelope(envelope.sender, envelope.recipient, options)
        if reply.code == _GO_ON:
            early = False
            stage, reply = Stage.END, await conversation.content(envelope.mail)
    except OSError as error:
        raise _CutOff(f"cut off by the relay: {_why(error)}", early=early) from error
    if reply.code == _CLOSING:
        raise _CutOff("the relay is closing (421)", early=early)
    if stage is Stage.END and reply.code // 100 == 2:
        return Sent(_quoted(reply, envelope.recipient))
    return _refused(stage, reply, envelope.recipient)


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


def _refused(stage: Stage, reply: Reply, recipient: str) -> Outcome:
    """What the relay's no means; a reply that is neither yes nor no counts as not now."""
    reason = _quoted(reply, recipient)
    if stage is Stage.MAIL and reply.code in _NO_LOGIN:
        return _locked_out("the relay wants a login", reply.code)
    if reply.code < 500:
        return Deferred(reason)
    match stage:
        case Stage.MAIL:
            log.error("the relay refuses our address", code=reply.code)
            return Bounced(reason, Fault.SENDER)
        case Stage.RCPT | Stage.DATA | Stage.END:
            return Bounced(reason, _whose_fault(stage, reply))


def _whose_fault(stage: Stage, reply: Reply) -> Fault:
    """Of a refusal: the enhanced code says it where it is about the recipient (RFC 3463); at RCPT without one, 550, 551
    and 553 mean the mailbox. The relay's policy is the operator's to mend, and held against no mailbox."""
    enhanced = _ENHANCED.match(reply.words)
    if enhanced is None:
        return Fault.ADDRESS if stage is Stage.RCPT and reply.code in _NO_MAILBOX else Fault.MESSAGE
    if not enhanced[1].startswith(_ABOUT_MAILBOX):
        return Fault.MESSAGE
    return mail_codes.FAULTS[mail_codes.code_of(enhanced[1]).meaning]


def _locked_out(reason: str, code: int) -> Deferred:
    """Nothing gets through until the operator acts; nothing is lost until then."""
    log.error("the relay needs the operator", what=reason, code=code)
    return Deferred(f"{reason} ({code})" if code else reason, LOCKED_OUT_PAUSE, route_wide=True)


def _quoted(reply: Reply, recipient: str) -> str:
    """The relay's reply in one short line, without the recipient's address."""
    words = reply.words
    if "@" in words:
        words = re.sub(re.escape(recipient), "…", words, flags=re.IGNORECASE)
    return f"{reply.code} {' '.join(words.split())}"[:_LONGEST_REPLY]


def _why(error: OSError) -> str:
    return str(error) if isinstance(error, HungUp) else _kind(error)


def _kind(error: BaseException) -> str:
    """The error by its class alone: its words may hold addresses."""
    return type(error.__cause__ or error).__name__
