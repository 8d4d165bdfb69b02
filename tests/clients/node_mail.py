"""Mailboxes and their people, of node's mail packages: smtp-server, mailparser, nodemailer; node's fetch presses the
button."""

import asyncio
import base64
import itertools
import json
import re
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.demo.changes import Changes
from tests import node
from tests.clients.client import Arrived

PACKAGES = ("smtp-server", "mailparser", "nodemailer")
_SCRIPT = Path(__file__).with_name("node_mail.js").read_text()
_PATIENCE = 60.0


class NodeMail:
    """See ``tests.clients.client.Client``."""

    door = 0

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self._changes = Changes()
        self._ids = itertools.count()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        folders = {name: str(await asyncio.to_thread(node.installed, name)) for name in PACKAGES}
        self._program: Process = await asyncio.create_subprocess_exec(
            "node", "-e", _SCRIPT, json.dumps(folders), stdin=PIPE, stdout=PIPE, limit=2**24
        )
        async with asyncio.timeout(_PATIENCE):
            self.port: int = (await self._line())["port"]
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._program.stdin is not None
        self._program.stdin.close()
        await self._program.wait()
        await self._listening

    async def got(self, recipient: str, words: str) -> Arrived:
        def fits(mail: Arrived) -> bool:
            return mail.recipient == recipient and words in mail.text

        await self._changes.until(lambda: any(map(fits, self.arrived)), within=_PATIENCE)
        return next(filter(fits, self.arrived))

    async def look(self) -> None:
        await self._do("look", {})

    async def write(self, sender: str, to: str, subject: str, words: str) -> None:
        text = f"{words}\n\n-- \nSent from my lake house\n"
        await self._do("send", {"from": f"A Person <{sender}>", "to": to, "subject": subject, "text": text})

    async def answer(self, mail: Arrived, words: str) -> None:
        await self._do("answer", {"mail": mail.number, "words": words})

    async def hand_in(self, raw: bytes, to: str) -> None:
        envelope = {"from": "", "to": [to]}
        await self._do("send", {"envelope": envelope, "raw": base64.b64encode(raw).decode()})

    async def press_unsubscribe(self, mail: Arrived) -> int:
        assert mail.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        (url,) = re.findall(r"<(https?:[^>]+)>", mail.headers["list-unsubscribe"])
        status: int = await self._do("press", {"url": url})
        return status

    async def mail_unsubscribe(self, mail: Arrived) -> None:
        (to,) = re.findall(r"<mailto:([^>]+)>", mail.headers["list-unsubscribe"])
        await self._do("send", {"from": mail.recipient, "to": to, "subject": "unsubscribe", "text": "unsubscribe"})

    async def _do(self, what: str, given: dict[str, Any]) -> Any:
        number = next(self._ids)
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        assert self._program.stdin is not None
        line = json.dumps({"id": number, "what": what, "door": self.door, **given})
        self._program.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(_PATIENCE):
            answer = await asked
        assert "done" in answer, answer
        return answer["done"]

    async def _line(self) -> Any:
        assert self._program.stdout is not None
        line = await self._program.stdout.readline()
        return json.loads(line) if line else None

    async def _listen(self) -> None:
        while told := await self._line():
            if "arrived" in told:
                mail = told["arrived"]
                self.arrived.append(Arrived(**mail | {"raw": base64.b64decode(mail["raw"])}))
                self._changes.ring()
            else:
                self._asked.pop(told["id"]).set_result(told)
