"""A database on PostgreSQL that another test has used is as a new one, or is not used again."""

from collections.abc import Iterable

import asyncpg
import pytest

from tests.databases import Databases

ADD = "INSERT INTO accounts (name, created_at) SELECT 'p' || n, 5 FROM generate_series(1, {}) AS n"


async def after(databases: Databases, *statements: str) -> tuple[bool, asyncpg.Connection]:
    """Whether the database in which this was done is the one that the next test gets, and a connection to that one."""
    name = await databases.migrated()
    before = await done(databases, name, statements)
    databases.take_back(name)
    name = await databases.migrated()
    databases.take_back(name)
    return await done(databases, name, ()) == before, await opened(databases, name)


async def done(databases: Databases, name: str, statements: Iterable[str]) -> int:
    """Do these; the number that the server has for the database."""
    connection = await opened(databases, name)
    for each in statements:
        await connection.execute(each)
    number: int = await connection.fetchval("SELECT oid FROM pg_database WHERE datname = current_database()")
    await connection.close()
    return number


async def opened(databases: Databases, name: str) -> asyncpg.Connection:
    return await asyncpg.connect(host=str(databases.folder), user="postgres", database=name)


async def test_rows_are_gone_and_ids_begin_at_one(databases: Databases) -> None:
    audit = "INSERT INTO audit (at, door, who, act) VALUES (5, 'web', 'x', 'y')"
    same, connection = await after(databases, ADD.format(3), "DELETE FROM accounts WHERE id = 2", audit)
    assert same
    for table in ("accounts", "audit"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - named above
        assert await connection.fetchval(f"SELECT pg_relation_size('{table}')") == 0
    assert await connection.fetchval(f"{ADD.format(1)} RETURNING id") == 1
    await connection.close()


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE another (id int)"],
        ["ALTER TABLE facts RENAME TO others"],
        ["ALTER TABLE facts ADD COLUMN more text"],
        ["ALTER TABLE accounts ALTER COLUMN bio SET DEFAULT 'x'"],
        ["ALTER TABLE audit DISABLE TRIGGER ALL"],
        ["CREATE INDEX another ON accounts (created_at)"],
        ["CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1"],
        ["DO 'BEGIN EXECUTE format(''ALTER DATABASE %I SET jit = off'', current_database()); END'"],
        ["UPDATE alembic_version SET version_num = '0001'"],
        ["DROP TABLE alembic_version"],
        [ADD.format(10), "ANALYZE accounts"],
        [ADD.format(5_000)],
    ],
    ids=lambda statements: statements[-1][:40],
)
async def test_whatever_else_was_done_to_it_is_not_there_for_the_next_test(
    databases: Databases, statements: list[str]
) -> None:
    same, connection = await after(databases, *statements)
    assert not same
    assert await connection.fetchval("SELECT count(*) FROM accounts") == 0
    await connection.close()


async def test_whoever_still_has_it_open_is_cut_off(databases: Databases) -> None:
    name = await databases.migrated()
    left = await opened(databases, name)
    databases.take_back(name)
    other = await databases.migrated()
    databases.take_back(other)
    assert other != name
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await left.fetchval("SELECT 1")
    left.terminate()
