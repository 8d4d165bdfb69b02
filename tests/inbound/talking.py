"""A mail door with an intake that only keeps what it is given, and raw connections to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.service.doors import Bouncing, Helping, Opened, Posting, Refused
from inbound.mail import InboundMailSettings, MailDoor
from inbound.message import Accepted, Inbound

DOMAIN = "birds.example"
POST = f"post+alice@{DOMAIN}"


class Pile:
    """An intake that keeps what it is given, and can be told to fail or to wait."""

    def __init__(self) -> None:
        self.messages: list[Inbound] = []
        self.fails: Callable[[Inbound], bool] = lambda _: False
        self.free = asyncio.Event()
        self.free.set()
        self.entered = asyncio.Event()

    async def take(self, message: Inbound) -> Accepted:
        self.entered.set()
        await self.free.wait()
        if self.fails(message):
            raise RuntimeError("the database is gone")
        new = message.remote_id not in {m.remote_id for m in self.messages}
        self.messages.append(message)
        return Accepted(new=new, answer="")


async def resolve(local_part: str) -> Opened | Refused:
    match local_part.lower():
        case "post+alice":
            return Posting(7)
        case "post+bob":
            return Posting(8)
        case "bounce+x":
            return Bouncing(40)
        case "help":
            return Helping()
        case "post+broken":
            raise RuntimeError("the database is gone")
        case _:
            return Refused("No such address here.")


@asynccontextmanager
async def opened(pile: Pile, *, patience: float = 60.0, **changes: object) -> AsyncIterator[MailDoor]:
    door = MailDoor(InboundMailSettings(**{"port": 0, "grace": 5.0, **changes}), DOMAIN, pile, resolve)  # type: ignore[arg-type]  # a test names only what it changes
    await door.start()
    try:
        async with asyncio.timeout(patience):
            yield door
    finally:
        await door.close()


class Line:
    """A raw connection, for saying what no client library would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> str:
        """The next answer, all its lines."""
        lines = []
        while True:
            line = (await self.reader.readline()).decode()
            lines.append(line.rstrip())
            if line[3:4] != "-":
                return "\n".join(lines)

    async def ask(self, data: bytes) -> str:
        await self.say(data)
        return await self.hear()

    async def trickle(self, lines: int = 1_000) -> None:
        for _ in range(lines):
            await self.say(b"a line\r\n")
            await asyncio.sleep(0.1)  # that it takes this time is what the door looks at

    async def go_on_and_on(self) -> None:
        while True:
            await self.say(b"x" * 50_000)


@asynccontextmanager
async def connected(door: MailDoor) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def ready_for_data(door: MailDoor, *recipients: str, greeting: bytes = b"EHLO me\r\n") -> AsyncIterator[Line]:
    async with connected(door) as line:
        assert (await line.hear()).startswith("220")
        assert (await line.ask(greeting)).startswith("250")
        assert (await line.ask(b"MAIL FROM:<a@example.org>\r\n")).startswith("250")
        for recipient in recipients or (POST,):
            assert (await line.ask(b"RCPT TO:<%s>\r\n" % recipient.encode())).startswith("250")
        assert (await line.ask(b"DATA\r\n")).startswith("354")
        yield line


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110  # nothing rings when a count changes; the door's own time limit ends this
        await asyncio.sleep(0.01)
