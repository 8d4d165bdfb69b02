"""The time, as the world has it and as the daemon's machine has it; processes share both over a small file.

The world can let time pass for everybody, so that no test waits a minute for a second try. The daemon's machine can be
wrong besides.
"""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import inbound.mail
from gateway import daemon

_SECONDS = struct.Struct("dd")


class Clock:
    """``passed`` is time that went by without anybody waiting; ``ahead`` by how much the daemon's machine is wrong."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_SECONDS.pack(0.0, 0.0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), _SECONDS.size)

    @property
    def passed(self) -> timedelta:
        return timedelta(seconds=_SECONDS.unpack_from(self._shared)[0])

    @property
    def ahead(self) -> timedelta:
        return timedelta(seconds=_SECONDS.unpack_from(self._shared)[1])

    def let_pass(self, time: timedelta) -> None:
        """It is so much later now, for everybody."""
        self._set(self.passed + time, self.ahead)

    def jumps_to(self, ahead: timedelta) -> None:
        """The clock of the daemon's machine is so much before the time; behind it, if negative."""
        self._set(self.passed, ahead)

    def now(self) -> datetime:
        """The right time: aware, UTC."""
        return datetime.now(UTC) + self.passed

    def shown(self) -> datetime:
        """The time on the daemon's machine."""
        return self.now() + self.ahead

    def rules_here(self) -> None:
        """Let this process's daemon go by it: these two ask for the time, all others are told."""
        clock = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz=None):  # type: ignore[no-untyped-def]  # as the one it stands for
                return clock.shown()

        daemon.datetime = Shown  # type: ignore[misc]
        inbound.mail.datetime = Shown  # type: ignore[misc]

    def _set(self, passed: timedelta, ahead: timedelta) -> None:
        _SECONDS.pack_into(self._shared, 0, passed.total_seconds(), ahead.total_seconds())
