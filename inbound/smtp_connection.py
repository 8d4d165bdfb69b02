"""One connection to the mail door: who comes, under TLS or not, how long it may be silent, and how it ends.

What is said on it is ``inbound.smtp_session``'s. aiosmtpd makes a stream of a connection and asks a handler; how a
conversation begins, waits and ends is decided here (docs/decisions/0027-the-wire-of-mail.md).
"""

import asyncio
import ssl
from asyncio import sslproto
from dataclasses import dataclass
from typing import NoReturn, Protocol, cast

import structlog
from aiosmtpd.proxy_protocol import get_proxy
from aiosmtpd.smtp import SMTP, TLSSetupException

from gateway import metrics
from inbound.gate import CLOSING, LOCAL, Gate
from inbound.spool import Spool

log = structlog.get_logger(__name__)

LONGEST_LINE = 64 * 1024
"""Bytes of a mail's line, its end included."""

_GOODBYE = 10.0
"""Seconds that a client has to hear our last words."""

_HANDSHAKE = 60.0
_PROXY_PATIENCE = 10.0
_TOO_SLOW = "421 4.4.2 This takes too long."


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What conversations keep to.

    ``hostname`` is what we call ourselves, ``domain`` whose mail is taken. ``max_size`` is in bytes, ``timeout`` in
    seconds of silence, ``min_rate`` in bytes a second that a mail must come at on average once it has taken
    ``timeout`` (0: at any). ``max_errors`` are refusals since the last mail that was taken, ``max_mails`` those of one
    connection (0: any number), and strangers are greeted after ``greet_pause`` seconds.
    """

    hostname: str
    domain: str
    max_size: int
    timeout: float
    tls: ssl.SSLContext | None = None
    min_rate: float = 500.0
    max_errors: int = 30
    max_mails: int = 0
    greet_pause: float = 0.0


class Host(Protocol):
    """Who lets connections in and counts what they take."""

    gate: Gate
    spool: Spool

    def came(self, connection: "Connection") -> None: ...

    def went(self, connection: "Connection") -> None: ...

    def hold(self, size: int) -> bool: ...


class Over(Exception):
    """The conversation has come to its end."""


class Connection(SMTP):
    """From its first byte to its last. A subclass has ``hear_one``, which hears and answers a command.

    ``conversation`` is the task that serves it; ``in_hand`` is whether a mail is coming in or being taken, ``is_own``
    whether a machine of ours has come.
    """

    line_length_limit = LONGEST_LINE
    knows_strangers = True
    """Whether anybody may come, and not machines of ours alone."""

    def __init__(self, host: Host, handler: object, terms: Terms, *, tls_at_once: bool = False) -> None:
        """``handler`` has aiosmtpd's hooks for MAIL, RCPT, DATA and exceptions."""
        super().__init__(
            handler,
            data_size_limit=terms.max_size,
            enable_SMTPUTF8=True,
            hostname=terms.hostname,
            ident="Birdwire",
            tls_context=terms.tls,
            timeout=terms.timeout,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        self.in_hand = False
        self.conversation: asyncio.Task[None]
        self._host = host
        self._terms = terms
        self._tls_at_once = tls_at_once
        self._peer: object = None
        self._client = LOCAL
        self.is_own = False
        self._is_counted = self._from_proxy = self._is_securing = False
        self._spoke = asyncio.Event()
        self._ends_at = 0.0
        self._errors = 0
        self._more_waits = False
        self._unsaid = b""

    async def hear_one(self) -> None:
        """Hear and answer one command."""
        raise NotImplementedError

    def dismiss(self) -> None:
        """End the conversation now, or after the mail in hand."""
        if not self.in_hand and self.transport is not None:
            self._hang_up(CLOSING)

    def abort(self) -> None:
        """Hang up."""
        for transport in (self.transport, self._original_transport):  # that of TLS forgets what it has closed
            if transport is not None:
                cast("asyncio.Transport", transport).abort()

    # Coming and going

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        if self._original_transport is not None:
            super().connection_made(transport)  # the same conversation, now under TLS
            assert self.session is not None
            self.session.peer = self._peer  # type: ignore[assignment]  # as sockets have it, not as aiosmtpd says
            return
        self._peer = transport.get_extra_info("peername")
        if self._peer is None:  # gone before we could ask from where it came, as those are who only look
            transport.set_protocol(asyncio.Protocol())
            transport.abort()
            return
        address = self._address
        self._from_proxy = self._host.gate.is_proxy(address)
        if refusal := self._count_in(LOCAL if self._from_proxy else address):
            transport.set_protocol(asyncio.Protocol())
            transport.write(f"{refusal}\r\n".encode())
            transport.close()
            return
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self.conversation = self._handler_coroutine
        self.conversation.add_done_callback(self._ended)
        self._host.came(self)

    def data_received(self, data: bytes) -> None:
        self._spoke.set()
        super().data_received(data)

    def eof_received(self) -> bool:
        """Who has said all there is to say may still hear the answers, though not under TLS, where asyncio knows no
        half of a connection."""
        if self._original_transport is not None:
            self.conversation.cancel()
            return False
        self._reader.feed_eof()
        return True

    @property
    def _address(self) -> str:
        return str(self._peer[0]) if isinstance(self._peer, tuple) else LOCAL

    def _count_in(self, address: str) -> str:
        """Let a client in that comes from there; or the words that turn it away."""
        if self._is_counted:
            self._host.gate.leave(self._client)
        refusal = self._host.gate.admit(address)
        self._is_counted = not refusal
        self._client, self.is_own = address, not self.knows_strangers or self._host.gate.is_own(address)
        if refusal:
            self._note("connections")
        return refusal

    def _ended(self, conversation: asyncio.Task[None]) -> None:
        if self._is_counted:
            self._host.gate.leave(self._client)
        self._host.went(self)
        self._await_the_end()
        if not conversation.cancelled() and (error := conversation.exception()):
            log.error("mail.conversation_broken", error=type(error).__name__)

    async def _handle_client(self) -> None:
        """Greet, then hear and answer one command after the other."""
        try:
            await self._begin()
            while self.transport is not None:
                await self._hear_or_say_why_not()
        except TLSSetupException as error:
            self._note("tls")
            self.abort()
            self.connection_lost(error)  # asyncio tells only those whose handshake was finished
        except (Over, ConnectionResetError, asyncio.IncompleteReadError):
            self._writer.close()
        except asyncio.CancelledError:
            self._writer.close()
            raise

    async def _hear_or_say_why_not(self) -> None:
        try:
            await self.hear_one()
        except (TLSSetupException, Over, ConnectionResetError, asyncio.IncompleteReadError):
            raise
        except Exception as error:
            self._more_waits = False
            await self.push(await self.handle_exception(error))

    async def _begin(self) -> None:
        """All up to the greeting. Strangers must wait for it: who talks at once listens to nobody."""
        if self._from_proxy:
            await self._hear_proxy()
        if self._tls_at_once:
            come = bytes(self._come)
            self._come.clear()
            await self._secure(come)
        if not self.is_own:
            try:
                async with asyncio.timeout(self._terms.greet_pause):
                    await self._spoke.wait()
            except TimeoutError:
                pass
            if self._come:
                await self._turn_away("hasty", "554 5.5.0 Please wait for the greeting.")
        await self.push(f"220 {self.hostname} Birdwire")

    async def _hear_proxy(self) -> None:
        """For whom a proxy comes (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt); nobody else is heard
        about it. It comes for itself when it names no address."""
        assert self.session is not None
        try:
            async with asyncio.timeout(_PROXY_PATIENCE):
                said = await get_proxy(self._reader)
        except TimeoutError:
            said = None
        except asyncio.IncompleteReadError as nothing:
            if not nothing.partial:
                raise Over from None  # it only looked whether we are here
            said = None
        if said is None or not said.valid:
            self._note("proxy")
            raise Over
        if said.src_addr is not None and not isinstance(said.src_addr, bytes):
            self._peer = (str(said.src_addr), said.src_port)
        self.session.peer = self._peer  # type: ignore[assignment]  # as sockets have it, not as aiosmtpd says
        if refusal := self._count_in(self._address):
            await self._part(refusal)
        if not self._come:
            self._spoke.clear()

    async def _secure(self, come: bytes = b"") -> None:
        """Go on under TLS, ``come`` being what has come of it already; what else was said before is forgotten
        (RFC 3207 4.2). Raises TLSSetupException."""
        plain = cast("asyncio.Transport", self.transport)
        done = self.loop.create_future()
        self._tls_protocol = tls = sslproto.SSLProtocol(
            self.loop,
            self,
            self._terms.tls,  # type: ignore[arg-type]  # asked for only where there is one
            done,
            server_side=True,
            ssl_handshake_timeout=min(_HANDSHAKE, self._terms.timeout),  # type: ignore[arg-type]  # a part of a second will do
        )
        self._original_transport = plain
        self._is_securing = True
        plain.set_protocol(tls)
        tls.connection_made(plain)
        while come:
            room = tls.get_buffer(len(come))
            part, come = come[: len(room)], come[len(room) :]
            room[: len(part)] = part
            tls.buffer_updated(len(part))
        try:
            await done
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise TLSSetupException from error
        finally:
            self._is_securing = False
        if plain.is_closing():
            raise Over
        self._spoke.clear()

    # Time

    def _reset_timeout(self, _duration: float | None = None) -> None:
        """Start the time without a command anew: one timer for all commands, which looks when it is due."""
        self._ends_at = self.loop.time() + self._terms.timeout
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_at(self._ends_at, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._ends_at:
            self._timeout_handle = self.loop.call_at(self._ends_at, self._timeout_cb)
        elif self.transport is not None:
            if self.in_hand or self._come:
                self._note("slow")
            self._hang_up(_TOO_SLOW)

    # Saying

    async def push(self, status: str | bytes) -> None:
        """Say it; answers to commands that came together are said together (RFC 2920)."""
        words = status if isinstance(status, bytes) else status.encode()
        if words[:1] in b"45" and words[:3] != b"452":
            self._errors += 1
        self._unsaid += words + b"\r\n"
        if not self._more_waits:
            self._writer.write(self._unsaid)
            self._unsaid = b""
            await self._writer.drain()

    async def _part(self, words: str) -> NoReturn:
        """Say it and hang up."""
        self._more_waits = False
        await self.push(words)
        raise Over

    async def _turn_away(self, reason: str, words: str) -> NoReturn:
        self._note(reason)
        await self._part(words)

    def _hang_up(self, words: str) -> None:
        """The same from outside the conversation."""
        if self._is_securing:
            self.abort()
            return
        self._writer.write(self._unsaid + f"{words}\r\n".encode())
        self._unsaid = b""
        self._writer.close()
        self._await_the_end()

    def _await_the_end(self) -> None:
        """Once nothing more will be said: who does not hear our last words is not waited for for long."""
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
            if self.transport is not None:
                self._timeout_handle = self.loop.call_later(_GOODBYE, self.abort)

    def _note(self, reason: str) -> None:
        """Count that a client was turned away."""
        metrics.mail_turned_away(reason)
        log.warning("mail.turned_away", reason=reason)

    @property
    def _come(self) -> bytearray:
        """What has come and is not read yet."""
        return self._reader._buffer  # type: ignore[attr-defined,no-any-return]  # as aiosmtpd does after STARTTLS
