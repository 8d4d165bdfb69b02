"""Fan-out while the database is away, and when it is there and refuses."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gateway.service import fanout
from outbound import fanout as daemon_part
from outbound.fanout import FanOut
from store.trouble import trouble
from store.unit import Reading, Store, Unit
from tests.wiring import meanwhile


def _now() -> datetime:
    return datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_part, "_PATIENCE", 0.001)


async def _one_does(_reading: Reading) -> bool:
    return True


async def test_it_waits_for_a_database_that_is_away(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tries, back = 0, asyncio.Event()

    async def step(_unit: Unit, *, now: datetime) -> None:
        nonlocal tries
        tries += 1
        if tries <= 3 * daemon_part._TRIES:
            raise ConnectionResetError
        back.set()

    monkeypatch.setattr(fanout, "any_waits", _one_does)
    monkeypatch.setattr(fanout, "step", step)
    async with meanwhile(FanOut(store, _now, poll=timedelta(seconds=1)).run()), asyncio.timeout(20):
        await back.wait()


async def test_a_page_that_fails_time_and_again_takes_the_daemon_down(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def step(unit: Unit, *, now: datetime) -> None:
        nonlocal tries
        tries += 1
        await unit.execute(text("SELECT * FROM nests"))

    monkeypatch.setattr(fanout, "any_waits", _one_does)
    monkeypatch.setattr(fanout, "step", step)
    with pytest.raises(trouble()):
        async with asyncio.timeout(20):
            await FanOut(store, _now, poll=timedelta(seconds=1)).run()
    assert tries == daemon_part._TRIES
