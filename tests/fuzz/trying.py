"""How much is tried, what it may cost, and a client that sends bytes that no library would."""

import asyncio
import re
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.strategies import SearchStrategy, sampled_from

MOST_SECONDS = 5.0
MOST_MEGABYTES = 300
"""What one example may cost: a blow-up takes more, a slow machine does not."""

PATIENCE = 30.0
"""Seconds until somebody who never answers is given up."""


class Depth:
    """Whether this run is the long one; ``conftest.py`` says so before the tests are read."""

    soak = False


def tried(short: int, long: int) -> Callable[[Any], Any]:
    """So many examples in the short form and in the long one."""
    return settings(
        max_examples=long if Depth.soak else short,
        phases=[phase for phase in Phase if phase is not Phase.explain],  # it takes longer than all the others
        suppress_health_check=list(HealthCheck),
    )


def repeated(*pieces: tuple[bytes, int]) -> SearchStrategy[bytes]:
    """One of these pieces, so many times."""
    return sampled_from(pieces).map(lambda piece: piece[0] * piece[1])


@contextmanager
def bounded() -> Iterator[None]:
    """The block costs this process neither long nor much memory, whatever was given to it."""
    before, begun = _peak_megabytes(), time.process_time()
    yield
    spent, grown = time.process_time() - begun, _peak_megabytes(since=False) - before
    assert spent < MOST_SECONDS
    assert grown < MOST_MEGABYTES


def _peak_megabytes(*, since: bool = True) -> float:
    """The most that this process has held; where Linux can forget the past, the most ``since`` now."""
    with suppress(OSError):
        if since:
            Path("/proc/self/clear_refs").write_text("5")
        found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def converse(port: int, *pieces: bytes, hang_up: bool = False) -> bytes:
    """Say the pieces one after the other and return all that is answered until the other side closes; or ``hang_up``
    without waiting for answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(PATIENCE):
        answering = asyncio.create_task(_all_of(reader))
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if hang_up:
                writer.write_eof()
        answer = await answering
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return answer


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    answer = bytearray()
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            answer += data
    return bytes(answer)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP; ``status`` 0 when the connection was closed without a word."""

    status: int
    body: bytes


Headers = list[tuple[bytes, bytes]]


async def ask(port: int, line: bytes, headers: Headers, body: bytes = b"", *, hang_up: bool = False) -> Answer:
    """An HTTP request with these headers, and those that are needed beside them."""
    given = {name.lower() for name, _ in headers}
    needed = [(b"Connection", b"close")]
    if b"host" not in given:
        needed.append((b"Host", b"birds.example"))
    if body and given.isdisjoint({b"content-length", b"transfer-encoding"}):
        needed.append((b"Content-Length", b"%d" % len(body)))
    written = [line, *(name + b": " + value for name, value in [*headers, *needed]), b"", body]
    answer = await converse(port, b"\r\n".join(written), hang_up=hang_up)
    return read(answer)


def read(answer: bytes) -> Answer:
    """What was answered, after "100 Continue"."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
    assert status or not answer, answer[:200]
    if status and status[1] == b"100":
        return read(rest)
    return Answer(int(status[1]) if status else 0, rest)
