"""Opens the database: which of the two it is, and what both are asked for.

Each has a module of its own, ``store.sqlite`` and ``store.postgresql``, which is loaded when one is opened: their
drivers take 1 and 3 MB.
"""

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

PATIENCE = 60.0
"""Seconds that PostgreSQL has for one statement."""


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


def open_engine(
    url: URL,
    *,
    durable: bool,
    read_only: bool = False,
    connections: int = 5,
    patience: float | None = PATIENCE,
) -> AsyncEngine:
    """One pool of connections. On SQLite a writing pool is one connection: its units queue in this process, in
    order, rather than in the database's busy loop. ``patience``: seconds that PostgreSQL has for one statement."""
    if url.get_backend_name() == "sqlite":
        from store import sqlite  # only now: see above

        return sqlite.open_engine(url, durable=durable, read_only=read_only, connections=connections)
    from store import postgresql  # only now: see above

    pool = {"pool_size": connections, "max_overflow": connections, "pool_pre_ping": True}
    return postgresql.open_engine(url, patience, durable=durable, **pool)


def open_glances(url: URL, *, patience: float | None = PATIENCE) -> AsyncEngine:
    """One connection outside any transaction, for look-ups by key: each statement sees what is committed by then.

    On SQLite they are done in the loop's own thread: a look-up reads a few pages, and a reader waits for no writer. On
    PostgreSQL nobody asks first whether the connection still stands, so one look-up fails after each restart.
    """
    if url.get_backend_name() == "sqlite":
        from store import sqlite  # only now: see above

        return sqlite.open_glances(url)
    from store import postgresql  # only now: see above

    return postgresql.open_engine(url, patience, pool_size=1, max_overflow=0, isolation_level="AUTOCOMMIT")
