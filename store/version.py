"""Which version of the schema a database has, which one this program needs, and the way from one to the other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.unit import Store


def head() -> str:
    """The version this program needs."""
    version = ScriptDirectory.from_config(_config()).get_current_head()
    assert version is not None
    return version


async def current(store: Store) -> str | None:
    """The version the database has; None for an empty one. Raises SQLAlchemyError when it can't be reached."""

    def read(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with store.connection() as connection:
        return await connection.run_sync(read)


async def upgrade(store: Store) -> None:
    """Bring the schema to :func:`head`, in one transaction. Does nothing when it is there already."""

    def run(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with store.connection() as connection:
        await connection.run_sync(run)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
