"""A carrier that speaks SMPP: the protocol is npm's smpp package, and ``smsc.js`` beside this file what it does."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests import node

PASSWORD = "secret08"


class Carrier:
    """A running one. ``order`` tells it what to do; ``hears`` waits for what it saw."""

    def __init__(self, program: asyncio.subprocess.Process) -> None:
        self.port = 0
        self.seen: list[dict[str, Any]] = []
        self._moved = asyncio.Event()
        self._program = program

    async def order(self, do: str, **how: object) -> None:
        """Do this from now on, or now."""
        assert self._program.stdin is not None
        before = len(self.of("done"))
        self._program.stdin.write(json.dumps({"do": do, **how}).encode() + b"\n")
        await self.hears("done", before + 1)

    def of(self, event: str) -> list[dict[str, Any]]:
        """What it saw of this kind."""
        return [each for each in self.seen if each["event"] == event]

    async def hears(self, event: str, times: int = 1) -> list[dict[str, Any]]:
        """What it saw of this kind, once there is so much of it."""
        async with asyncio.timeout(20):
            while len(self.of(event)) < times:
                self._moved.clear()
                await self._moved.wait()
        return self.of(event)

    async def listen(self) -> None:
        """Hear what it says."""
        assert self._program.stdout is not None
        async for line in self._program.stdout:
            self.seen.append(json.loads(line))
            self._moved.set()


@asynccontextmanager
async def running() -> AsyncIterator[Carrier]:
    """A carrier on loopback that lets in whoever knows PASSWORD."""
    script = Path(__file__).with_suffix(".js")
    program = await asyncio.create_subprocess_exec(
        "node",
        str(script),
        PASSWORD,
        env={**os.environ, "TZ": "UTC", "NODE_PATH": str(node.installed("smpp"))},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    carrier = Carrier(program)
    listening = asyncio.create_task(carrier.listen())
    try:
        [first] = await carrier.hears("listening")
        carrier.port = first["port"]
        yield carrier
    finally:
        assert program.stdin is not None
        program.stdin.close()
        try:
            async with asyncio.timeout(5):
                await program.wait()
        except TimeoutError:
            program.kill()
            await program.wait()
        await listening
