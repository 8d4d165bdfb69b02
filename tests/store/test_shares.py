"""How daemons on one database share so many places."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.shares import Shares, part
from store.unit import Store
from tests.wiring import meanwhile

BEAT = 0.05


class Uses:
    """Uses all that it may, at once, and lets go when it is told."""

    def __init__(self) -> None:
        self.most = 99
        self.in_use = 0
        self.stubborn = False
        self.told = 0

    def limit(self, most: int) -> None:
        self.most = most
        self.told += 1
        if not self.stubborn:
            self.in_use = most


@asynccontextmanager
async def daemon(url: str, most: int) -> AsyncIterator[Uses]:
    store, uses = Store(url), Uses()
    try:
        async with meanwhile(Shares(store, most, uses, beat=BEAT).run()):
            if not store.is_sqlite:
                await until(lambda: uses.told > 1)
            yield uses
    finally:
        await store.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - daemons ring no bell for each other here
            await asyncio.sleep(BEAT / 5)


@pytest.mark.parametrize("most", [1, 4, 7])
@pytest.mark.parametrize("daemons", [1, 2, 3, 9])
def test_the_parts_are_even_and_together_the_whole(most: int, daemons: int) -> None:
    parts = [part(most, daemons, rank) for rank in range(daemons)]
    assert sum(parts) == most
    assert all(0 <= one - other <= 1 for one, other in pairwise(parts))


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_who_comes_gets_a_part_and_what_goes_is_free_again(store_url: str) -> None:
    async with daemon(store_url, 4) as first:
        assert first.most == 4
        async with daemon(store_url, 4) as second:
            await until(lambda: (first.most, second.most) == (2, 2))
            async with daemon(store_url, 4) as third:
                await until(lambda: sorted((first.most, second.most, third.most)) == [1, 1, 2])
        await until(lambda: first.most == 4)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_place_that_is_still_used_is_nobody_elses(store_url: str) -> None:
    async with daemon(store_url, 2) as first:
        first.stubborn = True
        store, second = Store(store_url), Uses()
        shares = Shares(store, 2, second, beat=BEAT)
        async with meanwhile(shares.run()):
            await until(lambda: first.most == 1)
            so_far = second.told
            await until(lambda: second.told > so_far + 3)
            assert second.most == 0, "the first has two mails under way"
            first.in_use = 1
            await until(lambda: second.most == 1)
        await store.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_what_was_to_be_given_back_may_be_used_again_when_nobody_wants_it(store_url: str) -> None:
    async with daemon(store_url, 2) as first:
        first.stubborn = True
        store, second = Store(store_url), Uses()
        async with meanwhile(Shares(store, 2, second, beat=BEAT).run()):
            await until(lambda: first.most == 1)
        await store.close()
        await until(lambda: first.most == 2)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_more_daemons_than_places_leave_some_with_none(store_url: str) -> None:
    async with daemon(store_url, 1) as first, daemon(store_url, 1) as second:
        await until(lambda: first.most + second.most == 1)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_lost_is_made_anew_with_what_was_held(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.shares._PATIENCE", BEAT)
    async with daemon(store_url, 3) as first:
        store = Store(store_url)
        async with store.listening() as connection:
            holders = "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'"
            (pid,) = (await connection.execute(text(holders))).scalars()
            await connection.execute(text(f"SELECT pg_terminate_backend({pid})"))

            async def holds_again() -> bool:
                found = (await connection.execute(text(f"{holders} AND pid <> {pid}"))).scalars().all()
                return len(found) == 1

            async with asyncio.timeout(20):
                while not await holds_again():
                    pass
        await store.close()
        assert first.most == 3
        async with daemon(store_url, 3) as second:
            await until(lambda: second.most > 0 and first.most + second.most == 3)


class Late(Store):
    """Comes to its connection when it may."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.may = asyncio.Event()
        self.may.set()

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator[AsyncConnection]:
        await self.may.wait()
        async with super().sharing() as connection:
            yield connection


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_who_comes_back_first_when_the_database_was_gone_leaves_the_others_what_they_use(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.shares._PATIENCE", BEAT)
    monkeypatch.setattr("store.shares._COMES_BACK", 1e6)
    late, second = Late(store_url), Uses()
    async with daemon(store_url, 4) as first, meanwhile(Shares(late, 4, second, beat=BEAT).run()):
        await until(lambda: (first.most, second.most) == (2, 2))
        late.may.clear()
        store = Store(store_url)
        async with store.listening() as connection:
            holders = "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'"
            for pid in (await connection.execute(text(holders))).scalars():
                await connection.execute(text(f"SELECT pg_terminate_backend({pid})"))
            async with asyncio.timeout(20):
                while len((await connection.execute(text(holders))).all()) != 1:
                    pass
        await store.close()
        so_far = first.told
        await until(lambda: first.told > so_far + 3)
        assert (first.most, second.most) == (2, 2), "the second has not noticed yet, or cannot say so"
        so_far = second.told
        late.may.set()
        await until(lambda: second.told > so_far + 1)
        assert (first.most, second.most) == (2, 2)
    await late.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_whoever_waits_for_the_first_place_is_woken_once_it_is_there(store_url: str) -> None:
    store, uses = Store(store_url), Uses()
    rang: list[int] = []
    store.on_bell(lambda: rang.append(uses.most))
    async with meanwhile(Shares(store, 4, uses, beat=BEAT).run()):
        await until(lambda: uses.told > 3)
    await store.close()
    assert rang == [4]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_on_sqlite_all_places_are_ones_own(store_url: str) -> None:
    async with daemon(store_url, 4) as alone:
        assert alone.most == 99, "nothing was limited"
