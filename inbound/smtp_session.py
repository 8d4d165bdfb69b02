"""One conversation with the mail door, over SMTP or LMTP.

What is said is decided here, because it is most of what a mail costs, and what aiosmtpd leaves unbounded is bounded
(docs/decisions/0016-reading-mail-in-blocks.md, docs/decisions/0027-the-wire-of-mail.md).
"""

import asyncio
import re

from aiosmtpd.smtp import Envelope

from inbound.message import Door
from inbound.smtp_arguments import Wrong, is_name, read_recipient, read_sender
from inbound.smtp_connection import LONGEST_LINE, Connection, Host, Terms
from inbound.spool import ComingMail
from inbound.thinning import Content

_LINE_COST = 100
"""Bytes of memory that a line takes while its mail is in hand, besides its own."""

_LONGEST_COMMAND = 512 + 26 + 17 + 10
"""Bytes, as RFC 5321 4.5.3.1.4 has it, and what SIZE, BODY and SMTPUTF8 add to MAIL."""

_MOST_UNKNOWN_COMMANDS = 5
_MOST_IDLE_COMMANDS = 100
"""Commands that may come for each mail which is taken, besides those that name recipients and end the mail."""

_GROUPED = frozenset({"MAIL", "RCPT", "RSET"})
"""Commands whose answer may wait for that of the next one, which has come already (RFC 2920 3.2)."""

_LAST = frozenset({"EHLO", "HELO", "LHLO", "DATA", "NOOP", "VRFY", "EXPN", "HELP", "AUTH", "STARTTLS"})
"""Commands after which a client must hear the answer before it goes on (RFC 2920 3.1)."""

_BUSY = frozenset({"RCPT", "DATA", "QUIT"})
_OTHER_PROTOCOLS = frozenset({"GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT"})
"""What a browser says that was led here to say something else in its next lines."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_END_OF_MAIL = b"\r\n.\r\n"
_TOO_MUCH_IN_HAND = "421 4.3.2 Too much mail at once. Please come again in a minute."


class MailEnvelope(Envelope):
    """A mail's envelope, with the door that each recipient opens (by address, in lower case)."""

    def __init__(self) -> None:
        super().__init__()
        self.content: Content | None = None  # type: ignore[assignment]  # aiosmtpd's is of bytes or text
        self.doors: dict[str, Door] = {}


