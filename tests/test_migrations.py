"""The migrations make the schema that the code declares, and running them again changes nothing."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from store import version
from store.schema import metadata
from store.unit import Store


async def test_migrations_end_at_the_declared_schema(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with store.connection() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_upgraded_database_is_at_head_and_a_second_upgrade_changes_nothing(store: Store) -> None:
    assert await version.current(store) == version.head()
    await version.upgrade(store)
    assert await version.current(store) == version.head()


async def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "birdwire.db"
    store = Store(f"sqlite:///{file}")
    await version.upgrade(store)
    await store.close()
    assert file.stat().st_mode & 0o777 == 0o600
