"""``birdwire db`` and ``birdwire backup``: the database's version, and a copy of it."""

import asyncio
import sqlite3
from pathlib import Path

import click

from gateway.cli_base import Refused, as_json, configured, print_json
from gateway.config import Config
from store import trouble, version
from store.unit import Store

_NEWER = "a later release of this program has upgraded the database: use that one"


@click.group()
def db() -> None:
    """Bring the database to the version this program needs."""


@db.command()
@configured
def upgrade(config: Config) -> None:
    """Bring the database to the version this program needs; what is there stays."""
    before, after = _versions(config, upgrade=True)
    click.echo(f"at {after} already" if before == after else f"from {before or 'an empty database'} to {after}")


@db.command()
@configured
@as_json
def status(config: Config, as_json: bool) -> None:
    """Say which version the database has; exit code 1 when this program needs another."""
    at, _ = _versions(config)
    if as_json:
        print_json({"current": at, "needed": version.head()})
    else:
        click.echo(f"the database is at {at or 'no version, it is empty'}; this program needs {version.head()}")
    if not version.knows(at):
        raise Refused(_NEWER)
    if at != version.head():
        raise Refused("run birdwire db upgrade")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@configured
def backup(config: Config, file: Path) -> None:
    """Copy a SQLite database to FILE while the daemon runs. PostgreSQL has pg_dump for that."""
    url = Store(config.store.url).url
    if url.get_backend_name() != "sqlite":
        raise Refused(f"this is a PostgreSQL database, copy it with: pg_dump --format=custom --file={file} DATABASE")
    source = Path(url.database or "")
    if not source.is_file():
        raise Refused(f"there is no database at {source}")
    if file.exists():
        raise Refused(f"{file} is there already, name a new file")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        _copy(source, unfinished)
        unfinished.replace(file)
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise Refused(f"the copy failed: {error}") from error
    click.echo(f"{file}: {file.stat().st_size:,} bytes")


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup, checked, as one file that needs no log beside it."""
    target.unlink(missing_ok=True)
    reader, writer = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = writer.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    finally:
        writer.close()
        reader.close()


def _versions(config: Config, *, upgrade: bool = False) -> tuple[str | None, str | None]:
    """The database's version, and the version after upgrading it if asked to."""

    async def look() -> tuple[str | None, str | None]:
        store = Store(config.store.url, patience=None)  # a large table takes its time
        try:
            before = await version.current(store)
            if upgrade and not version.knows(before):
                raise Refused(_NEWER)
            if upgrade:
                await version.upgrade(store)
            return before, await version.current(store)
        finally:
            await store.close()

    try:
        return asyncio.run(look())
    except trouble.TROUBLE as error:
        raise Refused(f"the database can't be used: {trouble.reason(error)}") from error