class SmtpSession(Connection):
    """One conversation. It can be ended between two mails."""

    def __init__(self, host: Host, handler: object, terms: Terms, *, tls_at_once: bool = False) -> None:
        super().__init__(host, handler, terms, tls_at_once=tls_at_once)
        self._received = 0
        self._held = 0
        self._unknown = self._idle = self._mails = 0
        self._begun_at = 0.0
        self._is_taking = False

    def _create_envelope(self) -> MailEnvelope:
        return MailEnvelope()

    # The commands

    async def hear_one(self) -> None:
        line = await self._read_command()
        said = line.rstrip(b"\r\n")
        word, _, rest = said.partition(b" ")
        command = word.upper().decode("ascii", "replace")
        method = self._smtp_methods.get(command)
        self._more_waits = command in _GROUPED and b"\n" in self._come
        if self._errors >= self._terms.max_errors:
            await self._turn_away("errors", "421 4.7.0 Too many errors.")
        if len(line) > _LONGEST_COMMAND:
            await self.push("500 5.5.2 This command is too long.")
        elif _CONTROL.search(said):
            await self.push("500 5.5.2 There are characters in this command that nobody types.")
        elif method is None:
            await self._take_no_notice(command)
        else:
            if command in _LAST and self._come and not self.is_own:
                await self._turn_away("hasty", "554 5.5.0 Please wait for the answer.")
            if command not in _BUSY:
                self._idle += 1
                if self._idle > _MOST_IDLE_COMMANDS:
                    await self._turn_away("errors", f"421 4.7.0 Too many times {command} and no mail.")
            self._reset_timeout()
            await method(rest.strip().decode("utf-8", "surrogateescape") if rest else None)

    async def _read_command(self) -> bytes:
        """The next line, or as much of it as shows that it is too long."""
        line = b""
        while True:
            try:
                return line + await self._reader.readuntil()
            except asyncio.LimitOverrunError as more:
                line = await self._reader.read(more.consumed)

    async def _take_no_notice(self, command: str) -> None:
        if command in _OTHER_PROTOCOLS:
            await self._turn_away("protocol", "554 5.5.1 This is a mail server.")
        self._unknown += 1
        if self._unknown >= _MOST_UNKNOWN_COMMANDS:
            await self._turn_away("errors", "502 5.5.1 Too many unknown commands.")
        await self.push("500 5.5.1 There is no such command.")

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self._greet(hostname, extended=True)

    async def smtp_HELO(self, hostname: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self._greet(hostname, extended=False)

    async def _greet(self, hostname: str | None, *, extended: bool) -> None:
        assert self.session is not None
        if hostname is None or not is_name(hostname):
            await self.push("501 5.5.4 Say who you are: EHLO and the name of your machine.")
            return
        self.envelope = self._create_envelope()
        self.session.host_name = hostname
        self.session.extended_smtp = extended
        offered = ["PIPELINING", f"SIZE {self._terms.max_size}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self._terms.tls is not None and self._tls_protocol is None:
            offered.append("STARTTLS")
        lines = [self.hostname, *(offered if extended else ())]
        await self.push("\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        assert self.session is not None
        assert self.envelope is not None
        if not self.session.host_name:
            await self.push("503 5.5.1 Say who you are first.")
            return
        if self.envelope.mail_from:
            await self.push("503 5.5.1 Finish the other mail first, or say RSET.")
            return
        sender = read_sender(arg or "", extended=bool(self.session.extended_smtp), max_size=self._terms.max_size)
        if isinstance(sender, Wrong):
            await self.push(sender.answer)
            return
        if not self.is_own and not self._host.gate.may_send(self._client):
            self._note("rate")
            await self.push("450 4.7.1 Too many mails from your address. Please come again in a few minutes.")
            return
        self.envelope.smtp_utf8 = sender.utf8
        await self.push(await self._call_handler_hook("MAIL", sender.address, list(sender.options)))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        assert self.envelope is not None
        if not self.envelope.mail_from:
            await self.push("503 5.5.1 Say from whom first.")
            return
        recipient = read_recipient(arg or "", utf8=bool(self.envelope.smtp_utf8))
        if isinstance(recipient, Wrong):
            await self.push(recipient.answer)
            return
        if not self.is_own and not self._host.gate.may_ask(self._client):
            self._note("rate")
            await self.push("450 4.7.1 Too many recipients from your address. Please come again in a few minutes.")
            return
        await self.push(await self._call_handler_hook("RCPT", recipient.address, []))

    async def smtp_RSET(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        if arg:
            await self.push("501 5.5.4 RSET has no argument.")
            return
        self.envelope = self._create_envelope()
        await self.push("250 2.0.0 Forgotten")

    async def smtp_NOOP(self, _arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self.push("250 2.0.0 OK")

    async def smtp_HELP(self, _arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self.push(f"214 2.0.0 Write to help@{self._terms.domain} as to a person.")

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self.push("252 2.5.0 Send it a mail and see." if arg else "501 5.5.4 Write VRFY and an address.")

    async def smtp_EXPN(self, _arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self.push("502 5.5.1 Nobody is told who reads what.")

    async def smtp_AUTH(self, _arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self.push("502 5.5.1 Nobody logs in here; send the mail as it is.")

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        if arg:
            await self.push("501 5.5.4 QUIT has no argument.")
        else:
            await self._part("221 2.0.0 Bye")

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 This is TLS already.")
        elif self._terms.tls is None:
            await self.push("502 5.5.1 There is no TLS here.")
        elif arg:
            await self.push("501 5.5.4 STARTTLS has no argument.")
        else:
            await self.push("220 2.0.0 Go on under TLS")
            await self._secure()

    # The mail itself

    def data_received(self, data: bytes) -> None:
        """Hang up on a mail that goes on and on after its size is known to be too much, and on one that there is no
        room for now."""
        self._received += len(data)
        if self._received > 2 * self._terms.max_size + LONGEST_LINE:
            self._note("too much")
            self.abort()
            return
        if self.in_hand:
            size = len(data) + _LINE_COST * data.count(b"\n")
            if not self._host.hold(size):
                self._note("too much")
                self._hang_up(_TOO_MUCH_IN_HAND)
                return
            self._held += size
            self._ends_at = min(self.loop.time() + self._terms.timeout, self._at_the_latest())
        super().data_received(data)

    def _at_the_latest(self) -> float:
        """When the mail that is coming in must be whole, as long as nothing more of it comes."""
        allowed = self._received / self._terms.min_rate if self._terms.min_rate else float("inf")
        return self._begun_at + self._terms.timeout + allowed

    def _timeout_cb(self) -> None:
        if self._is_taking:  # it is us who are slow
            self._ends_at = self.loop.time() + self._terms.timeout
        super()._timeout_cb()

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        assert self.session is not None
        assert self.envelope is not None
        if not self.session.host_name or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Say to whom first.")
            return
        if arg:
            await self.push("501 5.5.4 DATA has no argument.")
            return
        self.in_hand = True
        self._received = 0
        self._begun_at = self.loop.time()
        coming = self._host.spool.begin(LONGEST_LINE)
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            content = await self._read_mail(coming)
            answer = content if isinstance(content, str) else await self._take(content)
            await self._answer_mail(answer)
        finally:
            coming.close()
            self.in_hand = self._is_taking = False
            self._received = 0
            self._host.hold(-self._held)
            self._held = 0
            self.envelope = self._create_envelope()
        self._reset_timeout()
        if answer.startswith("2"):
            self._errors = self._idle = 0
        self._mails += 1
        if self._host.gate.closing:
            self.dismiss()
        elif self._mails == self._terms.max_mails and not self.is_own:
            await self._turn_away("mails", "421 4.7.0 That is enough for one connection. Please come again at once.")

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
            if size > self._terms.max_size:
                coming.drop(f"552 5.3.4 This mail is too large: {self._terms.max_size} bytes are the most.")
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
        self._is_taking = True
        self.envelope.content = content
        try:
            return str(await self._call_handler_hook("DATA"))
        except Exception as error:
            return await self.handle_exception(error)

    async def _answer_mail(self, words: str) -> None:
        await self.push(words)


class LmtpSession(SmtpSession):
    """The same over LMTP: another greeting, and what is said after the mail is said once per recipient. It is for
    machines of one operator (RFC 2033 5)."""

    knows_strangers = False

    async def smtp_LHLO(self, hostname: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self._greet(hostname, extended=True)

    async def smtp_EHLO(self, _hostname: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self.push("500 5.5.1 This is LMTP: say LHLO.")

    async def smtp_HELO(self, _hostname: str | None) -> None:  # noqa: N802  # aiosmtpd finds commands by this name
        await self.push("500 5.5.1 This is LMTP: say LHLO.")

    async def _answer_mail(self, words: str) -> None:
        assert self.envelope is not None
        said = words.split("\r\n")
        await self.push("\r\n".join(said + said[-1:] * (len(self.envelope.rcpt_tos) - len(said))))
