"""The ledger of consent can be read and added to, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from store import consents
from store.schema import consents as ledger
from store.unit import Store

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
PHONE, OTHER = "+15550001001", "+15550001002"


@pytest.mark.parametrize("change", [update(ledger).values(words="yes"), delete(ledger)], ids=["update", "delete"])
async def test_the_database_refuses_to_change_the_ledger(store: Store, change: object) -> None:
    async with store.unit() as unit:
        await consents.add(unit, PHONE, action="refused", how="sms", words="STOP", now=NOW)
    with pytest.raises(DBAPIError, match="only added to"):
        async with store.unit() as unit:
            await unit.execute(change)  # type: ignore[call-overload]  # either kind of statement
    async with store.reading() as reading:
        assert [each.words for each in await consents.of(reading, PHONE)] == ["STOP"]


async def test_it_is_read_page_by_page_whole_or_of_one_address(store: Store) -> None:
    async with store.unit() as unit:
        for n in range(5):
            await consents.add(unit, (PHONE, OTHER)[n % 2], action="given", how="sms", words=str(n), now=NOW)

    async def read(address: str | None) -> list[list[str]]:
        pages, after = [], 0
        async with store.reading() as reading:
            while page := await consents.page(reading, after=after, most=2, address=address):
                pages.append([each.words for each in page])
                after = page[-1].id
        return pages

    assert await read(None) == [["0", "1"], ["2", "3"], ["4"]]
    assert await read(PHONE) == [["0", "2"], ["4"]]
    assert await read("+15550001003") == []


async def test_codes_are_counted_by_phone_and_by_who_asked_and_old_ones_not(store: Store) -> None:
    async with store.unit() as unit:
        for address, words, at in (
            (PHONE, "for 1", NOW),
            (PHONE, "for 2", NOW),
            (OTHER, "for 1", NOW),
            (PHONE, "for 1", NOW - timedelta(days=2)),
        ):
            await consents.add(unit, address, action="asked", how="web", words=words, now=at)
        await consents.add(unit, PHONE, action="given", how="sms", words="for 1", now=NOW)
        since = NOW - timedelta(days=1)
        assert await consents.count_asked(unit, PHONE, "for 3", since=since) == 2
        assert await consents.count_asked(unit, OTHER, "for 1", since=since) == 2
        assert await consents.count_asked(unit, OTHER, "for 2", since=since) == 1
