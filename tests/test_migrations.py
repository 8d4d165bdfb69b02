"""The migrations make the schema that the code declares, and running them again changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from gateway.service import tending
from store import search, version
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


async def upgrade_to(store: Store, revision: str) -> None:
    def run(connection: Connection) -> None:
        config = version._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with store.connection() as connection:
        await connection.run_sync(run)


@pytest.fixture
async def empty(store_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A database with nothing in it, not even a schema."""
    on_sqlite = store_url.startswith("sqlite")
    store = Store(f"sqlite:///{tmp_path / 'empty.db'}" if on_sqlite else store_url)
    if not on_sqlite:
        async with store.connection() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    yield store
    await store.close()


async def test_an_upgrade_leaves_the_words_of_older_posts_to_housekeeping(empty: Store) -> None:
    await upgrade_to(empty, "0005")
    async with empty.connection() as connection:
        await connection.execute(text("INSERT INTO accounts (id, name, created_at) VALUES (1, 'alice', 5)"))
        values = "(id, author_id, kind, text, source, created_at) VALUES (:id, 1, 'post', 'Café', 'sms', 5)"
        await connection.execute(text(f"INSERT INTO posts {values}"), [{"id": number} for number in range(1, 301)])
    await version.upgrade(empty)
    async with empty.reading() as reading:
        assert set((await reading.execute(text("SELECT words FROM posts"))).scalars()) == {""}
        assert await tending.are_unfolded(reading)
    more = True
    while more:
        async with empty.unit() as unit:
            more = await tending.fold_older(unit)
    async with empty.reading() as reading:
        assert len(await search.posts_with(reading, ["cafe"], most=1_000)) == 300
        assert not await tending.are_unfolded(reading)


async def test_a_new_database_has_nothing_to_be_folded(store: Store) -> None:
    async with store.reading() as reading:
        assert not await tending.are_unfolded(reading)


async def test_listeners_come_through_an_upgrade_with_what_they_said_of_mails(empty: Store) -> None:
    add = text("INSERT INTO listeners (key, account_id, texts, mail, created_at) VALUES (:key, 1, :texts, :mail, 5)")
    by_text, by_mail = {"key": "a", "texts": True, "mail": False}, {"key": "b", "texts": False, "mail": True}
    await upgrade_to(empty, "0007")
    async with empty.connection() as connection:
        await connection.execute(text("INSERT INTO accounts (id, name, created_at) VALUES (1, 'alice', 5)"))
        await connection.execute(add, [by_text, by_mail])
    await version.upgrade(empty)
    async with empty.connection() as connection:
        found = await connection.execute(text("SELECT key, texts, mail FROM listeners ORDER BY key"))
        assert [dict(row._mapping) for row in found] == [by_text, by_mail]
        with pytest.raises(IntegrityError):
            await connection.execute(add, by_text)


async def test_deliveries_come_through_an_upgrade_with_their_ids_and_their_rules(tmp_path: Path) -> None:
    add = "INSERT INTO deliveries (notice_id, channel, route, lane, state, due_at, queued_at) VALUES"
    store = Store(f"sqlite:///{tmp_path / 'birdwire.db'}")
    await upgrade_to(store, "0001")
    async with store.connection() as connection:
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
