"""A machine that is not well while everybody writes."""

import resource
from datetime import timedelta

import pytest

from tests.faults import trouble
from tests.faults.town import MINUTES, Town

pytestmark = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"] if MINUTES else ["sqlite"], indirect=True)


async def test_the_clock_jumps_forward_and_back(town: Town) -> None:
    """Nothing waits until the wrong time has come."""
    far, town.waits = timedelta(minutes=20), True
    async with town.busy():
        await town.a_while()
        town.clock.jumps_to(far)
        await town.a_while()
        town.clock.jumps_to(-far)
        await town.a_while()
        town.clock.jumps_to(timedelta(0))
        await town.a_while()
    await town.balances()
    assert town.daemon.statuses == []


async def test_file_descriptors_run_out_and_are_there_again(town: Town) -> None:
    async with town.busy():
        await town.a_while()
        most = trouble.descriptors(town.daemon.pid) + 20
        with trouble.limited(town.daemon.pid, resource.RLIMIT_NOFILE, most):
            async with trouble.idle_connections(town.port, town.daemon.mail_port, each=40):
                await town.turns_away()
            await town.a_while()
    await town.balances()
    assert town.daemon.statuses == []
