"""A unit of work: one transaction, opened by the edges, handed down to services, committed when its block ends.

Values commit, exceptions roll back, and so does a cancellation, once the statement that it came into has ended. After
the commit the bell rings if the unit asked for it: here, for the workers of this process, and over NOTIFY for the other
daemons on a PostgreSQL. The bell is only a hint; polling is the truth.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, overload

from sqlalchemy import URL, Connection, CursorResult, Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TypedReturnsRows

from store.engine import PATIENCE, open_engine, open_glances, parse_url

if TYPE_CHECKING:
    from store.watch import Watch

BELL = "birdwire"
"""The PostgreSQL channel that daemons notify each other on."""


_Row = TypeVarTuple("_Row")
_Seen = TypeVar("_Seen")
Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Reading:
    """A transaction that only reads. Statements go through :meth:`execute`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._connection.dialect.name

    @overload
    async def execute(
        self, statement: TypedReturnsRows[*_Row], values: Values | None = None
    ) -> CursorResult[*_Row]: ...

    @overload
    async def execute(self, statement: Executable, values: Values | None = None) -> CursorResult[*tuple[Any, ...]]: ...

    async def execute(self, statement: Executable, values: Values | None = None) -> CursorResult[Any]:
        """Run one statement; ``values`` is a mapping, or a list of mappings to run it many times."""
        return await self._connection.execute(statement, values)

    async def directly(self, do: Callable[[Connection], _Seen]) -> _Seen:
        """Do what needs SQLAlchemy's own connection: looking at which tables there are, migrations."""
        return await self._connection.run_sync(do)


class Unit(Reading):
    """A transaction that writes."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.rings = False

    def ring(self) -> None:
        """Ring the bell once this unit has committed: something became due, or may not be seen any more."""
        self.rings = True

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Work that may be undone alone: an exception inside undoes it and goes on upwards."""
        async with self._connection.begin_nested():
            yield


class Store:
    """The database: ``unit()`` to write, ``reading()`` and ``glancing()`` to read, ``on_bell`` to hear the bell."""

    def __init__(self, url: str, *, connections: int = 5, patience: float | None = PATIENCE) -> None:
        """``url`` as in ``[store] url``; ``patience`` is how many seconds a statement may take on PostgreSQL, None for
        as long as it likes. Raises store.engine.UnusableDatabase. Nothing is opened before first use."""
        self.url: URL = parse_url(url)
        self._durable = open_engine(self.url, durable=True, connections=connections, patience=patience)
        self._relaxed = open_engine(self.url, durable=False, connections=connections, patience=patience)
        self._readers = (
            open_engine(self.url, durable=False, read_only=True, connections=connections)
            if self.is_sqlite
            else self._relaxed
        )
        self._glances = open_glances(self.url, patience=patience)
        self._writing = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._watch = _watch(str(self.url.database)) if self.is_sqlite else None
        self._changes = 0

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def unit(self, *, durable: bool = True) -> AsyncIterator[Unit]:
        """One writing transaction. ``durable=False`` commits without waiting for the disk: only for work that is
        done again from durable rows if a power cut takes it (fan-out pages, settles)."""
        engine = self._durable if durable else self._relaxed
        try:
            async with self._turn(), engine.begin() as connection:
                unit = Unit(connection)
                yield unit
                if unit.rings and not self.is_sqlite:
                    await unit.execute(_NOTIFY)
        finally:  # also when nobody can tell whether it committed
            self._changes += 1
        if unit.rings:
            self.ring()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """One reading transaction; on SQLite it never waits for a writer."""
        async with self._readers.connect() as connection:
            yield Reading(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reading]:
        """A reading transaction that sees one moment, however many statements and how long it takes. Writers go on; on
        SQLite the log beside the database grows meanwhile by what they write."""
        async with self._readers.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield Reading(connection)

    @asynccontextmanager
    async def glancing(self) -> AsyncIterator[Reading]:
        """A look-up by key outside any transaction, for those who ask often: quicker than :meth:`reading`, and nothing
        else may be asked in it. On SQLite the loop waits for the answer."""
        async with self._looking, self._glances.connect() as connection:  # two at once would open it twice
            yield Reading(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A bare writing transaction for those who need more than statements: migrations, and tests of the schema. On
        SQLite it waits its turn among the units: they share one connection."""
        async with self._turn(), self._durable.begin() as connection:
            yield connection

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncConnection]:
        """A connection outside any transaction, for one that waits for notifications."""
        async with self._durable.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator[AsyncConnection]:
        """A connection outside any transaction, for one that holds locks as long as it lives (``store.shares``)."""
        async with self._relaxed.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    def _turn(self) -> AbstractAsyncContextManager[None]:
        """Writers on SQLite come one after the other, as they came; on PostgreSQL as they like."""
        return self._writing if self.is_sqlite else nullcontext()

    def mark(self) -> Hashable:
        """Equal to an earlier one only if nothing has been committed since. Whatever this process committed counts at
        once; so does another's on SQLite, and on PostgreSQL when it rang, else after a second. Take the mark before
        reading what is to be kept as long as it stays equal."""
        return self._changes, int(monotonic()) if self._watch is None else self._watch.mark()

    def on_bell(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` in this process's loop after every commit that rang."""
        self._listeners.append(listener)

    def ring(self) -> None:
        """Wake the listeners of this process: something was committed, here or elsewhere."""
        self._changes += 1
        for listener in self._listeners:
            listener()

    async def close(self) -> None:
        """Close every connection."""
        await self._durable.dispose()
        await self._relaxed.dispose()
        await self._glances.dispose()
        if self.is_sqlite:
            await self._readers.dispose()
        if self._watch is not None:
            self._watch.close()


def _watch(file: str) -> "Watch":
    from store.watch import Watch  # only now: it is SQLite's (``store.engine``)

    return Watch(file)


_NOTIFY = text(f"SELECT pg_notify('{BELL}', '')")
