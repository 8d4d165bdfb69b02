"""A client in a process of its own, so that it shares no loop with what it measures: sends requests, times answers.

    python -m benchmarks.replay_http PORT CONNECTIONS FILE

FILE holds whole HTTP/1.1 requests, each after its length as four bytes. They are spread over the connections, one
after the other on each. Prints one line of JSON: seconds for all, and the answers' p50 and p99 in milliseconds.
"""

import asyncio
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TypedDict

from benchmarks.table import percentile
from gateway.daemon import loop_factory


class Times(TypedDict):
    """What the client says: ``seconds`` for everything, ``p50`` and ``p99`` in milliseconds for one."""

    seconds: float
    p50: float
    p99: float


def save(requests: list[bytes], file: Path) -> None:
    """Write the requests as the client takes them."""
    file.write_bytes(b"".join(struct.pack("!I", len(request)) + request for request in requests))


async def replay(port: int, connections: int, file: Path) -> Times:
    """Run the client in its own process and return what it says."""
    return await report_of("benchmarks.replay_http", str(port), str(connections), str(file))


async def report_of(module: str, *arguments: str) -> Times:
    """Run a module in a process of its own; what it printed, read as JSON."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await child.communicate()
    assert child.returncode == 0, module
    said: Times = json.loads(printed)
    return said


async def _send_all(port: int, connections: int, requests: list[bytes]) -> Times:
    todo = iter(requests)
    took: list[float] = []
    begun = perf_counter()
    await asyncio.gather(*(_connection(port, todo, took) for _ in range(connections)))
    return summary(perf_counter() - begun, took)


def summary(seconds: float, took: list[float]) -> Times:
    """What is printed, from the seconds that each answer took."""
    return {"seconds": seconds, "p50": 1000 * percentile(took, 0.5), "p99": 1000 * percentile(took, 0.99)}


async def _connection(port: int, todo: Iterator[bytes], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in todo:  # shared by all connections
        begun = perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        took.append(perf_counter() - begun)
    writer.close()


def _read(file: Path) -> list[bytes]:
    held = file.read_bytes()
    requests, at = [], 0
    while at < len(held):
        (length,) = struct.unpack_from("!I", held, at)
        requests.append(held[at + 4 : at + 4 + length])
        at += 4 + length
    return requests


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        print(json.dumps(runner.run(_send_all(int(sys.argv[1]), int(sys.argv[2]), _read(Path(sys.argv[3]))))))
