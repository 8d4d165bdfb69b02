"""A server that takes our mail, and how a conversation with it begins: connected, secured, logged in.

    tls       what is done
    none      nothing
    offered   STARTTLS where the server offers it, whoever it is (RFC 7435); in the clear when that fails
    starttls  STARTTLS, with its certificate checked
    tls       TLS from the first byte, with its certificate checked

What goes wrong before a mail was offered is one exception, which says whether time helps or the operator must.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, cast

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from outbound import mishap
from outbound.mail_replies import one_line
from outbound.smtp import Conversation

Tls = Literal["none", "offered", "starttls", "tls"]
_NOT_NOW = 500


@dataclass(frozen=True, slots=True)
class Peer:
    """Where to connect and how to begin. ``address`` is where ``host`` was found to be, if that was looked up already;
    of several peers, those with the lowest ``preference`` come first."""

    host: str
    port: int
    address: str = ""
    tls: Tls = "none"
    tls_ca: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    preference: int = 0


class Step(StrEnum):
    """What was reached, for those who watch."""

    CONNECTED = "connected"
    GREETED = "greeted"
    SECURED = "secured"
    IN_THE_CLEAR = "in the clear"
    LOGGED_IN = "logged in"


class Why(StrEnum):
    """Why there is no conversation."""

    UNREACHABLE = "unreachable"  # nobody answers, or not in time
    TURNED_AWAY = "turned away"  # the server takes nothing from us now
    LOCKED_OUT = "locked out"  # our login, its certificate, what is configured: the operator must act


class NoWayIn(Exception):
    """There is no conversation to be had. ``reason`` is for people: the server's name before it makes a sentence;
    ``code`` is the server's, or 0."""

    def __init__(self, why: Why, reason: str, code: int = 0) -> None:
        super().__init__(reason)
        self.why = why
        self.reason = f"{reason} ({code})" if code else reason
        self.code = code


Watch = Callable[[Step, str], None]
"""Hears of each step, with words."""


def _nobody_watches(_step: Step, _words: str) -> None:
    pass


class Dialler:
    """Begins conversations. ``called`` is what we call ourselves, ``timeout`` is in seconds for connecting and for each
    reply, ``source`` the address that we come from (empty: any)."""

    def __init__(self, called: str, timeout: float, *, source: str = "") -> None:
        self.timeout = timeout
        self._called = called
        self._source = (source, 0) if source else None
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._whoever = _whoever()

    def trust(self, authority: str) -> None:
        """Read the certificates to check servers' with (empty: the system's). Raises OSError, ssl.SSLError."""
        if authority not in self._contexts:
            self._contexts[authority] = ssl.create_default_context(cafile=authority or None)

    async def dial(self, peer: Peer, watch: Watch = _nobody_watches, *, until: float | None = None) -> Conversation:
        """A conversation, greeted, secured and logged in as ``peer`` says, before ``until`` in the loop's time. Raises
        NoWayIn."""
        try:
            async with asyncio.timeout_at(until):
                return await self._dial(peer, watch)
        except SMTPAuthenticationError as error:
            if error.code < _NOT_NOW:
                raise NoWayIn(Why.TURNED_AWAY, "puts off our login", error.code) from error
            raise NoWayIn(Why.LOCKED_OUT, "refuses our login", error.code) from error
        except SMTPResponseException as error:
            said = f"turns us away: {error.code} {_line(error.message)}"
            raise NoWayIn(Why.TURNED_AWAY, said) from error
        except (ConnectionError, TimeoutError, SMTPServerDisconnected) as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise NoWayIn(Why.LOCKED_OUT, _about_tls(error.__cause__)) from error
            raise NoWayIn(Why.UNREACHABLE, f"cannot be reached: {mishap.in_words(error)}") from error
        except ssl.SSLError as error:
            raise NoWayIn(Why.LOCKED_OUT, _about_tls(error)) from error
        except SMTPException as error:
            raise NoWayIn(Why.LOCKED_OUT, f"does not do what is configured: {mishap.in_words(error)}") from error
        except (OSError, ValueError) as error:
            raise NoWayIn(Why.UNREACHABLE, f"cannot be reached: {mishap.in_words(error)}") from error

    async def _dial(self, peer: Peer, watch: Watch) -> Conversation:
        if peer.tls != "offered":
            return await self._begin(peer, watch, secure=peer.tls == "starttls", context=self._context(peer))
        try:
            return await self._begin(peer, watch, secure=None, context=self._whoever)
        except _NoTls:
            return await self._begin(peer, watch, secure=False, context=None)

    async def _begin(
        self, peer: Peer, watch: Watch, *, secure: bool | None, context: ssl.SSLContext | None
    ) -> Conversation:
        """``secure``: by STARTTLS; None where it is offered."""
        smtp = aiosmtplib.SMTP(
            hostname=peer.address or peer.host,
            port=peer.port,
            local_hostname=self._called,
            timeout=self.timeout,
            use_tls=peer.tls == "tls",
            start_tls=False,
            tls_context=context,
            source_address=self._source,
        )
        connected: asyncio.BaseTransport | None = None
        try:
            greeting = await smtp.connect()
            connected = smtp.transport
            watch(Step.CONNECTED, f"{smtp.get_transport_info('peername')[0]} says {_line(greeting.message)}")
            await _say_hello(smtp)
            if secure is None:
                secure = smtp.supports_extension("starttls")
            if secure:
                await _secure(smtp, peer)
                await _say_hello(smtp)
            tls = smtp.get_transport_info("ssl_object")
            if tls is not None:
                watch(Step.SECURED, f"{tls.version()}, {tls.cipher()[0]}")
            else:
                watch(Step.IN_THE_CLEAR, "without TLS")
            if peer.username:
                await smtp.login(peer.username, peer.password)
                watch(Step.LOGGED_IN, f"as {peer.username}")
        except BaseException:
            smtp.close()
            if connected is not None:
                cast("asyncio.Transport", connected).abort()  # whose words may still wait to go out, to nobody
            raise
        transport = cast("asyncio.Transport", smtp.transport)  # uvloop's is one, and does not say so
        offered = frozenset(map(str.lower, smtp.esmtp_extensions))
        return Conversation(transport, extensions=offered, timeout=self.timeout)

    def _context(self, peer: Peer) -> ssl.SSLContext | None:
        if peer.tls == "none":
            return None
        self.trust(peer.tls_ca)
        return self._contexts[peer.tls_ca]


class _NoTls(Exception):
    """A server that offers STARTTLS could not do it."""


async def _say_hello(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.ehlo()
    except SMTPHeloError:
        await smtp.helo()


async def _secure(smtp: aiosmtplib.SMTP, peer: Peer) -> None:
    try:
        await smtp.starttls(server_hostname=peer.host)
    except (SMTPException, OSError) as error:
        if peer.tls == "offered":
            raise _NoTls from error
        raise


def _whoever() -> ssl.SSLContext:
    """What keeps out those who only listen: nobody vouches for a mail exchange's name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _about_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has no good certificate: {error.verify_message}"
    return f"cannot do TLS: {error.reason or mishap.in_words(error)}"


def _line(words: str) -> str:
    return one_line(words)[:100]
