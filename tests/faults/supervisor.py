"""A daemon under a supervisor: when it is gone it is started again, as systemd would; no test starts it by hand."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

KILLED = -signal.SIGKILL
PAUSE = 0.1
"""Seconds between the end of one daemon and the start of the next."""


@dataclass
class Nursery:
    """The program that forks daemons (``tests.faults.nursery``); one serves all tests, one after the other."""

    process: "subprocess.Popen[str]"

    def order(self, **order: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    async def says(self) -> list[str]:
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        assert line, "the nursery is gone"
        return line.split()


@contextmanager
def a_nursery() -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.faults.nursery"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process)


@dataclass
class Supervisor:
    """Keeps one daemon running until :meth:`close`. ``statuses`` are those of all that are gone."""

    nursery: Nursery
    config: Path
    clock: Path
    sqlite_patience: float
    pid: int = 0
    mail_port: int = 0
    statuses: list[int] = field(default_factory=list)
    _there: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: bool = False
    _watching: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        self._watching = asyncio.create_task(self._watch())
        await self.is_back()

    async def _watch(self) -> None:
        while not self._closing:
            self.nursery.order(config=str(self.config), clock=str(self.clock), sqlite_patience=self.sqlite_patience)
            while True:
                match await self.nursery.says():
                    case ["started", pid]:
                        self.pid = int(pid)
                        self._there.set()
                    case ["ready", _, mail_port]:
                        self.mail_port = int(mail_port)
                        self._answers.set()
                    case ["ended", status]:
                        self.pid = 0
                        self._there.clear()
                        self._answers.clear()
                        self.statuses.append(int(status))
                        self._ended.set()
                        break
                    case _:
                        pass  # a line that a kill cut short
            await asyncio.sleep(PAUSE)

    async def is_back(self) -> None:
        """Wait until a daemon answers."""
        async with asyncio.timeout(60):
            await self._answers.wait()

    async def ends(self, number: int) -> None:
        """Send the daemon a signal, at whatever it is doing, and wait until it is gone."""
        async with asyncio.timeout(60):
            await self._there.wait()
            before = len(self.statuses)
            self.signal(number)
            while len(self.statuses) == before:
                self._ended.clear()
                await self._ended.wait()

    def signal(self, number: int) -> None:
        """Send a daemon that is there a signal."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def close(self) -> None:
        """End the daemon, cleanly if it still can."""
        self._closing = True
        if self._watching is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                self.signal(signal.SIGTERM)
                await asyncio.shield(self._watching)
                return
        self.signal(signal.SIGKILL)
        await self._watching
