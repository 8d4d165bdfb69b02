"""One conversation with a relay, after it was greeted and logged in: mail upon mail over the same connection.

Where the relay allows it (RFC 2920) the whole envelope goes out at once, so that a mail takes two round trips instead
of four. A reply that comes unasked (a relay that is tired of waiting says 421) ends the conversation.
"""

import asyncio
from collections import deque
from enum import StrEnum
from typing import NamedTuple

_LONGEST_LINE = 4096
_MOST_LINES = 100
_GO_ON = 354
_LAST_WORD = 6
"""Times the usual wait that the reply to a mail's end may take. A server looks at the whole mail before it says
anything, and who hangs up on it meanwhile sends the mail twice: RFC 5321 4.5.3.2.6 would rather have ten minutes."""


class Stage(StrEnum):
    """The command a reply is to; ``END`` is the end of the data."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    END = "END"


class Reply(NamedTuple):
    """A relay's reply; the lines of a long one are joined by spaces."""

    code: int
    words: str


class HungUp(ConnectionError):
    """The relay closed the connection, or said what is no SMTP."""


class Conversation(asyncio.Protocol):
    """Speaks on ``transport``; ``extensions`` of the relay's EHLO in lower case; ``timeout`` in seconds.

    ``used_at``  when it was last put aside, in the loop's time; for whoever keeps it, as are ``mails``: how many it
    had, and ``where``: host, address and port of the server.
    """

    def __init__(self, transport: asyncio.Transport, *, extensions: frozenset[str], timeout: float) -> None:
        self.extensions = extensions
        self.used_at = 0.0
        self.mails = 0
        self.where = ("", "", 0)
        self._transport = transport
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._until = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._buffer = b""
        self._words: list[str] = []
        self._ended = ""
        self._data_begun = False
        transport.set_protocol(self)

    @property
    def is_usable(self) -> bool:
        """Whether another mail may be tried on it."""
        return not (self._ended or self._replies or self._buffer or self._transport.is_closing())

    async def envelope(self, sender: str, recipient: str, options: str = "") -> tuple[Stage, Reply]:
        """Offer one mail: the reply that decides, which is a 354 to DATA if the relay wants it.

        Addresses must be free of white space, control characters and angle brackets. Raises HungUp, TimeoutError.
        """
        commands = (f"MAIL FROM:<{sender}>{options}\r\n", f"RCPT TO:<{recipient}>\r\n", "DATA\r\n")
        self._allow(self._timeout)
        if "pipelining" in self.extensions:
            self._write("".join(commands).encode())
            replies = [await self._reply() for _ in commands]
        else:
            replies = []
            for command in commands:
                self._write(command.encode())
                replies.append(await self._reply())
                if replies[-1].code // 100 not in (2, 3):
                    break
        self._data_begun = replies[-1].code == _GO_ON
        for stage, reply in zip((Stage.MAIL, Stage.RCPT), replies, strict=False):
            if reply.code // 100 != 2:
                return stage, reply
        return Stage.DATA, replies[-1]

    async def content(self, mail: bytes) -> Reply:
        """Send the mail after a 354, and get the reply to its end, which is waited for longer than any other. Raises
        HungUp, TimeoutError."""
        self._data_begun = False
        self._allow(_LAST_WORD * self._timeout)
        self._write(on_the_wire(mail))
        return await self._reply()

    async def start_afresh(self) -> None:
        """After a refusal: end data that nobody wants, and forget the envelope; the connection if that fails."""
        try:
            self._allow(self._timeout)
            if self._data_begun:
                self._data_begun = False
                self._write(b".\r\n")
                await self._reply()
            self._write(b"RSET\r\n")
            reset = await self._reply()
        except OSError:
            self.close()
        else:
            if reset.code // 100 != 2:
                self.close()

    async def quit(self) -> None:
        """Say goodbye, wait a moment for the answer, and close."""
        try:
            self._allow(min(self._timeout, 2.0))
            self._write(b"QUIT\r\n")
            await self._reply()
        except OSError:
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection without a word."""
        self._end("closed by us")

    def abort(self) -> None:
        """Close it now, without the end that TLS has: for whoever will not be there to hear of it."""
        self._transport.abort()
        self._end("closed by us")

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._buffer) > _LONGEST_LINE:
            self._end("a line without end")

    def eof_received(self) -> bool:
        self._end("the relay closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection was lost" if exc else "the relay closed the connection")

    def _take(self, line: bytes) -> None:
        code, more = line[:3], line[3:4] == b"-"
        self._words.append(line[4:].decode("utf-8", "replace").strip())
        if not (code.isdigit() and code[:1] in b"2345") or len(line) > _LONGEST_LINE or len(self._words) > _MOST_LINES:
            self._end("the relay makes no sense")
        elif not more:
            self._replies.append(Reply(int(code), " ".join(self._words)))
            self._words = []
            self._wake()

    def _allow(self, seconds: float) -> None:
        """So long, and no longer, the replies that are asked for from now on may take together. One alarm serves one
        mail after another: setting and taking back two for each would be a tenth of what a mail costs."""
        self._until = self._loop.time() + seconds
        if self._alarm is not None and self._alarm.when() > self._until:
            self._alarm.cancel()
            self._alarm = None
        if self._alarm is None:
            self._alarm = self._loop.call_at(self._until, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        self._alarm = None
        if self._loop.time() < self._until:
            self._alarm = self._loop.call_at(self._until, self._look_at_the_clock)
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(TimeoutError())

    def _write(self, data: bytes) -> None:
        if self._ended:
            raise HungUp(self._ended)
        self._transport.write(data)

    async def _reply(self) -> Reply:
        while not self._replies:
            if self._ended:
                raise HungUp(self._ended)
            if self._alarm is None:  # it rang between two replies
                raise TimeoutError
            self._waiter = self._loop.create_future()
            await self._waiter
        return self._replies.popleft()

    def _end(self, reason: str) -> None:
        self._ended = self._ended or reason
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._transport.is_closing():  # asyncio's TLS forgets at a second time what it was closing
            self._transport.close()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def on_the_wire(mail: bytes) -> bytes:
    """A mail as it stands between 354 and its reply, and its end (RFC 5321 4.5.2). Nothing within it is taken for that
    end by anybody: each line ends with CRLF, and no CR or LF stands alone."""
    if not mail.count(b"\r\n") == mail.count(b"\n") == mail.count(b"\r"):
        mail = mail.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if not mail.endswith(b"\r\n"):
        mail += b"\r\n"
    stuffed = mail.replace(b"\r\n.", b"\r\n..")
    return (b"." + stuffed if mail.startswith(b".") else stuffed) + b".\r\n"
