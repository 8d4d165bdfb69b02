"""Which version of the schema a database has, which one this program needs, and the way from one to the other.

On PostgreSQL other daemons, of the release before, may be at work during an upgrade. Migrations therefore only add, or
loosen what was forbidden, and the upgrade gives up rather than let everybody wait behind it for a table.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from store.unit import Store

_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '3s'")
"""Whoever wants a table for itself makes everybody who comes later wait for it, too: for so long at the most."""


def head() -> str:
    """The version this program needs."""
    version = ScriptDirectory.from_config(_config()).get_current_head()
    assert version is not None
    return version


def knows(revision: str | None) -> bool:
    """Whether this program has heard of a version, or it was a later one that brought a database there."""
    try:
        return revision is None or ScriptDirectory.from_config(_config()).get_revision(revision) is not None
    except CommandError:
        return False


async def current(store: Store) -> str | None:
    """The version the database has; None for an empty one. Raises SQLAlchemyError when it can't be reached."""

    def read(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with store.connection() as connection:
        return await connection.run_sync(read)


async def upgrade(store: Store) -> None:
    """Bring the schema to :func:`head`, in one transaction. Does nothing when it is there already; raises
    SQLAlchemyError when it can't be reached, or on PostgreSQL when somebody else holds a table for seconds."""

    def run(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with store.connection() as connection:
        if not store.is_sqlite:
            await connection.execute(_LOCK_TIMEOUT)
        await connection.run_sync(run)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
