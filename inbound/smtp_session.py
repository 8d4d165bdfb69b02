"""One conversation with the mail door, over SMTP or LMTP.

aiosmtpd knows the commands; what it does for every command and every line of a mail is done here instead, because it
is most of what a mail costs, and what it leaves unbounded is bounded (docs/decisions/0016-reading-mail-in-blocks.md).
"""

import asyncio
import re
import ssl
from collections import Counter
from typing import NoReturn, Protocol, cast

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, TLSSetupException

from inbound.message import Door
from inbound.spool import ComingMail, Spool
from inbound.thinning import Content

log = structlog.get_logger(__name__)

LONGEST_LINE = 64 * 1024
"""Bytes of a mail's line, its end included."""

_LINE_COST = 100
"""Bytes of memory that a line takes while its mail is in hand, besides its own."""

_LONGEST_COMMAND = 512 + 26 + 10
"""Bytes, as RFC 5321 4.5.3.1.4 has it, and what SIZE and SMTPUTF8 add to MAIL."""

_MOST_REFUSALS = 30
_MOST_UNKNOWN_COMMANDS = 5
_MOST_IDLE_COMMANDS = 100
_IDLE_COMMANDS = frozenset({"NOOP", "HELP", "VRFY", "EXPN", "AUTH", "STARTTLS"})
_GROUPED = frozenset({"MAIL", "RCPT", "RSET"})
"""Commands whose answer may wait for that of the next one, which has come already (RFC 2920 3.2)."""

_PLAIN_ADDRESS = re.compile(
    r"<([A-Za-z0-9+=_-]+(?:\.[A-Za-z0-9+=_-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>(?:$| +(?=\S))(.*)$"
)
_END_OF_MAIL = b"\r\n.\r\n"
_LONGEST_MAIL = 12
"""How many times the time that a client may be silent one mail may take, however it trickles in."""
_CLOSING = "421 4.3.2 Closing. Please come again in a minute."
_TOO_MUCH_IN_HAND = "421 4.3.2 Too much mail at once. Please come again in a minute."


class Host(Protocol):
    """Who lets conversations in and counts what they take."""

    closing: bool
    spool: Spool

    def admit(self, session: "SmtpSession", host: str) -> str: ...

    def leave(self, session: "SmtpSession", host: str) -> None: ...

    def hold(self, size: int) -> bool: ...


class MailEnvelope(Envelope):
    """A mail's envelope, with the door that each recipient opens (by address, in lower case)."""

    def __init__(self) -> None:
        super().__init__()
        self.content: Content | None = None  # type: ignore[assignment]  # aiosmtpd's is of bytes or text
        self.doors: dict[str, Door] = {}


