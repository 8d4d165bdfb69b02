"""A real Kannel on loopback: bearerbox, smsbox and its fake SMSC, from Debian's kannel and kannel-extras."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.wiring import answers, free_port

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
USERNAME, PASSWORD = "birdwire", "tweet-tweet"


def needs_kannel() -> None:
    """Skip where Kannel is not installed, unless it is asked for."""
    if shutil.which("bearerbox") and shutil.which("smsbox") and Path(FAKESMSC).exists():
        return
    if os.environ.get("KANNEL_IS_NEEDED"):
        pytest.fail("Kannel is not here: apt-get install -y --no-install-recommends kannel kannel-extras")
    pytest.skip("Kannel is not here: apt-get install -y --no-install-recommends kannel kannel-extras")


def settings(folder: Path, *, smsc: int, box: int, admin: int, sendsms: int, hooks: str, post: bool) -> str:
    """A kannel.conf as docs/operations.md tells it, with a fake SMSC for the carrier."""
    fields = "id=%I&from=%p&to=%P&charset=%C&coding=%c&udh=%u"
    service = f"post-url = {hooks}/message?{fields}" if post else f"get-url = {hooks}/message?{fields}&text=%b"
    return f"""
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {PASSWORD}
smsbox-port = {box}
smsbox-interface = 127.0.0.1
dlr-storage = internal
store-type = spool
store-location = {folder}
log-file = {folder}/bearerbox.log
log-level = 0

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = {folder}/smsbox.log
log-level = 0
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {USERNAME}
password = {PASSWORD}
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
{service}
"""


class Kannel:
    """A running Kannel, and the carrier behind it."""

    def __init__(self, folder: Path, smsc_port: int, sendsms_port: int, config: Path) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{sendsms_port}/cgi-bin/sendsms"
        self.sendsms_port = sendsms_port
        self.smsc_port = smsc_port
        self.heard: list[str] = []
        self.moved = asyncio.Event()
        self._config = config
        self._programs: list[asyncio.subprocess.Process] = []
        self._carrier: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self, program: str, port: int) -> None:
        """Start a box with our configuration, and wait until it listens."""
        with (self.folder / f"{program}.out").open("wb") as out:
            box = await asyncio.create_subprocess_exec(program, str(self._config), stdout=out, stderr=out)
        self._programs.append(box)
        await answers(port, box)

    async def carrier(self) -> None:
        """A phone network at the other side, which hears what is sent to its phones."""
        await self.no_carrier()
        self._carrier = await asyncio.create_subprocess_exec(
            FAKESMSC,
            *("-H", "127.0.0.1", "-r", str(self.smsc_port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self._carrier.stdout is not None
        self._listening = asyncio.create_task(self._listen(self._carrier.stdout))

    async def says(self, message: str) -> None:
        """One of its phones sends this. The program passes over a line that comes with another one."""
        assert self._carrier is not None
        assert self._carrier.stdin is not None
        self.heard = [line for line in self.heard if "sent message" not in line]
        self._carrier.stdin.write(message.encode() + b"\n")
        await self.hears("sent message")

    async def hears(self, words: str, times: int = 1) -> list[str]:
        """The lines with these words that the phone network prints, once there are so many."""
        async with asyncio.timeout(20):
            while len(found := [line for line in self.heard if words in line]) < times:
                self.moved.clear()
                await self.moved.wait()
        return found

    async def no_carrier(self) -> None:
        """The phone network goes away."""
        if self._carrier is not None and self._listening is not None:
            if self._carrier.returncode is None:
                self._carrier.terminate()
            if self._carrier.stdin is not None:
                self._carrier.stdin.close()
            await self._carrier.wait()
            await self._listening
        self._carrier = self._listening = None

    async def stop(self) -> None:
        """End what was started here."""
        await self.no_carrier()
        for program in reversed(self._programs):
            if program.returncode is None:
                program.terminate()
        for program in self._programs:
            try:
                async with asyncio.timeout(5):
                    await program.wait()
            except TimeoutError:
                program.kill()
                await program.wait()

    async def _listen(self, words: asyncio.StreamReader) -> None:
        async for line in words:
            self.heard.append(line.decode(errors="replace").rstrip("\n"))
            self.moved.set()


@asynccontextmanager
async def running(folder: Path, hooks: str, *, post: bool = False) -> AsyncIterator[Kannel]:
    """A Kannel whose texts go to ``hooks``/message, by GET or by POST."""
    needs_kannel()
    smsc, box, admin, sendsms = (free_port() for _ in range(4))
    config = folder / "kannel.conf"
    config.write_text(
        settings(folder, smsc=smsc, box=box, admin=admin, sendsms=sendsms, hooks=hooks, post=post), encoding="utf-8"
    )
    kannel = Kannel(folder, smsc, sendsms, config)
    try:
        async with asyncio.timeout(20):
            await kannel.start("bearerbox", box)
            await kannel.start("smsbox", sendsms)
        yield kannel
    finally:
        await kannel.stop()


def said(sender: str, receiver: str, text: str, *, ucs2: bool = False) -> str:
    """A message of the fake SMSC's: who says what to whom."""
    if ucs2:
        return f"{sender} {receiver} ucs2 {quote(text.encode('utf-16-be'))}"
    return f"{sender} {receiver} text {text}"
