"""A mailbox for the demo and the tests: a real SMTP server on loopback that keeps what it is sent.

It runs in the caller's event loop. It can be told to refuse recipients, to put a mail off once as greylisting servers
do, and to drop the connection in the middle of DATA.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.demo.changes import Changes

_POSTING_ADDRESS = re.compile(r"post\+[a-z2-7]+@[a-z0-9.-]+[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that was taken: its envelope (``sender``, ``recipients``), the bytes and what they parse to."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    message: EmailMessage
    at: datetime

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def answers_to(self) -> str:
        """Where an answer goes, as the mail itself says (RFC 5322 3.6.2)."""
        return str(self.message.get("Reply-To") or self.message.get("From", ""))

    @property
    def posting_address(self) -> str:
        """The secret posting address that the mail tells; empty when it tells none."""
        found = _POSTING_ADDRESS.search(self.text)
        return found[0] if found else ""

    @property
    def source(self) -> str:
        """The whole mail as it came, for reading."""
        return self.raw.decode("utf-8", "replace").replace("\r\n", "\n")

    @property
    def text(self) -> str:
        """The words for a person: the plain part, else the HTML source; empty if there is neither."""
        part = self.message.get_body(("plain", "html"))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


@dataclass(slots=True)
class Refusal:
    """Words that wait for a recipient (None: anybody), so often (None: always)."""

    recipient: str | None
    answer: str
    left: int | None


class Mailbox:
    """The mailbox, as ``async with Mailbox() as box``; then it listens on ``box.port`` and fills ``box.mails``, and
    ``box.cut_off`` with those of them whose connections it cut."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        changes: Changes | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.host = host
        self.port = port
        self.mails: list[Mail] = []
        self.cut_off: list[Mail] = []
        self.changes = changes or Changes()
        self._clock = clock
        self.refusals: list[Refusal] = []
        self._greylisting = False
        self._greeted: set[tuple[str, str]] = set()
        self._drops = {True: 0, False: 0}
        self.doors: dict[asyncio.Task[None], _Door] = {}

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Door(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        serving = dict(self.doors)
        for door in serving.values():
            door.hang_up()
        await asyncio.gather(*serving, return_exceptions=True)
        await self._server.wait_closed()

    def refuse(
        self, answer: str = "550 5.1.1 No such mailbox", *, to: str | None = None, times: int | None = 1
    ) -> None:
        """Answer ``answer`` (4xx or 5xx and words) to RCPT for ``to`` (None: anybody), so often (None: always)."""
        self.refusals.append(Refusal(to, answer, times))

    def greylist(self) -> None:
        """From now on put every pair of sender and recipient off once, with 451, before taking it."""
        self._greylisting = True

    def drop_in_data(self, times: int = 1, *, kept: bool = False) -> None:
        """Cut the next ``times`` connections in DATA: when it begins or, with ``kept``, after the mail was taken."""
        self._drops[kept] += times

    def takes_drop(self, *, kept: bool) -> bool:
        """Whether this connection is to be cut now; counts as one that was."""
        due = self._drops[kept] > 0
        self._drops[kept] -= due
        return due

    def behave(self) -> None:
        """Forget all refusals, greylisting and drops that were asked for."""
        self.refusals.clear()
        self._greylisting = False
        self._drops = {True: 0, False: 0}

    async def wait_for(self, predicate: Callable[[Mail], bool], *, within: float = 30.0) -> Mail:
        """The first mail, of all taken, that fits; waits for it. TimeoutError after ``within`` seconds."""
        await self.wait_until(lambda: any(map(predicate, self.mails)), within=within)
        return next(filter(predicate, self.mails))

    async def wait_until(self, holds: Callable[[], bool], *, within: float = 30.0) -> None:
        """Return once ``holds()`` is true, seen after every mail. TimeoutError after ``within`` seconds."""
        await self.changes.until(holds, within=within)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds its handlers by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse one recipient."""
        for refusal in self.refusals:
            if refusal.recipient in (None, address):
                if refusal.left is not None:
                    refusal.left -= 1
                    if refusal.left == 0:
                        self.refusals.remove(refusal)
                return refusal.answer
        pair = (envelope.mail_from or "", address)
        if self._greylisting and pair not in self._greeted:
            self._greeted.add(pair)
            return "451 4.7.1 Greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd finds its handlers by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep one mail."""
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, policy=policy.default)
        recipients = tuple(envelope.rcpt_tos)
        number = len(self.mails) + 1
        self.mails.append(Mail(number, envelope.mail_from or "", recipients, raw, message, self._clock()))
        self.changes.ring()
        if self.takes_drop(kept=True):
            assert isinstance(server, _Door)
            self.cut_off.append(self.mails[-1])
            await server.drop()
        return f"250 2.0.0 Kept as {number}"


class _Door(SMTP):
    """One connection of the box."""

    def __init__(self, box: Mailbox) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(box, hostname="mailbox.demo", ident="Demo mailbox", enable_SMTPUTF8=True, loop=loop)
        self._box = box

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self._box.doors[self._handler_coroutine] = self
        self._handler_coroutine.add_done_callback(self._box.doors.pop)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds its commands by this name
        if self._box.takes_drop(kept=False):
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self.drop()
        await super().smtp_DATA(arg)

    async def drop(self) -> None:
        """Hang up on behalf of the task that serves the connection; that task goes no further."""
        self.hang_up()
        await asyncio.get_running_loop().create_future()

    def hang_up(self) -> None:
        """Cut the connection without a word; its task ends soon."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()
