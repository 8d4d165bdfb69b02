"""A mail to send, the transport that sends it, and a server that says whatever a script tells it."""

import asyncio
import dataclasses
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.domain.types import Channel, Outgoing, PostKind
from gateway.service.site import Site
from outbound.mail import MailTransport, OutboundMailSettings

SITE = Site(name="Townwire", public_url="https://town.example", mail_domain="mail.town.example", key=b"k" * 32)


def letter(**changes: Any) -> Outgoing:
    delivery = Outgoing(
        id=31,
        attempt=1,
        channel=Channel.EMAIL,
        to="bob@example.org",
        text="Tea at four\n.\n.. and a dot",
        queued_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        author="alice",
        post_id=7,
        conversation_id=7,
        kind=PostKind.POST,
        account_id=12,
    )
    return dataclasses.replace(delivery, **changes)


@asynccontextmanager
async def transport(port: int, *, resolver: Any = None, **changes: Any) -> AsyncIterator[MailTransport]:
    settings = msgspec.structs.replace(OutboundMailSettings(port=port, timeout=5.0), **changes)
    wire = MailTransport(settings, SITE, resolver=resolver)
    try:
        yield wire
    finally:
        await wire.close()


class Script:
    """An SMTP server that answers as told: ``replies`` by verb, each list used up from the front, its last one kept.

    A reply of ``HANG`` is never given; ``CUT`` closes the connection instead. ``.`` is the end of the data.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, pause: float = 0.0, **replies: list[str]) -> None:
        """``pause``: seconds before each reply to the end of the data."""
        self.host, self.port = host, port
        self.pause = pause
        usual = {"GREETING": "220 script", "EHLO": "250 script", "MAIL": "250 ok", "RCPT": "250 ok", "RSET": "250 ok"}
        usual |= {"DATA": "354 go on", "END": "250 2.0.0 queued as 1", "QUIT": "221 bye"}
        self.replies = {verb: [reply] for verb, reply in usual.items()} | replies
        self.connections = 0
        self.came_from: list[str] = []
        self.said: list[str] = []
        self.left = asyncio.Event()

    async def __aenter__(self) -> "Script":
        self._over = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.came_from.append(writer.get_extra_info("peername")[0])
        try:
            verb = "GREETING"
            while await self._reply(verb, writer):
                if verb == "DATA" and self._last == "354 go on":
                    while await reader.readline() not in (b".\r\n", b""):
                        pass
                    verb = "END"
                    await asyncio.sleep(self.pause)
                else:
                    line = (await reader.readline()).decode().strip()
                    self.said.append(line)
                    verb = line.split(" ")[0].upper()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _reply(self, verb: str, writer: asyncio.StreamWriter) -> bool:
        if not verb:
            return False
        waiting = self.replies[verb]
        self._last = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if self._last == "HANG":
            await self._over.wait()
        if self._last in ("HANG", "CUT"):
            return False
        writer.write(f"{self._last}\r\n".encode())
        await writer.drain()
        if verb == "QUIT":
            self.left.set()
        return verb != "QUIT"


def make_certificate(folder: Path) -> Path:
    """Put a self-signed certificate for 127.0.0.1 into a folder, ``cert.pem``, and its ``key.pem``."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=relay"
    extension = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *extension], cwd=folder, check=True, capture_output=True)
    return folder
