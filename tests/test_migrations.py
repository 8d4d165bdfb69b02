"""The migrations make the schema that the code declares, and running them again changes nothing."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from store import version
from store.schema import metadata
from store.unit import Store


def is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """All but the index over words, which ``store.search`` tells of."""
    return not (name or "").startswith(("post_words", "ix_posts_words"))


async def test_migrations_end_at_the_declared_schema(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_declared})
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


async def test_deliveries_come_through_an_upgrade_with_their_ids_and_their_rules(tmp_path: Path) -> None:
    def first(connection: Connection) -> None:
        config = version._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    add = "INSERT INTO deliveries (notice_id, channel, route, lane, state, due_at, queued_at) VALUES"
    store = Store(f"sqlite:///{tmp_path / 'birdwire.db'}")
    async with store.connection() as connection:
        await connection.run_sync(first)
        await connection.execute(text("INSERT INTO notices (id, text) VALUES (1, 'hello')"))
        for _ in range(3):
            await connection.execute(text(f"{add} (1, 'sms', 1, 0, 'queued', 5, 5)"))
        await connection.execute(text("DELETE FROM deliveries WHERE id = 3"))
    await version.upgrade(store)
    async with store.connection() as connection:
        await connection.execute(text(f"{add} (1, 'email', 0, 0, 'queued', 6, 6)"))
        rows = (await connection.execute(text("SELECT id, channel, due_at, attempt, reason FROM deliveries"))).all()
        assert [tuple(row) for row in rows] == [(1, "sms", 5, 0, ""), (2, "sms", 5, 0, ""), (4, "email", 6, 0, "")]
        with pytest.raises(IntegrityError):
            await connection.execute(text(f"{add} (NULL, 'sms', 1, 0, 'queued', 5, 5)"))
    await store.close()