class SmtpSession(SMTP):
    """One conversation. It can be ended between two mails."""

    line_length_limit = LONGEST_LINE

    def __init__(  # what a listener knows and a conversation needs
        self, host: Host, handler: object, *, hostname: str, tls: ssl.SSLContext | None, max_size: int, timeout: float
    ) -> None:
        """``handler`` has aiosmtpd's hooks; ``max_size`` is in bytes, ``timeout`` in seconds of silence."""
        super().__init__(
            handler,
            data_size_limit=max_size,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Birdwire",
            tls_context=tls,
            timeout=timeout,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        self._host = host
        self._max_size = max_size
        self._peer = ""
        self._received = 0
        self._held = 0
        self._refusals = 0
        self._in_hand = False
        self._ends_at = self._cut_at = 0.0
        self._more_waits = False
        self._unsaid = b""
        self.conversation: asyncio.Task[None]

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        if self._original_transport is not None:
            super().connection_made(transport)  # the same conversation, now under TLS
            return
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        refusal = self._host.admit(self, self._peer)
        if refusal:
            log.warning("mail.connection_refused", reason=refusal)
            transport.set_protocol(asyncio.Protocol())
            transport.write(f"{refusal}\r\n".encode())
            transport.close()
            return
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self.conversation = self._handler_coroutine
        self.conversation.add_done_callback(self._ended)

    def _ended(self, conversation: asyncio.Task[None]) -> None:
        self._host.leave(self, self._peer)
        if not conversation.cancelled() and (error := conversation.exception()):
            log.info("mail.conversation_broken", error=type(error).__name__)

    def data_received(self, data: bytes) -> None:
        """Hang up on a mail that goes on and on after its size is known to be too much, and on one that there is no
        room for now."""
        self._received += len(data)
        if self._received > 2 * self._max_size + LONGEST_LINE:
            log.warning("mail.flood", bytes=self._received)
            self.abort()
            return
        if self._in_hand:
            size = len(data) + _LINE_COST * data.count(b"\n")
            if not self._host.hold(size):
                log.warning("mail.too_much_in_hand", bytes=self._received)
                self._hang_up(_TOO_MUCH_IN_HAND)
                return
            self._held += size
            self._ends_at = min(self.loop.time() + self._timeout_duration, self._cut_at)
        super().data_received(data)

    def _reset_timeout(self, _duration: float | None = None) -> None:
        """Start the time without a command anew: one timer for all commands, which looks when it is due."""
        self._ends_at = self.loop.time() + self._timeout_duration
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_at(self._ends_at, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._ends_at:
            self._timeout_handle = self.loop.call_at(self._ends_at, self._timeout_cb)
        elif self.transport is not None:
            self.transport.close()

    def dismiss(self) -> None:
        """End the conversation now, or after the mail in hand."""
        if not self._in_hand and self.transport is not None:
            self._hang_up(_CLOSING)

    def abort(self) -> None:
        """Hang up."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    def _hang_up(self, words: str) -> None:
        self._writer.write(self._unsaid + f"{words}\r\n".encode())
        self._writer.close()

    # The commands

    async def _handle_client(self) -> None:
        """Greet, then hear and answer one command after the other."""
        await self.push(f"220 {self.hostname} Birdwire")
        counts: Counter[str] = Counter()
        while self.transport is not None:
            try:
                await self._obey(await self._read_command(), counts)
            except (asyncio.CancelledError, ConnectionResetError):
                self._writer.close()
                raise
            except Exception as error:
                self._more_waits = False
                words = await self.handle_exception(error)
                if isinstance(error, TLSSetupException):
                    self.transport.close()
                    self.connection_lost(error)
                    return
                await self.push(words)

    async def _read_command(self) -> bytes:
        """The next line, or as much of it as shows that it is too long."""
        line = b""
        while True:
            try:
                return line + await self._reader.readuntil()
            except asyncio.LimitOverrunError as more:
                line = await self._reader.read(more.consumed)

    async def _obey(self, line: bytes, counts: Counter[str]) -> None:
        word, _, rest = line.rstrip(b"\r\n").partition(b" ")
        command = word.upper().decode("ascii", "replace")
        method = self._smtp_methods.get(command)
        self._more_waits = command in _GROUPED and b"\n" in self._come
        if len(line) > _LONGEST_COMMAND:
            await self.push("500 5.5.2 This command is too long.")
        elif method is None:
            counts[""] += 1
            if counts[""] >= _MOST_UNKNOWN_COMMANDS:
                await self._part("502 5.5.1 Too many unknown commands.")
            await self.push("500 5.5.1 There is no such command.")
        else:
            if command in _IDLE_COMMANDS:
                counts[command] += 1
                if counts[command] > _MOST_IDLE_COMMANDS:
                    await self._part(f"421 4.7.0 Too many times {command}.")
            self._reset_timeout()
            await method(rest.strip().decode("utf-8", "surrogateescape") if rest else None)

    async def push(self, status: str | bytes) -> None:
        """Say it; answers to commands that came together are said together (RFC 2920)."""
        self._unsaid += (status if isinstance(status, bytes) else status.encode()) + b"\r\n"
        if not self._more_waits:
            self._writer.write(self._unsaid)
            self._unsaid = b""
            await self._writer.drain()

    async def _part(self, words: str) -> NoReturn:
        """Say it and hang up."""
        self._more_waits = False
        await self.push(words)
        raise ConnectionResetError

    async def count_refusal(self) -> None:
        """Hang up on a client that tries one address after the other."""
        self._refusals += 1
        if self._refusals > _MOST_REFUSALS:
            log.warning("mail.too_many_refusals")
            await self._part("421 4.7.0 Too many unknown addresses.")

    @property
    def _come(self) -> bytearray:
        """What has come and is not read yet."""
        return self._reader._buffer  # type: ignore[attr-defined,no-any-return]  # as aiosmtpd does after STARTTLS

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Plain addresses at once; whatever else there may be as aiosmtpd's general and slow parser reads it."""
        found = _PLAIN_ADDRESS.match(arg)
        return (found.group(1), found.group(2)) if found else super()._getaddr(arg)

    def _create_envelope(self) -> MailEnvelope:
        return MailEnvelope()

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 This is TLS already.")
        else:
            await super().smtp_STARTTLS(arg)

    # The mail itself

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        assert self.session is not None
        assert self.envelope is not None
        if not self.session.host_name or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Say to whom first.")
            return
        if arg:
            await self.push("501 5.5.4 DATA has no argument.")
            return
        self._in_hand = True
        self._received = 0
        self._cut_at = self.loop.time() + _LONGEST_MAIL * self._timeout_duration
        coming = self._host.spool.begin(LONGEST_LINE)
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            content = await self._read_mail(coming)
            await self._answer_mail(content if isinstance(content, str) else await self._take(content))
        finally:
            coming.close()
            self._in_hand = False
            self._received = 0
            self._host.hold(-self._held)
            self._held = 0
            self.envelope = self._create_envelope()
        if self._host.closing:
            self.dismiss()

    async def _read_mail(self, coming: ComingMail) -> Content | str:
        """All of a mail, or once it has ended the words that refuse it. It ends with a dot between two CRLF, and with
        nothing that only looks like it: what another server takes for an end could hide a second mail."""
        self._come[:0] = b"\r\n"  # before the first line, too, there is one: that of the command
        size = -len(_END_OF_MAIL)
        ended = False
        while not ended:
            try:
                block = await self._reader.readuntil(_END_OF_MAIL)
                ended = True
            except asyncio.LimitOverrunError as more:
                block = await self._reader.read(more.consumed)
            size += len(block)
            if size > self._max_size:
                coming.drop(f"552 5.3.4 This mail is too large: {self._max_size} bytes are the most.")
            if await coming.add(block):
                self._let_go()
        return await coming.whole()

    def _let_go(self) -> None:
        """What came of the mail is no longer in memory, but for what is not read yet."""
        held = min(self._held, len(self._come))
        self._host.hold(held - self._held)
        self._held = held

    async def _take(self, content: Content) -> str:
        assert isinstance(self.envelope, MailEnvelope)
        self.envelope.content = content
        try:
            return str(await self._call_handler_hook("DATA"))
        except Exception as error:
            return await self.handle_exception(error)

    async def _answer_mail(self, words: str) -> None:
        await self.push(words)


class LmtpSession(SmtpSession, LMTP):
    """The same over LMTP: what is said after the mail is said once per recipient."""

    async def _answer_mail(self, words: str) -> None:
        assert self.envelope is not None
        said = words.split("\r\n")
        await self.push("\r\n".join(said + said[-1:] * (len(self.envelope.rcpt_tos) - len(said))))
