"""Opens the database: SQLite so that concurrent units lose and fail nothing, PostgreSQL over asyncpg.

SQLite: WAL, and ``BEGIN IMMEDIATE`` for every unit. With the driver's own transactions, concurrent read-then-write
units lose updates; with a plain BEGIN they fail with "database is locked" whatever the busy timeout. IMMEDIATE takes
the write lock first and waits its turn. ``synchronous=FULL`` on the connections of durable units: a commit that
returned survives a power cut. Others commit with NORMAL: they survive a crash of the process, and what a power cut
takes from them is done again from what the durable ones wrote.

PostgreSQL plans every statement anew. A plan it keeps for a table that was empty reads the whole table, and goes on
doing so when a celebrity's post has put a hundred thousand rows into it.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiosqlite
from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

BUSY_TIMEOUT = 30.0
"""Seconds a SQLite connection waits for another process's write lock."""


class UnusableDatabase(ValueError):
    """The configured store url names no database that Birdwire can use."""


def parse_url(url: str) -> URL:
    """The configured ``[store] url`` with the driver that Birdwire uses for it. Raises UnusableDatabase."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise UnusableDatabase("store.url is not a database url") from error
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise UnusableDatabase("store.url: SQLite needs a file, e.g. sqlite:///birdwire.db")
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+asyncpg")
        case other:
            raise UnusableDatabase(f"store.url: {other} is not supported, use sqlite or postgresql")


def open_engine(url: URL, *, durable: bool, read_only: bool = False, connections: int = 5) -> AsyncEngine:
    """One pool of connections. On SQLite a writing pool is one connection: its units queue in this process, in
    order, rather than in the database's busy loop."""
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url, durable=durable, read_only=read_only, connections=connections)
    settings = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
    if not durable:
        settings["synchronous_commit"] = "off"
    return create_async_engine(
        url,
        pool_size=connections,
        max_overflow=connections,
        pool_pre_ping=True,
        connect_args={"server_settings": {"application_name": "birdwire", **settings}},
    )


def _open_sqlite(url: URL, *, durable: bool, read_only: bool, connections: int) -> AsyncEngine:
    pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0} if read_only else {"poolclass": StaticPool}
    settings: dict[str, Any] = {"timeout": BUSY_TIMEOUT, "isolation_level": None}
    if not read_only:
        settings["async_creator_fn"] = _connect
    engine = create_async_engine(url, connect_args=settings, **pool)

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA journal_size_limit = 67108864")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine


class _Writing(aiosqlite.Connection):
    """A connection that does what is short in the loop's own thread, and everything else in its own.

    A hop to the other thread and back takes ten times as long as a look-up, and one statement makes four. Between
    BEGIN and COMMIT a writer waits for nobody; what may wait (these two) or may touch many rows goes to the thread.
    """

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if _is_short(fn, args):
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # it has no types


def _is_short(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether this takes microseconds: opening, reading and closing a cursor, looking up, adding given rows."""
    match function.__name__:
        case "execute":
            statement: str = args[0]
            return statement.startswith("SELECT") or (statement.startswith("INSERT") and ") VALUES (" in statement)
        case "cursor" | "fetchone" | "fetchmany" | "fetchall":
            return True
        case "close":
            return isinstance(getattr(function, "__self__", None), sqlite3.Cursor)
        case _:
            return False


def _connect(database: str, **settings: Any) -> aiosqlite.Connection:
    """``settings`` are sqlite3's; SQLAlchemy's let it pass between threads. Its own ends with the program.

    A new file is its owner's alone: it holds phone numbers, and maybe the key of the instance.
    """
    with suppress(OSError):  # sqlite3 says better what is wrong with a path
        os.close(os.open(database, os.O_CREAT | os.O_RDONLY, 0o600))
    connection = _Writing(lambda: sqlite3.connect(database, **settings), 64)
    connection._thread.daemon = True
    return connection
