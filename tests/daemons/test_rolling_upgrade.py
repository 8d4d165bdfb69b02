"""A release after the other without a pause: the database is upgraded under the old daemons, then each is replaced."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg
import pytest

from store.unit import Store
from tests.daemons.running import ALL_ROLES, NEXT_RELEASE, THIS_RELEASE, Town

pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@asynccontextmanager
async def under_load(town: Town) -> AsyncIterator[None]:
    """Alice writes and writes while the block runs."""
    numbers, enough = count(), asyncio.Event()

    async def write() -> None:
        while not enough.is_set():
            await town.texts(f"news {next(numbers)}")
            await asyncio.sleep(0.1)  # some ten posts a second, for six people each

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        enough.set()
        await writing


@asynccontextmanager
async def table_in_use(store: Store, table: str) -> AsyncIterator[None]:
    """Somebody reads a table in a long transaction, as a copy of the database does."""
    url = store.url
    connection = await asyncpg.connect(host=url.query["host"], user=url.username, database=url.database)
    await connection.execute(f"BEGIN; SELECT count(*) FROM {table}")  # noqa: S608 - the test's own words
    try:
        yield
    finally:
        await connection.close()


async def is_upgraded(town: Town) -> bool:
    """Try to; whether it worked. Else nothing was changed, and whoever upgrades is told to try again."""
    code, said = await town.program(NEXT_RELEASE, "db", "upgrade")
    assert code == 0 or "lock timeout" in said or "deadlock" in said, said
    return code == 0


async def more_is_accepted(town: Town) -> None:
    """Life goes on."""
    before = len(town.ledger)
    async with asyncio.timeout(30):
        while len(town.ledger) < before + 5:  # noqa: ASYNC110 - whoever writes does so in another task
            await asyncio.sleep(0.05)


async def test_the_database_and_then_each_daemon_is_upgraded_while_people_write(town: Town) -> None:
    await town.settles(phones=4, mailboxes=2)
    olds = await town.opens(ALL_ROLES, ALL_ROLES)
    async with under_load(town):
        await more_is_accepted(town)
        async with table_in_use(town.store, "posts"):
            assert not await is_upgraded(town)
            await more_is_accepted(town)
        async with asyncio.timeout(60):
            while not await is_upgraded(town):
                pass
        await more_is_accepted(town)

        news = await town.opens(ALL_ROLES, ALL_ROLES, release=NEXT_RELEASE)
        for old in olds:
            town.proxy.doors.remove(old)
            await old.stops()
            await more_is_accepted(town)
    await town.comes_again()
    await town.falls_quiet()
    await town.balances(but_for="webhook failed")  # an upgrade and a text may stand in each other's way for a second
    for new in news:
        await new.stops()


async def test_an_old_release_says_that_the_database_is_beyond_it(town: Town) -> None:
    (town.folder / "config.toml").write_text(town.settings)
    assert (await town.program(NEXT_RELEASE, "db", "upgrade"))[0] == 0
    (serving, said), (upgrading, advised), (asking, _) = await asyncio.gather(
        town.program(THIS_RELEASE, "serve"),
        town.program(THIS_RELEASE, "db", "upgrade"),
        town.program(NEXT_RELEASE, "db", "status"),
    )
    assert (serving, "start the release that upgraded it" in said) == (1, True), said
    assert (upgrading, "a later release" in advised) == (1, True), advised
    assert asking == 0
