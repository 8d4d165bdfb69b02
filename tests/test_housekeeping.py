"""Jobs end when the daemon stops, and fail without taking it down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from gateway import housekeeping, metrics
from gateway.housekeeping import House, Job, count_sent, keep_house
from gateway.service import counting
from gateway.service.counting import What
from gateway.service.site import Site
from outbound.worker import DeliverySettings, Tools
from store import addresses, routes
from store.schema import accounts, deliveries, notices, parted_texts, polls, posts
from store.unit import Store

_ADD = text("INSERT INTO facts (name, value) VALUES ('swept', 'x')")
_COUNT = text("SELECT count(*) FROM facts")
_OFTEN = 0.01


@asynccontextmanager
async def keeping(job: Job) -> AsyncIterator[House]:
    house = House([(job, _OFTEN)])
    house.start()
    async with asyncio.timeout(20):
        yield house


async def test_a_job_at_work_ends_before_the_house_is_closed(store: Store) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def sweep() -> None:
        async with store.unit() as unit:
            begun.set()
            await go_on.wait()
            await unit.execute(_ADD)

    async with keeping(sweep) as house:
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        await house.close()
        async with store.reading() as reading:
            assert (await reading.execute(_COUNT)).scalar_one() == 1


async def test_a_job_that_does_not_end_is_cut_off_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "GRACE", 0.1)
    begun = asyncio.Event()

    async def sweep() -> None:
        async with store.unit() as unit:
            await unit.execute(_ADD)
            begun.set()
            await asyncio.get_running_loop().create_future()

    async with keeping(sweep) as house:
        await begun.wait()
        await house.close()
        async with store.unit() as unit:
            assert (await unit.execute(_COUNT)).scalar_one() == 0


@pytest.mark.parametrize(
    ("error", "event"), [(ConnectionResetError(), "housekeeping waits"), (ValueError(), "housekeeping failed")]
)
async def test_a_job_that_fails_is_written_down_and_runs_again(error: Exception, event: str) -> None:
    runs, again = 0, asyncio.Event()

    async def sweep() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            again.set()
        raise error

    with capture_logs() as logs:
        async with keeping(sweep) as house:
            await again.wait()
            await house.close()
    assert {(line["event"], line["job"]) for line in logs} == {(event, "sweep")}


async def test_a_closed_house_begins_nothing() -> None:
    runs: list[str] = []
    enough = asyncio.Event()

    async def sweep() -> None:
        runs.append("here")

    async def next_door() -> None:
        runs.append("next door")
        if runs.count("next door") == 3:
            enough.set()

    async with keeping(sweep) as house, keeping(next_door) as other:
        await house.close()
        runs.clear()
        await enough.wait()
        await other.close()
    assert "here" not in runs


async def test_a_job_runs_as_soon_as_the_house_is_open() -> None:
    """A daemon that is killed before a job's first time would come leaves nothing lying."""
    ran = asyncio.Event()

    async def sweep() -> None:
        ran.set()

    house = House([(sweep, 3_600)])
    house.start()
    async with asyncio.timeout(20):
        await ran.wait()
        await house.close()


async def test_a_house_that_is_closed_does_its_jobs_once_more_if_asked() -> None:
    for once_more, expected in ((False, 1), (True, 2)):
        runs: list[int] = []
        ran = asyncio.Event()

        async def sweep(runs: list[int] = runs, ran: asyncio.Event = ran) -> None:
            runs.append(1)
            ran.set()

        house = House([(sweep, 3_600)])
        house.start()
        async with asyncio.timeout(20):
            await ran.wait()
            await house.close(once_more=once_more)
        assert len(runs) == expected


async def test_what_was_sent_is_added_to_the_day_once_also_when_it_could_not_be_written_at_first(
    store: Store, site: Site
) -> None:
    tools = Tools(store, site, DeliverySettings(), lambda: NOW, lambda: 0.5)
    metrics.deliveries_sent("sms", segments=9, delays=[1.0])
    job = count_sent(tools)

    async def counted() -> int:
        async with store.reading() as reading:
            by_day = await counting.by_day(reading, site, days=1, now=NOW)
        return by_day[NOW.date()][What.TEXTS_SENT]

    await job()
    assert await counted() == 0, "what was sent before is not of this daemon's day"
    metrics.deliveries_sent("sms", segments=3, delays=[1.0, 1.0, 1.0])
    await job()
    await job()
    assert await counted() == 3
    metrics.deliveries_sent("sms", segments=2, delays=[1.0, 1.0])
    async with store.connection() as connection:
        await connection.execute(text("ALTER TABLE day_counts RENAME TO elsewhere"))
    with pytest.raises(DBAPIError):
        await job()
    async with store.connection() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO day_counts"))
    await job()
    assert await counted() == 5


# ---- the jobs

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)


@pytest.fixture
def tools(store: Store, site: Site) -> Tools:
    return Tools(store, site, DeliverySettings(), lambda: NOW, Random(1).random)  # noqa: S311


def job_of(tools: Tools, name: str) -> Job:
    [job] = [job for job, _ in keep_house(tools, None)._jobs if job.__name__ == name]
    return job


async def words_that_wait(store: Store) -> list[str]:
    async with store.reading() as reading:
        waiting = select(notices.c.text).join(deliveries, deliveries.c.notice_id == notices.c.id)
        return sorted((await reading.execute(waiting.where(deliveries.c.state == "queued"))).scalars())


@pytest.mark.parametrize("name", ["wake_people", "tell_results", "match_receipts", "give_up_parts", "count_up"])
async def test_where_there_is_nothing_to_do_no_writer_is_held_up(
    tools: Tools, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Store, "unit")
    await job_of(tools, name)()


async def test_a_poll_is_told_as_soon_as_it_is_closed(tools: Tools) -> None:
    async with tools.store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        await unit.execute(insert(accounts), {"id": 1, "name": "alice", "created_at": LONG_AGO})
        phone = await addresses.find_or_add(unit, "sms", "+15550001001", now=LONG_AGO)
        await addresses.attach(unit, phone.id, 1, proven_at=LONG_AGO)
        asked = {"author_id": 1, "kind": "post", "text": "?", "source": "sms", "created_at": LONG_AGO}
        await unit.execute(insert(posts), [{"id": n, **asked} for n in (1, 2, 3)])
        closes_at = {1: NOW - timedelta(hours=1), 2: NOW, 3: NOW + timedelta(seconds=1)}
        words = {"options": "yes\nno", "told": 0}
        rows = [{"post_id": n, "question": f"No {n}?", "closes_at": at, **words} for n, at in closes_at.items()]
        await unit.execute(insert(polls), rows)
    await job_of(tools, "tell_results")()
    told = await words_that_wait(tools.store)
    assert [words.split("?")[0] for words in told] == ["Closed: No 1", "Closed: No 2"]


async def test_senders_hear_of_parts_that_no_longer_come(tools: Tools) -> None:
    part = {"source": "smpp", "recipient": "+15550009999", "reference": 1, "total": 2, "parts": "{}", "came": 1}
    last = {"+15550001001": LONG_AGO, "+15550001002": LONG_AGO, "+15550001003": NOW}
    async with tools.store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        await unit.execute(insert(parted_texts), [{**part, "sender": who, "last_at": at} for who, at in last.items()])
    await job_of(tools, "give_up_parts")()
    assert len(await words_that_wait(tools.store)) == 2
    async with tools.store.reading() as reading:
        assert list((await reading.execute(select(parted_texts.c.sender))).scalars()) == ["+15550001003"]
