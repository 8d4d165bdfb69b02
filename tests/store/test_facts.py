"""What the instance remembers about itself, and what is built on it: its key, and the hold on its queue."""

import asyncio
from datetime import UTC, datetime

from gateway.service import holding, identity
from store import facts
from store.unit import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_a_fact_is_kept_replaced_and_forgotten(store: Store) -> None:
    async with store.unit() as unit:
        assert await facts.get(unit, "a") is None
        await facts.add(unit, "a", "1")
        await facts.add(unit, "a", "2")
        assert await facts.get(unit, "a") == "1"
        await facts.put(unit, "a", "3")
        await facts.put(unit, "b", "4")
        assert (await facts.get(unit, "a"), await facts.get(unit, "b")) == ("3", "4")
        assert await facts.drop(unit, "a")
        assert not await facts.drop(unit, "a")


async def test_the_key_is_made_once_for_all_who_start_together(store: Store) -> None:
    async def start() -> bytes:
        async with store.unit() as unit:
            return await identity.key(unit, "")

    first, *others = await asyncio.gather(*(start() for _ in range(4)))
    assert len(first) == 32
    assert set(others) == {first}
    assert await start() == first


async def test_a_configured_key_is_used_and_not_kept(store: Store) -> None:
    async with store.unit() as unit:
        assert await identity.key(unit, "x" * 32) == await identity.key(unit, "x" * 32)
        assert await identity.key(unit, "x" * 32) != await identity.key(unit, "y" * 32)
        assert await facts.get(unit, "key") is None


async def test_the_queue_is_held_until_it_is_released(store: Store) -> None:
    rung = []
    store.on_bell(lambda: rung.append(True))
    async with store.unit() as unit:
        assert await holding.hold(unit, now=NOW)
        assert not await holding.hold(unit, now=NOW)
    async with store.reading() as reading:
        assert await holding.held_since(reading) == NOW
    assert not rung
    async with store.unit() as unit:
        assert await holding.release(unit)
        assert not await holding.release(unit)
        assert await holding.held_since(unit) is None
    assert rung
