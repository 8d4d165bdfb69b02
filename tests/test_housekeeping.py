"""Jobs end when the daemon stops, and fail without taking it down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from gateway import housekeeping, metrics
from gateway.housekeeping import House, Job, count_sent
from gateway.service import counting
from gateway.service.counting import What
from gateway.service.site import Site
from outbound.worker import DeliverySettings, Tools
from store.unit import Store
from tests.web.village import NOW

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
