"""Every migration leaves what the release before works with, so that its daemons go on while the database is ahead."""

from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from store import version
from store.unit import Store
from tests.daemons import next_release

Columns = dict[tuple[str, str], str]
"""The type of each column, by table and name."""


def columns(connection: Connection) -> Columns:
    found = inspect(connection)
    return {
        (table, column["name"]): str(column["type"])
        for table in found.get_table_names()
        for column in found.get_columns(table)
        if table != "alembic_version"
    }


def required(connection: Connection) -> set[tuple[str, str]]:
    """Columns that an INSERT must name."""
    found = inspect(connection)
    return {
        (table, column["name"])
        for table in found.get_table_names()
        for column in found.get_columns(table)
        if not (column["nullable"] or column["default"] is not None or column["primary_key"])
    }


async def test_no_column_goes_or_changes_and_none_that_must_be_given_comes_to_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version, "FOLDERS", [*version.FOLDERS, Path(next_release.__file__).parent / "migrations"])
    store = Store(f"sqlite:///{tmp_path / 'birdwire.db'}")
    revisions = [each.revision for each in ScriptDirectory.from_config(version._config()).walk_revisions()][::-1]
    assert len(revisions) > 1

    def upgrade_to(connection: Connection, revision: str) -> None:
        config = version._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with store.connection() as connection:
        await connection.run_sync(upgrade_to, revisions[0])
        for revision in revisions[1:]:
            before, must = await connection.run_sync(columns), await connection.run_sync(required)
            await connection.run_sync(upgrade_to, revision)
            after = await connection.run_sync(columns)
            assert before.items() <= after.items(), revision
            tables = {table for table, _ in before}
            new = await connection.run_sync(required) - must
            assert not {column for column in new if column[0] in tables}, revision
    await store.close()
