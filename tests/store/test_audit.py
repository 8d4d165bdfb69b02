"""The audit log can be read and added to, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from store import audit
from store.schema import audit as log
from store.timelines import NEWEST
from store.unit import Store, Unit

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def enter(unit: Unit, act: str = "queue.hold", about: int | None = None, at: datetime = NOW) -> int:
    return await audit.add(unit, at=at, door="web", who_id=1, who="ada", act=act, about_id=about, words="x")


@pytest.mark.parametrize("change", [update(log).values(words="y"), delete(log)], ids=["update", "delete"])
async def test_the_database_refuses_to_change_the_log(store: Store, change: object) -> None:
    async with store.unit() as unit:
        await enter(unit)
    with pytest.raises(DBAPIError, match="only added to"):
        async with store.unit() as unit:
            await unit.execute(change)  # type: ignore[call-overload]  # either kind of statement
    async with store.reading() as reading:
        assert [each.words for each in await audit.page(reading, after=0, most=9)] == ["x"]


async def test_it_cannot_be_emptied_at_once_either(store: Store) -> None:
    async with store.unit() as unit:
        await enter(unit)
    with pytest.raises(DBAPIError, match="only added to"):
        async with store.unit() as unit:
            await unit.execute(text("DELETE FROM audit" if store.is_sqlite else "TRUNCATE audit"))


async def test_it_is_leafed_through_both_ways_and_about_one_member(store: Store) -> None:
    async with store.unit() as unit:
        ids = [await enter(unit, about=n % 2 or None) for n in range(5)]
        newest = await audit.newest(unit, before=NEWEST, most=3)
        assert [each.id for each in newest] == ids[:1:-1]
        assert [each.id for each in await audit.newest(unit, before=newest[-1].id, most=3)] == ids[1::-1]
        assert [each.id for each in await audit.page(unit, after=ids[2], most=9)] == ids[3:]
        assert [each.id for each in await audit.newest(unit, before=NEWEST, most=9, about=1)] == [ids[3], ids[1]]


async def test_who_did_what_lately(store: Store) -> None:
    async with store.unit() as unit:
        await enter(unit, "member.see", about=7)
        before, after = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
        assert await audit.did_lately(unit, 1, "member.see", 7, since=before)
        assert not await audit.did_lately(unit, 1, "member.see", 7, since=after)
        assert not await audit.did_lately(unit, 2, "member.see", 7, since=before)
        assert not await audit.did_lately(unit, 1, "member.see", 8, since=before)
        assert not await audit.did_lately(unit, 1, "member.delete", 7, since=before)
