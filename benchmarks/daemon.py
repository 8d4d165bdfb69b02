"""A whole daemon in a process of its own, with the demo's carrier in this one: what a person with a phone would see."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.people import OUR_NUMBER
from gateway.demo.carrier import Carrier
from gateway.demo.texts import Text

_CONFIG = """
[site]
public_url = "http://127.0.0.1:{port}"
[store]
url = "{store}"
[web]
port = {port}
[ops]
port = 0
[log]
level = "warning"
[sms]
provider = "twilio"
[[sms.senders]]
number = "{number}"
segments_per_second = {pace}
[sms.twilio]
account_sid = "{account}"
auth_token = "token"
base_url = "{carrier}"
[mail.inbound]
port = 0
[limits]
posts_per_hour = 1000000
direct_per_hour = 1000000
texts_per_minute = 1000000
"""


class Phones(Carrier):
    """The carrier, which also says when it was asked to send to a phone."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.awaited: dict[str, asyncio.Future[datetime]] = {}
        self.asked = 0

    def _outbound(self, direction: str, sender: str, to: str, body: str, **more: Any) -> Text:
        self.asked += 1
        waiting = self.awaited.pop(to, None)
        if waiting is not None:
            waiting.set_result(datetime.now(UTC))
        return super()._outbound(direction, sender, to, body, **more)

    async def until_called(self, phone: str, to: str, words: str, *, within: float = 30) -> float:
        """Text ``words`` from ``phone``; seconds from then until the provider is asked to text the phone ``to``."""
        self.awaited[to] = asyncio.get_running_loop().create_future()
        called = self.awaited[to]
        begun = datetime.now(UTC)
        result = await self.text(phone, OUR_NUMBER, words)
        assert result.status == 200, result
        async with asyncio.timeout(within):
            return (await called - begun).total_seconds()


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that answers: its carrier, its process's number, and where its site listens."""

    phones: Phones
    pid: int
    port: int


def free_port() -> int:
    """A port that nobody has just now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(store_url: str, *, pace: float, program: str = "gateway") -> AsyncIterator[Running]:
    """``birdwire serve`` on a database that is ready, sending ``pace`` segments per second; ``program`` is the module
    that is the command."""
    port = free_port()
    account = "AC" + "0" * 32
    with TemporaryDirectory(prefix="birdwire-bench-") as folder:
        async with Phones(
            account_sid=account,
            auth_token="token",
            webhook_url=f"http://127.0.0.1:{port}/hooks/twilio/message",
            numbers=[OUR_NUMBER],
        ) as phones:
            file = Path(folder) / "config.toml"
            file.write_text(
                _CONFIG.format(
                    port=port, store=store_url, number=OUR_NUMBER, pace=pace, account=account, carrier=phones.base_url
                )
            )
            async with process(program, "serve", "-c", str(file), answering=port) as pid:
                yield Running(phones, pid, port)


@asynccontextmanager
async def process(module: str, *arguments: str, answering: int) -> AsyncIterator[int]:
    """A Python module in a process of its own, once it answers on that port; yields its number, stops it cleanly."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments)
    try:
        async with asyncio.timeout(30):
            while not await answers(answering):  # another process gives no event to wait for
                assert child.returncode is None, f"{module} ended at once"
                await asyncio.sleep(0.05)
        yield child.pid
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def answers(port: int) -> bool:
    """Whether anybody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True
