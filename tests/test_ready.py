"""Whoever waits until the daemon calls itself ready finds every door open."""

import asyncio
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from gateway import daemon
from gateway.config import load
from gateway.daemon import Listening
from inbound.mail import MailDoor
from tests.wiring import free_port

CONFIG = """
[store]
url = "sqlite:///{folder}/birdwire.db"
[web]
port = 0
[ops]
port = {ops}
[mail.inbound]
port = 0
"""


async def test_a_daemon_is_not_ready_before_its_last_door_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, ops = tmp_path / "config.toml", free_port()
    file.write_text(CONFIG.format(folder=tmp_path, ops=ops))
    said: list[int] = []
    opens = MailDoor.start

    async def asked() -> int:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{ops}/readyz") as answer:
            return answer.status

    async def ask_and_open(door: MailDoor) -> None:
        said.append(await asked())
        await opens(door)

    monkeypatch.setattr(MailDoor, "start", ask_and_open)
    stop = asyncio.Event()
    ready: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(daemon.run(load(file, {}), daemon.ROLES, stop, on_ready=ready.set_result))
    try:
        async with asyncio.timeout(30):
            await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
            assert ready.done()
            said.append(await asked())
    finally:
        stop.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                await running
    assert said == [503, 200]
