"""Units of work when they are cut off: by a cancellation, by a silent network, by what the database refuses."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from store import postgresql
from store.sql import rows
from store.sqlite import _is_short
from store.trouble import is_away, trouble
from store.unit import Store, Unit

_SLOW = text(
    "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 20000)"
    " UPDATE facts SET value = CAST((SELECT max(i) FROM numbers) AS TEXT) RETURNING name"
)
_COUNT = text("SELECT count(*) FROM facts")


@pytest.fixture
def without_gc() -> Iterator[None]:
    """Nothing is cleaned up by chance."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.collect()


async def _remember(unit: Unit, name: str) -> None:
    await unit.execute(text("INSERT INTO facts (name, value) VALUES (:name, 'x')"), {"name": name})


@pytest.mark.usefixtures("without_gc")
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 40])
@pytest.mark.parametrize("durable", [True, False])
async def test_a_cancelled_unit_leaves_nothing_behind_and_nobody_waiting(
    store: Store, turns: int, durable: bool
) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with store.unit(durable=durable) as unit:
            await _remember(unit, "half")
            begun.set()
            await unit.execute(_SLOW)
            await asyncio.get_running_loop().create_future()

    working = asyncio.create_task(work())
    await begun.wait()
    for _ in range(turns):
        await asyncio.sleep(0)
    working.cancel()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    async with asyncio.timeout(30):
        for again in (durable, not durable):
            async with store.unit(durable=again) as unit:
                assert (await unit.execute(_COUNT)).scalar_one() == 0


@pytest.mark.usefixtures("without_gc")
async def test_units_that_are_cancelled_anywhere_commit_all_or_nothing(store: Store) -> None:
    async def work(number: int) -> None:
        async with store.unit(durable=number % 2 == 0) as unit:
            await _remember(unit, f"{number}-first")
            await unit.execute(text("UPDATE facts SET value = value RETURNING name"))
            await _remember(unit, f"{number}-second")

    for number in range(60):
        working = asyncio.create_task(work(number))
        for _ in range(number):
            await asyncio.sleep(0)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        async with asyncio.timeout(30), store.unit(durable=number % 3 == 0) as unit:
            assert (await unit.execute(_COUNT)).scalar_one() % 2 == 0


async def test_what_was_to_be_written_is_not_in_the_error(store: Store) -> None:
    async with store.unit() as unit:
        await _remember(unit, "private words")
    with pytest.raises(trouble()) as failed:
        async with store.unit() as unit:
            await unit.execute(
                text("INSERT INTO facts (name, value) VALUES (:name, :value)"),
                {"name": "private words", "value": "more of them"},
            )
    assert "more of them" not in str(failed.value)
    assert not is_away(failed.value)


class Line:
    """A network between us and the PostgreSQL of the tests, that can fall silent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open = asyncio.Event()
        self.open.set()
        self.port = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(str(self.folder / ".s.PGSQL.5432"))
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._one_way(reader, ours))
                both.create_task(self._one_way(theirs, writer))
        except* OSError:
            pass
        finally:
            ours.close()
            writer.close()

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.open.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


@asynccontextmanager
async def line_to(folder: Path) -> AsyncIterator[Line]:
    line = Line(folder)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    yield line
    line.open.set()
    server.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_silent_network_holds_nobody_for_ever_and_is_forgiven(
    store_url: str, postgres_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_TIMEOUT", 1.0)
    async with asyncio.timeout(60), line_to(postgres_folder) as line:
        url = store_url.replace("@/", f"@127.0.0.1:{line.port}/").split("?")[0]
        store = Store(url, patience=1.0)
        try:
            async with store.unit() as unit:
                await _remember(unit, "before")
            line.open.clear()
            for _ in range(2):
                with pytest.raises(trouble()) as failed:
                    async with store.unit() as unit:
                        await _remember(unit, "meanwhile")
                assert is_away(failed.value)
            line.open.set()
            async with store.unit() as unit:
                await _remember(unit, "after")
        finally:
            await store.close()  # a connection that is left open keeps the loop from ending


async def test_a_glance_sees_all_that_is_committed_and_waits_for_no_writer(store: Store) -> None:
    for others in range(3):
        async with store.unit() as unit:
            await _remember(unit, f"number {others}")
            async with asyncio.timeout(30), store.glancing() as reading:
                assert (await reading.execute(_COUNT)).scalar_one() == others
        async with store.glancing() as reading:
            assert (await reading.execute(_COUNT)).scalar_one() == others + 1


async def test_many_that_glance_at_once_for_the_first_time_share_one_connection(store: Store) -> None:
    async def glance() -> int:
        async with store.glancing() as reading:
            return (await reading.execute(text("SELECT 1"))).scalar_one()

    assert await asyncio.gather(*(glance() for _ in range(5))) == [1] * 5
    gc.collect()  # one that was opened and forgotten would complain


async def test_a_bare_transaction_waits_its_turn_among_the_units(store: Store) -> None:
    async def in_a_unit(name: str) -> None:
        async with store.unit() as unit:
            await _remember(unit, f"{name}-first")
            await asyncio.sleep(0)
            await _remember(unit, f"{name}-second")

    async def broken(name: str) -> None:
        with suppress(ZeroDivisionError):
            async with store.connection() as connection:
                await connection.execute(text("UPDATE facts SET value = value"))
                await _remember(Unit(connection), name)
                raise ZeroDivisionError

    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(in_a_unit(f"kept{number}"))
            tasks.create_task(broken(f"undone{number}"))
    async with store.reading() as reading:
        names = (await reading.execute(text("SELECT name FROM facts"))).scalars().all()
    assert sorted(names) == sorted(f"kept{number}-{part}" for number in range(20) for part in ("first", "second"))


def test_what_is_soon_worked_off_needs_no_thread_on_sqlite() -> None:
    """A mail as it came is one long row."""
    connection = sqlite3.connect(":memory:")
    cursor = connection.cursor()

    def is_short(statement: str, *values: Sequence[object]) -> bool:
        return _is_short(cursor.execute, (statement, [rows(values)]))

    adding = "INSERT INTO inbox (raw) SELECT value FROM json_each(?)"
    assert is_short(adding, ["x" * 5_000])
    assert is_short(adding, *[["x" * 2_000]] * 4)
    assert not is_short(adding, *[["x" * 2_000]] * 5)
    assert not is_short(adding, ["x" * 20_000])
    assert is_short(adding, *([n] for n in range(100)))
    assert not is_short(adding, *([n] for n in range(1_000)))
    connection.close()
