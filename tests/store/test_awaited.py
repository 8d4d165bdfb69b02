"""The engine that is awaited: connections that arrive back in their pool, whatever happens to who had them."""

import asyncio

import pytest
from sqlalchemy import text

from store.awaited import _to_the_end
from store.unit import Store


async def test_what_must_end_does_when_whoever_waits_is_cancelled_twice() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        begun.set()
        await may_end.wait()
        ended = True

    waiting = asyncio.create_task(_to_the_end(work()))
    await begun.wait()
    for _ in range(2):
        waiting.cancel()
        await asyncio.sleep(0)
    assert not waiting.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended


async def test_what_goes_wrong_at_the_end_is_told() -> None:
    async def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await _to_the_end(work())


async def test_a_connection_is_free_again_after_a_statement_that_failed(store: Store) -> None:
    for _ in range(20):  # more than the pool has
        with pytest.raises(Exception, match="nowhere"):
            async with store.reading() as reading:
                await reading.execute(text("SELECT 1 FROM nowhere"))
    async with store.reading() as reading:
        assert (await reading.execute(text("SELECT 1"))).scalar_one() == 1
