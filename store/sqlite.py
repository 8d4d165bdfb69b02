"""Opens SQLite so that concurrent units lose and fail nothing.

WAL, and ``BEGIN IMMEDIATE`` for every unit. With the driver's own transactions, concurrent read-then-write
units lose updates; with a plain BEGIN they fail with "database is locked" whatever the busy timeout. IMMEDIATE takes
the write lock first and waits its turn. ``synchronous=FULL`` on the connections of durable units: a commit that
returned survives a power cut. Others commit with NORMAL: they survive a crash of the process, and what a power cut
takes from them is done again from what the durable ones wrote.

A writer that is cancelled ends its statement first and then rolls back: a connection that is closed in the
middle of a statement may keep the write lock from everybody.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import URL, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

BUSY_TIMEOUT = 30.0
"""Seconds a SQLite connection waits for another process's write lock."""

GLANCE = 0.1
"""Seconds that a glance at SQLite waits, and the loop with it, for a file that is locked from everybody."""


def open_glances(url: URL) -> AsyncEngine:
    """One connection outside any transaction, whose look-ups are done in the loop's own thread."""
    settings = {"timeout": GLANCE, "isolation_level": None, "async_creator_fn": _connect}
    engine = create_async_engine(url, connect_args=settings, hide_parameters=True, poolclass=StaticPool)
    event.listen(engine.sync_engine, "connect", _tune(durable=False, read_only=True))
    return engine


def open_engine(url: URL, *, durable: bool, read_only: bool, connections: int) -> AsyncEngine:
    """One pool of connections; a writing one is one connection."""
    pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0} if read_only else {"poolclass": StaticPool}
    settings: dict[str, Any] = {"timeout": BUSY_TIMEOUT, "isolation_level": None}
    if not read_only:
        settings["async_creator_fn"] = _connect
    engine = create_async_engine(url, connect_args=settings, hide_parameters=True, **pool)

    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", _tune(durable=durable, read_only=read_only))
    event.listen(engine.sync_engine, "begin", on_begin)
    if not read_only:
        event.listen(engine.sync_engine, "handle_error", _keep_the_cancelled)
    return engine


def _tune(*, durable: bool, read_only: bool) -> Callable[[sqlite3.Connection, object], None]:
    """What every new connection to SQLite is told."""

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

    return on_connect


def _keep_the_cancelled(context: ExceptionContext) -> None:
    """A writer whose unit was cancelled has ended its statement, and goes on with the rollback."""
    if isinstance(context.original_exception, asyncio.CancelledError):
        context.is_disconnect = False


class _Swift(aiosqlite.Connection):
    """A connection that does what is short in the loop's own thread, and everything else in its own.

    A hop to the other thread and back takes ten times as long as a look-up, and one statement makes four. Between
    BEGIN and COMMIT a writer waits for nobody; what may wait (these two) or may touch many rows goes to the thread.
    There it comes to its end even when whoever asked for it is cancelled, and only then does the cancellation go on.
    """

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if _is_short(fn, args):
            return fn(*args, **kwargs)
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        work: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((work, partial(fn, *args, **kwargs)))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            while not work.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([work])
            if not work.cancelled():
                work.exception()
            raise


_FEW_ROWS = 1_000
"""Characters of rows that are handed to a statement (``store.sql.given``) and are soon worked off, however many."""

_FEW_LONG_ROWS = 4
"""Rows that are soon worked off, long as they may be: one is a mail as it came."""

_LONG = 16 * 1024


def _is_short(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether this takes microseconds: opening, reading and closing a cursor, looking up, adding given rows; and a
    rollback, which in WAL mode forgets pages, and which nothing may come between."""
    match function.__name__:
        case "execute":
            statement: str = args[0]
            if "json_each(" in statement:
                return _are_few([each for each in args[1] if isinstance(each, str)])
            return statement.startswith("SELECT") or (statement.startswith("INSERT") and ") VALUES (" in statement)
        case "cursor" | "fetchone" | "fetchmany" | "fetchall" | "rollback":
            return True
        case "close":
            return isinstance(getattr(function, "__self__", None), sqlite3.Cursor)
        case _:
            return False


def _are_few(given: list[str]) -> bool:
    """Whether rows are soon worked off."""
    size = sum(map(len, given))
    return size < _FEW_ROWS or (size < _LONG and sum(each.count("],[") for each in given) < _FEW_LONG_ROWS)


def _connect(database: str, **settings: Any) -> aiosqlite.Connection:
    """``settings`` are sqlite3's; SQLAlchemy's let it pass between threads. Its own ends with the program.

    A new file is its owner's alone: it holds phone numbers, and maybe the key of the instance. One that exists must not
    be opened here: closing any descriptor of a file drops the locks that this process has on it (POSIX), and the next
    program to leave the database would take the log away from under this one, with all that is in it.
    """
    with suppress(OSError):  # it is there, or sqlite3 says better what is wrong with a path
        os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o600))
    connection = _Swift(lambda: sqlite3.connect(database, **settings), 64)
    connection._thread.daemon = True
    return connection
