"""What may happen to a database and to a machine, done to those of a town and undone again."""

import asyncio
import resource
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg

from tests.databases import Server


class Postgres(Server):
    """A server that may be harmed: nobody else uses it."""

    async def restart(self, mode: str) -> None:
        """``fast`` ends every session; ``immediate`` is a crash."""
        await asyncio.to_thread(self.control, mode, "restart")


async def cut_connections(host: str, database: str) -> None:
    """End every other session on the database."""
    connection = await asyncpg.connect(host=host, user="postgres", database=database)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else writes to the SQLite file, and takes their time."""
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@contextmanager
def a_small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of 16 MB; None where nobody may make one."""
    disk = folder / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "birdwire", str(disk)], check=False)
    if made.returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """No byte is left on the disk."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def limited(pid: int, what: int, most: int) -> Iterator[None]:
    """The process may have no more of it."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (most, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, what, before)


@asynccontextmanager
async def idle_connections(*ports: int, each: int) -> AsyncIterator[None]:
    """So many clients connect to each port and say nothing."""
    writers: list[asyncio.StreamWriter] = []
    for port in ports:
        for _ in range(each):
            with suppress(OSError):
                writers.append((await asyncio.open_connection("127.0.0.1", port))[1])
    try:
        yield
    finally:
        for writer in writers:
            writer.close()


def descriptors(pid: int) -> int:
    """The highest file descriptor that the process has."""
    return max(int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir())
