"""``birdwire backup`` and ``birdwire restore``: everything to a file while the daemon runs, and back."""

import asyncio
import sqlite3
from pathlib import Path
from typing import assert_never

import click

from gateway.cli_base import NEWER_DATABASE, Refused, as_json, configured, counting, new_file, now, print_done
from gateway.config import Config
from gateway.service import copying, holding
from gateway.service.copying import Copy, NotACopy, NotEmpty, OtherVersion, Restored, TooNew
from store import trouble, version
from store.unit import Store

_PLAIN = frozenset({".db", ".sqlite", ".sqlite3"})
_PLAIN_BEGINS = b"SQLite format 3\0"
_PAGES = 1_000


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@configured
@as_json
def backup(config: Config, as_json: bool, file: Path, force: bool) -> None:
    """Copy everything to FILE, as it is at one moment, while the daemon runs.

    The copy is a zip file that birdwire restore reads into a database of either kind. If FILE ends in .db, .sqlite or
    .sqlite3, a SQLite database is copied as it is.
    """
    source = Store(config.store.url).url
    is_sqlite = source.get_backend_name() == "sqlite"
    if is_sqlite and not Path(source.database or "").is_file():
        raise Refused(f"there is no database at {source.database}")
    if is_sqlite and file.suffix.lower() in _PLAIN:
        _copy_plain(Path(source.database or ""), file, force=force)
        size = file.stat().st_size
        print_done(f"{file}: {size:,} bytes", as_json=as_json, file=str(file), bytes=size)
        return

    async def write() -> int:
        store = Store(config.store.url, patience=None)  # a large table takes its time
        try:
            with new_file(file, force=force) as out:
                async with store.snapshot() as snapshot:
                    at = await version.of(snapshot)
                    if at is None:
                        raise Refused("there is nothing in the database")
                    if not version.knows(at):
                        raise Refused(NEWER_DATABASE)
                    with counting(await copying.size(snapshot), "copying") as told:
                        return await copying.write(snapshot, out, now=now(), told=told)
        finally:
            await store.close()

    try:
        rows = asyncio.run(write())
    except trouble.trouble() as error:
        raise Refused(f"the database can't be used: {trouble.reason(error)}") from error
    size = file.stat().st_size
    print_done(f"{file}: {rows:,} rows, {size:,} bytes", as_json=as_json, file=str(file), bytes=size, rows=rows)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--hold", is_flag=True, help="Let nothing go out afterwards until birdwire queue release.")
@configured
@as_json
def restore(config: Config, as_json: bool, file: Path, hold: bool) -> None:
    """Fill an empty database from FILE, a copy that birdwire backup made, whichever kind of database it came from.

    It is all or nothing. A copy from an earlier release is brought up to date on the way.
    """

    async def fill(copy: Copy) -> Restored:
        store = Store(config.store.url, patience=None)
        try:
            async with store.unit() as unit:
                with counting(copy.rows, "restoring") as told:
                    outcome = await copy.restore(unit, told=told)
                match outcome:
                    case Restored():
                        if hold:
                            await holding.hold(unit, now=now())
                        return outcome
                    case NotEmpty(table):
                        raise Refused(f"there is something in that database already ({table}): name a new one")
                    case TooNew():
                        raise Refused("a later release of this program made the copy: use that one")
                    case OtherVersion(schema):
                        raise Refused(f"the copy does not fit a database at version {schema}: name a new one")
                    case _:
                        assert_never(outcome)
        finally:
            await store.close()

    with file.open("rb") as opened:
        if opened.read(len(_PLAIN_BEGINS)) == _PLAIN_BEGINS:
            raise Refused(f"{file} is a SQLite database: put it in the place of the one that store.url names")
        try:
            restored = asyncio.run(fill(Copy(opened)))
        except NotACopy as bad:
            raise Refused(f"{file} can't be restored, and nothing was: {bad}") from bad
        except trouble.trouble() as error:
            raise Refused(f"nothing was restored: {trouble.reason(error)}") from error
    words = f"{restored.rows:,} rows as of {restored.made_at:%Y-%m-%d %H:%M} UTC are there."
    if not hold:
        words += "\nWhat was queued then is queued again: hold it with birdwire queue hold before you start."
    print_done(words, as_json=as_json, rows=restored.rows, made_at=restored.made_at, held=hold)


def _copy_plain(source: Path, target: Path, *, force: bool) -> None:
    """SQLite's online backup, checked, as one file that needs no log beside it."""
    try:
        with new_file(target, force=force) as out:
            reader, writer = sqlite3.connect(source), sqlite3.connect(out.name)
            try:
                _copy_pages(reader, writer)
            finally:
                writer.close()
                reader.close()
    except sqlite3.Error as error:
        raise Refused(f"the copy failed: {error}") from error


def _copy_pages(reader: sqlite3.Connection, writer: sqlite3.Connection) -> None:
    """Page by page. The reader looks at one moment meanwhile; else the copy would begin anew after each commit."""
    reader.isolation_level = None
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (total,) = reader.execute("PRAGMA page_count").fetchone()
    with counting(total, "copying") as told:
        left = total

        def progress(_status: int, remaining: int, _total: int) -> None:
            nonlocal left
            told(left - remaining)
            left = remaining

        reader.backup(writer, pages=_PAGES, progress=progress, sleep=0)
    writer.execute("PRAGMA journal_mode = DELETE")
    (verdict,) = writer.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
