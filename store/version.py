"""Which version of the schema a database has, which one this program needs, and the way from one to the other.

On PostgreSQL other daemons, of the release before, may be at work during an upgrade. Migrations therefore only add, or
loosen what was forbidden, and the upgrade gives up rather than let everybody wait behind it for a table.

The way is alembic's, which takes 7 MB: it is loaded when there is a way to go, and a daemon seldom finds one.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from store.unit import Reading, Store, Unit

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
FOLDERS = [MIGRATIONS / "versions"]
"""Where migrations stand. Each one's file is named after its version, which is a number."""

_CURRENT = text("SELECT version_num FROM alembic_version")
_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '3s'")
"""Whoever wants a table for itself makes everybody who comes later wait for it, too: for so long at the most."""


def head() -> str:
    """The version this program needs."""
    return max(_versions())


def knows(revision: str | None) -> bool:
    """Whether this program has heard of a version, or it was a later one that brought a database there."""
    return revision is None or revision in _versions()


async def current(store: Store) -> str | None:
    """The version the database has; None for an empty one. Raises SQLAlchemyError when it can't be reached."""
    async with store.connection() as connection:
        return await of(Reading(connection))


async def of(reading: Reading) -> str | None:
    """The same, within a transaction that is open."""

    def read(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(_CURRENT).scalar_one_or_none()

    return await reading.directly(read)


async def upgrade(store: Store) -> None:
    """Bring the schema to :func:`head`, in one transaction. Does nothing when it is there already; raises
    SQLAlchemyError when it can't be reached, or on PostgreSQL when somebody else holds a table for seconds."""
    if await current(store) == head():
        return
    async with store.connection() as connection:
        if not store.is_sqlite:
            await connection.execute(_LOCK_TIMEOUT)
        await bring(Unit(connection), head())


async def bring(unit: Unit, to: str) -> None:
    """Bring the schema to this version, from none or an earlier one, within the transaction that is open."""
    from alembic import command  # only now: see above

    def run(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)

    await unit.directly(run)


def _versions() -> set[str]:
    return {file.name.partition("_")[0] for folder in FOLDERS for file in folder.glob("[0-9]*_*.py")}


def _config() -> "Config":
    from alembic.config import Config  # only now: see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(str(folder) for folder in FOLDERS))
    return config
