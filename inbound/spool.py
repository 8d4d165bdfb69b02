"""A mail as it comes in. What is large waits in a file without a name, and is looked at there, so that memory holds
only the end of it whatever its size (docs/decisions/0024-large-mails-wait-in-files.md).

The file is gone with the last look at it, or with the process.
"""

import asyncio
import tempfile
from mmap import ACCESS_READ, mmap
from typing import IO

import structlog

from inbound.thinning import Content

log = structlog.get_logger(__name__)

IN_MEMORY = 1024 * 1024
"""Bytes of a mail that are held in memory; what is over goes to a file."""

_NO_ROOM = "452 4.3.1 There is no room for so large a mail now. Please try again later."
_ENDLESS = "500 5.6.0 A line of this mail is too long."


class Spool:
    """Where large mails wait, all of them together: in ``folder`` (empty: the system's for temporary files), ``most``
    bytes of them at once."""

    def __init__(self, folder: str, most: int) -> None:
        self._folder = folder or None
        self._most = most
        self.waiting = 0

    def begin(self, longest_line: int) -> "ComingMail":
        """A mail begins. ``longest_line`` is in bytes, the line's end included."""
        return ComingMail(self, longest_line)

    def take(self, size: int) -> bool:
        """Count what goes to a file; False if there is no room for it."""
        if self.waiting + size > self._most:
            return False
        self.waiting += size
        return True

    def give_back(self, size: int) -> None:
        """Count out what no longer waits."""
        self.waiting -= size

    def open(self) -> IO[bytes]:
        """A new file, which nobody else can find."""
        return tempfile.TemporaryFile(dir=self._folder)


class ComingMail:
    """The blocks of one mail, from the line end before its first line to the dot that ends it (RFC 5321 4.1.1.4)."""

    def __init__(self, spool: Spool, longest_line: int) -> None:
        self._spool = spool
        self._longest_line = longest_line
        self._blocks: list[bytes] = []
        self._held = 0
        self._in_file = 0
        self._file: IO[bytes] | None = None
        self._refusal = ""

    async def add(self, block: bytes) -> bool:
        """The next block. True if nothing of the mail is in memory any more, but for its last line."""
        if self._refusal:
            return True
        self._blocks.append(block)
        self._held += len(block)
        if self._held < IN_MEMORY:
            return False
        mail = b"".join(self._blocks)
        end = mail.rfind(b"\r\n")
        await self._put_aside(mail[:end], mail[end:])
        return True

    async def whole(self) -> Content | str:
        """All of the mail once its last block is here, or the words that refuse it."""
        mail = b"".join(self._blocks)
        if self._file is None or self._refusal:
            self._blocks.clear()
            if not self._refusal and _has_endless_line(mail, self._longest_line):
                self._refusal = _ENDLESS
            return self._refusal or _undotted(mail)[2:-2]
        return await self._put_aside(mail[:-3], b"") or self._mapped()

    def close(self) -> None:
        """It is done with. The file stays for whoever still looks at it."""
        self.drop("")

    def drop(self, refusal: str) -> None:
        """Keep nothing of the mail; it will be refused."""
        self._refusal = refusal
        self._blocks.clear()
        self._held = 0
        self._spool.give_back(self._in_file)
        self._in_file = 0
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _put_aside(self, mail: bytes, rest: bytes) -> str:
        """Write whole lines to the file, and hold the rest. Returns the words that refuse the mail, if any do now."""
        self._blocks, self._held = [rest], len(rest)
        if _has_endless_line(mail, self._longest_line) or len(rest) > self._longest_line:
            self.drop(_ENDLESS)
            return _ENDLESS
        lines = _undotted(mail) if self._in_file else _undotted(mail)[2:]
        if not self._spool.take(len(lines)):
            log.warning("mail.no_room", waiting=self._spool.waiting)
            self.drop(_NO_ROOM)
            return _NO_ROOM
        self._in_file += len(lines)
        writing = asyncio.ensure_future(asyncio.to_thread(self._write, lines))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait({writing})  # before its file is closed
            raise
        except OSError as error:
            return self._refuse(error)
        return ""

    def _mapped(self) -> Content | str:
        assert self._file is not None
        try:
            self._file.flush()
            return mmap(self._file.fileno(), 0, access=ACCESS_READ)
        except OSError as error:
            return self._refuse(error)

    def _write(self, lines: bytes) -> None:
        if self._file is None:
            self._file = self._spool.open()
        self._file.write(lines)

    def _refuse(self, error: OSError) -> str:
        log.error("mail.no_room", error=type(error).__name__, errno=error.errno)
        self.drop(_NO_ROOM)
        return _NO_ROOM


def _undotted(mail: bytes) -> bytes:
    """Without the first dot of each line that begins with one: it is not the mail's (RFC 5321 4.5.2)."""
    return mail.replace(b"\r\n.", b"\r\n")


def _has_endless_line(mail: bytes, longest: int) -> bool:
    at = 0
    while len(mail) - at > longest:
        end = mail.rfind(b"\r\n", at, at + longest)
        if end < 0:
            return True
        at = end + 2
    return False
