"""Mailboxes and their people, of Debian's programs: Postfix's smtp-sink takes what comes, s-nail reads it and answers
it, swaks writes, curl presses the button."""

import asyncio
import re
import shutil
import tempfile
from contextlib import AsyncExitStack
from email import message_from_bytes, policy
from pathlib import Path
from types import TracebackType
from typing import Self

from tests import programs
from tests.clients.client import Arrived

_PATIENCE = 60.0
_HEAD_OF_THE_SINK = re.compile(rb"X-Client-Addr:.*?^Received:[^\n]*\n(?:[ \t][^\n]*\n)*", re.DOTALL | re.MULTILINE)
_FRAMES = re.compile(r"^\[-- .* --\]:?\n", re.MULTILINE)
"""What s-nail puts between headers and parts."""

_MBOX = b"From sink Thu Nov 26 09:00:00 2026\n"


class DebianMail:
    """See ``tests.clients.client.Client``."""

    door = 0

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self._seen: set[Path] = set()

    async def __aenter__(self) -> Self:
        for name in ("s-nail", "swaks", "curl"):
            programs.program(name)
        self._folder = Path(tempfile.mkdtemp(prefix="birdwire-mail-"))
        self._folder.chmod(0o777)  # the sink is nobody
        self._running = AsyncExitStack()
        self.port = await self._running.enter_async_context(programs.sink("-d", f"{self._folder}/mail."))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()
        await asyncio.to_thread(shutil.rmtree, self._folder)

    async def got(self, recipient: str, words: str) -> Arrived:
        async with asyncio.timeout(_PATIENCE):
            while True:
                await self.look()
                for mail in self.arrived:
                    if mail.recipient == recipient and words in mail.text:
                        return mail
                await asyncio.sleep(0.05)  # another process gives no event to wait for

    async def look(self) -> None:
        """Read what has come."""
        for file in sorted(set(await asyncio.to_thread(list, self._folder.glob("mail.*"))) - self._seen):
            dumped = await asyncio.to_thread(file.read_bytes)
            head = _HEAD_OF_THE_SINK.match(dumped)
            if head is not None and dumped.endswith(b"--\n\n"):  # else it is still being written
                self._seen.add(file)
                self.arrived.append(await self._read(head[0].decode(), dumped[head.end() : -1]))

    async def _read(self, said: str, content: bytes) -> Arrived:
        number = len(self.arrived)
        await asyncio.to_thread(self._mbox(number).write_bytes, _MBOX + content)
        shown = await self._s_nail(number, "headerpick type retain from subject\ntype 1\n")
        head, _, text = _FRAMES.sub("", shown).lstrip("\n").partition("\n\n")
        fields = dict(line.partition(": ")[::2] for line in re.sub(r"\n[ \t]+", " ", head).split("\n"))
        plain = message_from_bytes(content, policy=policy.compat32)
        (recipient,) = re.findall(r"^X-Rcpt-Args: <([^>]*)>", said, re.MULTILINE)
        (sender,) = re.findall(r"^X-Mail-Args: <([^>]*)>", said, re.MULTILINE)
        return Arrived(
            number=number,
            sender=sender,
            recipient=recipient,
            subject=fields["Subject"],
            author=fields["From"],
            text=text,
            html="",
            headers={name.lower(): " ".join(value.split()) for name, value in plain.items()},
            raw=content.replace(b"\n", b"\r\n"),
        )

    async def write(self, sender: str, to: str, subject: str, words: str) -> None:
        body = f"{words}\n\n-- \nSent from my lake house"
        await self._swaks(sender, to, "--header", f"Subject: {subject}", "--body", body)

    async def answer(self, mail: Arrived, words: str) -> None:
        await self._s_nail(mail.number, f"reply 1\n{words}\n\n~Q 1\n~.\n", sender=mail.recipient)

    async def hand_in(self, raw: bytes, to: str) -> None:
        file = self._folder / "returned.eml"
        await asyncio.to_thread(file.write_bytes, raw)
        await self._swaks("<>", to, "--data", f"@{file}")

    async def press_unsubscribe(self, mail: Arrived) -> int:
        assert mail.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        (url,) = re.findall(r"<(https?:[^>]+)>", mail.headers["list-unsubscribe"])
        ask = ("--silent", "--output", "/dev/null", "--write-out", "%{http_code}")
        code, printed = await programs.run("curl", *ask, "--data", "List-Unsubscribe=One-Click", url)
        assert code == 0, printed
        return int(printed)

    async def mail_unsubscribe(self, mail: Arrived) -> None:
        (to,) = re.findall(r"<mailto:([^>]+)>", mail.headers["list-unsubscribe"])
        await self._swaks(mail.recipient, to, "--header", "Subject: unsubscribe", "--body", "unsubscribe")

    async def _swaks(self, sender: str, to: str, *more: str) -> None:
        plain = ("--header", "MIME-Version: 1.0", "--header", "Content-Type: text/plain; charset=utf-8")
        code, printed = await programs.run(
            "swaks",
            *("--server", "127.0.0.1", "--port", self.door, "--ehlo", "me.example", "--from", sender, "--to", to),
            *(() if "--data" in more else plain),
            *more,
        )
        assert code == 0, printed

    def _mbox(self, number: int) -> Path:
        return self._folder / f"{number}.mbox"

    async def _s_nail(self, number: int, commands: str, *, sender: str = "me@mail.example") -> str:
        """What it prints for these commands over the mailbox with one mail."""
        settings = {
            "v15-compat": "yes",
            "ttycharset": "utf-8",
            "sendcharsets": "utf-8",
            "mta": f"smtp://127.0.0.1:{self.door}",
            "from": sender,
            "reply-to-honour": "yes",
            "indentprefix": "> ",
            "hostname": "mail.example",
            "smtp-auth": "none",
        }
        chosen = [option for name, value in settings.items() for option in ("-S", f"{name}={value}")]
        running = await asyncio.create_subprocess_exec(
            *(programs.program("s-nail"), "-:/", "-#", "-R", *chosen, "-f", str(self._mbox(number))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(_PATIENCE):
            printed, _ = await running.communicate(commands.encode() + b"exit\n")
        assert running.returncode == 0, printed.decode()
        return printed.decode()
