"""Kill -9 at random moments under load, and clean stops: nothing is lost, and a clean stop doubles nothing."""

import asyncio
import signal

from tests.faults.supervisor import KILLED
from tests.faults.town import MINUTES, Town

KILLS = 100 if MINUTES else 10
"""On each database."""

STOPS = 20 if MINUTES else 2


async def test_killed_at_random_moments_under_load(town: Town) -> None:
    async with town.busy():
        while town.daemon.statuses.count(KILLED) < KILLS:
            if town.dice.random() < 0.8:
                await town.takes(town.dice.randrange(12))
            await asyncio.sleep(town.dice.uniform(0, 0.2))  # the moment is what is tried
            await town.dies(signal.SIGKILL)
    await town.balances()


async def test_stopped_under_load_and_nothing_is_even_doubled(town: Town) -> None:
    async with town.busy():
        for _ in range(STOPS):
            await town.a_while()
            await town.dies(signal.SIGTERM)
            await town.daemon.is_back()
    await town.balances()
    assert town.daemon.statuses == [0] * STOPS
    assert town.balance is not None
    assert town.balance.doubled == 0
