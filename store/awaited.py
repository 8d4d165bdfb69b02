"""SQLAlchemy's engine and connection, awaited: what ``sqlalchemy.ext.asyncio`` has of them, and no more than we use.

That package brings the whole ORM with it, 8 MB of code that nobody here calls. What it does for a connection is little:
SQLAlchemy's own work goes on in a greenlet, and whenever the driver waits, so does the task that called
(``sqlalchemy.util.greenlet_spawn``).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar, TypeVarTuple

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.engine import Dialect, Transaction
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

_Given = TypeVarTuple("_Given")
_Result = TypeVar("_Result")
_Error = type[BaseException] | None


class AsyncConnection:
    """A connection of the pool for the length of an ``async with``, and a transaction of its own from its first
    statement on."""

    __slots__ = ("_engine", "sync_connection")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.sync_connection: Connection

    async def __aenter__(self) -> Self:
        self.sync_connection = await greenlet_spawn(self._engine.connect)
        return self

    async def __aexit__(self, kind: _Error, error: BaseException | None, trace: TracebackType | None) -> None:
        await _to_the_end(greenlet_spawn(self.sync_connection.close))

    @property
    def dialect(self) -> Dialect:
        return self.sync_connection.dialect

    def begin_nested(self) -> "_Within":
        """A savepoint for the length of an ``async with``: an exception undoes what was done in it."""
        return _Within(self.sync_connection.begin_nested)

    async def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        """Run one statement, and read all that it brings."""
        return await greenlet_spawn(self.sync_connection.execute, statement, values)

    async def exec_driver_sql(self, words: str, values: Any = None) -> CursorResult[Any]:
        """Run one statement as the driver understands it."""
        return await greenlet_spawn(self.sync_connection.exec_driver_sql, words, values)

    async def run_sync(self, do: Callable[[Connection, *_Given], _Result], *given: *_Given) -> _Result:
        """Do what is written for SQLAlchemy's own connection."""
        return await greenlet_spawn(do, self.sync_connection, *given)

    async def execution_options(self, **options: Any) -> Self:
        """Set options for this connection, until it goes back to the pool."""
        await greenlet_spawn(self.sync_connection.execution_options, **options)
        return self

    async def get_raw_connection(self) -> PoolProxiedConnection:
        """The driver's connection, as the pool holds it."""
        return await greenlet_spawn(getattr, self.sync_connection, "connection")


class AsyncEngine:
    """A pool of connections. ``sync_engine`` is SQLAlchemy's own: events are heard there."""

    __slots__ = ("sync_engine",)

    def __init__(self, sync_engine: Engine) -> None:
        self.sync_engine = sync_engine

    def connect(self) -> AsyncConnection:
        """A connection; what was not committed when its block ends is undone."""
        return AsyncConnection(self.sync_engine)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A connection with a transaction that is committed when its block ends, or undone by an exception."""
        async with self.connect() as connection, _Within(connection.sync_connection.begin):
            yield connection

    async def dispose(self) -> None:
        """Close every connection that is in the pool."""
        await greenlet_spawn(self.sync_engine.dispose)


class _Within:
    """A transaction, or a savepoint in one, for the length of an ``async with``."""

    __slots__ = ("_begin", "_transaction")

    def __init__(self, begin: Callable[[], Transaction]) -> None:
        self._begin = begin
        self._transaction: Transaction

    async def __aenter__(self) -> None:
        self._transaction = await greenlet_spawn(self._begin)
        self._transaction.__enter__()

    async def __aexit__(self, kind: _Error, error: BaseException | None, trace: TracebackType | None) -> None:
        await greenlet_spawn(self._transaction.__exit__, kind, error, trace)


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for ``work`` until it is done, also when whoever waits is cancelled meanwhile: only then does that go on. A
    connection on its way back to the pool must arrive."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    task.result()
