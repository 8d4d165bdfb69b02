"""Shared commits: what one arrival that fails does to the others, and how many may wait."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from inbound import batch
from inbound.batch import Batcher, Closed, Full
from store.unit import Store, Unit
from tests.wiring import meanwhile

_ADD = text("INSERT INTO facts (name, value) VALUES (:name, 'x')")
_COUNT = text("SELECT count(*) FROM facts")


async def _remember(unit: Unit, names: Sequence[str]) -> list[str]:
    for name in names:
        await unit.execute(_ADD, {"name": name})
    return [f"{name} is remembered" for name in names]


@asynccontextmanager
async def running(batcher: Batcher[str, str]) -> AsyncIterator[Batcher[str, str]]:
    async with meanwhile(batcher.run()), asyncio.timeout(20):
        yield batcher
        await batcher.close()


async def test_one_that_cannot_be_handled_fails_nobody_else_s(store: Store) -> None:
    async with running(Batcher(store, _remember)) as batcher:
        results = await asyncio.gather(
            *(batcher.submit(name) for name in ("ann", "ben", "ann", "cat")), return_exceptions=True
        )
        assert [isinstance(result, Exception) for result in results] == [False, False, True, False]
        async with store.reading() as reading:
            assert (await reading.execute(_COUNT)).scalar_one() == 3


async def test_while_the_database_is_away_nobody_is_tried_alone(store: Store) -> None:
    tried: list[str] = []

    async def handle(_unit: Unit, names: Sequence[str]) -> list[str]:
        tried.append(names[0])
        raise ConnectionResetError

    async with running(Batcher(store, handle)) as batcher:
        results = await asyncio.gather(*(batcher.submit(str(n)) for n in range(20)), return_exceptions=True)
        assert all(isinstance(result, ConnectionResetError) for result in results)
        assert tried == ["0"]


async def test_more_than_can_wait_is_refused_at_once_and_taken_when_it_comes_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_WAITING", 3)
    batcher = Batcher(store, _remember)
    waiting = [asyncio.create_task(batcher.submit(str(n))) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Full):
        await batcher.submit("late")
    async with running(batcher):
        assert [await each for each in waiting] == [f"{n} is remembered" for n in range(3)]
        assert await batcher.submit("late") == "late is remembered"
    with pytest.raises(Closed):
        await batcher.submit("too late")
