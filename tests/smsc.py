"""A carrier that speaks SMPP: the protocol is npm's smpp package, and ``smsc.js`` beside this file what it does."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

PACKAGE, VERSION = "smpp", "0.5.1"
PASSWORD = "secret08"
_FOLDER = Path(os.environ.get("NODE_PROGRAMS") or Path(sys.prefix) / "node")


def modules() -> Path:
    """The ``node_modules`` folder with the package, installed once; skips where there is no node."""
    folder = _FOLDER / f"install-{PACKAGE}-{VERSION}"
    if not folder.exists():
        if not (shutil.which("node") and shutil.which("npm")):
            reason = "node and npm are not here: apt-get install -y --no-install-recommends nodejs npm"
            if os.environ.get("BIRDWIRE_NEEDS_NODE"):
                pytest.fail(reason)
            pytest.skip(reason)
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_FOLDER) as made:
            new = Path(made) / "new"
            new.mkdir()
            (new / "package.json").write_text("{}")
            command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", f"{PACKAGE}@{VERSION}"]
            subprocess.run(command, cwd=new, check=True, timeout=100, stdout=subprocess.DEVNULL)
            new.rename(folder)
    return folder / "node_modules"


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
        env={**os.environ, "NODE_PATH": str(modules())},
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
