"""Mails go out: one of its own for every follower, handed to Postfix's smtp-sink, beside clients that render nothing.

The limit is Postfix's own smtp-source (Debian package postfix, as smtp-sink), which sends one and the same mail of our
length over as many kept connections and waits for each reply. An asyncio client sends ready bytes with the whole
envelope in one go, as we do; where Postfix is not installed, it is the limit.

    python -m benchmarks.mail_out
"""

import asyncio
import os
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from benchmarks.daemon import answers, free_port
from benchmarks.table import finish, options, show
from benchmarks.webhook import SITE
from gateway.daemon import calm_collector, loop_factory, now
from gateway.domain.delivery import Sent
from gateway.domain.types import Channel, Outgoing, PostKind
from outbound.mail import MailTransport, OutboundMailSettings
from outbound.mail_text import render

SOURCE, BARE, OWN = "smtp-source", "bare asyncio client", "Birdwire"


def mail_to(number: int) -> Outgoing:
    """The delivery of one post to follower ``number``."""
    return Outgoing(
        id=number,
        attempt=1,
        channel=Channel.EMAIL,
        to=f"p{number}@mailbox.example",
        text="the 7:40 is late, take the bus from platform four #commute https://birds.example/@p1/1",
        queued_at=now(),
        author="p1",
        post_id=1,
        conversation_id=1,
        kind=PostKind.POST,
        account_id=number,
        address_id=number,
    )


@asynccontextmanager
async def sink(connections: int) -> AsyncIterator[int]:
    """Postfix's sink, or a plain one of asyncio's where there is none; yields its port."""
    program = _postfix("smtp-sink")
    if program is None:
        server = await asyncio.start_server(_swallow, "127.0.0.1", 0)
        yield server.sockets[0].getsockname()[1]
        server.close()
        return
    port = free_port()
    as_whom = ["-u", "nobody"] if os.geteuid() == 0 else []
    running = await asyncio.create_subprocess_exec(
        program, *as_whom, "-m", str(4 * connections), f"127.0.0.1:{port}", "100", stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(10):
            while not await answers(port):  # noqa: ASYNC110  # another process gives no event to wait for
                await asyncio.sleep(0.05)
        yield port
    finally:
        running.terminate()
        await running.wait()


async def birdwire(port: int, mails: int, connections: int) -> float:
    """Seconds for so many mails through the transport, kept busy as a worker keeps it."""
    settings = OutboundMailSettings(port=port, connections=connections)
    transport = MailTransport(settings, SITE)
    numbers = iter(range(1, mails + 1))

    async def send() -> None:
        for number in numbers:
            assert isinstance(await transport.send(mail_to(number)), Sent)

    begun = perf_counter()
    await asyncio.gather(*(send() for _ in range(connections)))
    took = perf_counter() - begun
    await transport.close()
    return took


async def bare(port: int, mails: int, connections: int) -> float:
    """Seconds for a client that sends ready bytes, the envelope in one go."""
    mail = render(mail_to(1), SITE) + b"\r\n.\r\n"
    numbers = iter(range(mails))

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await _replies(reader, 1)
        writer.write(b"EHLO bench\r\n")
        await _replies(reader, 1)
        for _ in numbers:
            writer.write(b"MAIL FROM:<b@birds.example>\r\nRCPT TO:<p1@mailbox.example>\r\nDATA\r\n")
            await _replies(reader, 3)
            writer.write(mail)
            await _replies(reader, 1)
        writer.close()

    begun = perf_counter()
    await asyncio.gather(*(send() for _ in range(connections)))
    return perf_counter() - begun


async def source(program: str, port: int, mails: int, connections: int) -> float:
    """Seconds for Postfix's own client, which keeps its connections, too."""
    length = len(render(mail_to(1), SITE))
    options = ["-d", "-s", str(connections), "-m", str(mails), "-l", str(length)]
    begun = perf_counter()
    running = await asyncio.create_subprocess_exec(
        program, *options, "-f", "b@birds.example", "-t", "p1@mailbox.example", f"127.0.0.1:{port}"
    )
    assert await running.wait() == 0
    return perf_counter() - begun


async def measure(mails: int, concurrencies: list[int], runs: int) -> None:
    """All in turn at each number of connections, ``runs`` times."""
    program = _postfix("smtp-source")
    for connections in concurrencies:
        rates: dict[str, list[float]] = defaultdict(list)
        async with sink(connections) as port:
            for _ in range(runs):
                if program is not None:
                    rates[SOURCE].append(mails / await source(program, port, mails, connections))
                rates[BARE].append(mails / await bare(port, mails, connections))
                rates[OWN].append(mails / await birdwire(port, mails, connections))
        limit = BARE if program is None else SOURCE
        show(f"Mails out, {connections} connections", "mails/s", rates, limit=limit, wanted={OWN: "0.5 or more"})


async def _replies(reader: asyncio.StreamReader, count: int) -> None:
    while count:
        line = await reader.readline()
        assert line[:1] in (b"2", b"3"), line
        count -= line[3:4] == b" "


async def _swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A sink: yes to everything."""
    writer.write(b"220 sink\r\n")
    while line := await reader.readline():
        if line.startswith(b"DATA"):
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250-sink\r\n250 PIPELINING\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n")
        if line.startswith(b"QUIT"):
            break
    writer.close()


def _postfix(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def main() -> None:
    parser = options(__doc__, mails=3_000, runs=5)
    parser.add_argument("--connections", type=int, nargs="+", default=[4, 16], metavar="N", help="at once")
    chosen = parser.parse_args()
    calm_collector()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(measure(chosen.mails, chosen.connections, chosen.runs))
    finish("mail_out", chosen)


if __name__ == "__main__":
    main()
