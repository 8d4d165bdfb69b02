"""Two and four daemons share one queue, one pace, the schedules and one bell; what one that dies held is taken over."""

from datetime import timedelta

import pytest

from gateway.daemon import now
from gateway.demo.faults import Fault
from store import schedules
from tests.daemons.running import ALL_ROLES, Town

pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)

PACE = 40
"""Segments a second that the number may send, from all daemons together."""

BY_THE_BELL = {
    "segments_per_second = 100": f"segments_per_second = {PACE}",
    'poll = "1s"': 'poll = "1h"',
    'lease = "4s"': 'lease = "2m"',
    "timeout = 2": "timeout = 20",
}
"""Nobody looks at the queue by himself: what one daemon commits, the others hear, or it never goes out."""


@pytest.mark.parametrize(
    "roles",
    [(ALL_ROLES, ALL_ROLES), ("web,inbound", "outbound", "outbound,schedule", "outbound,schedule")],
    ids=["two that do all", "four that share the roles"],
)
async def test_nothing_goes_out_twice_and_the_pace_is_kept_in_sum(town: Town, roles: tuple[str, ...]) -> None:
    for usual, here in BY_THE_BELL.items():
        assert usual in town.settings
        town.settings = town.settings.replace(usual, here)
    await town.settles(phones=20, mailboxes=10)
    planned = [f"tip {number}" for number in range(3)]
    async with town.store.unit() as unit:
        for words in planned:
            due = now() - timedelta(seconds=1)
            await schedules.add(unit, town.alice, words, cron="", time_zone="UTC", next_at=due, now=now())
    daemons = await town.opens(*roles)
    for number in range(5):
        await town.texts(f"news {number}")
    assert len(town.ledger) == 5
    town.ledger += planned

    await town.carrier.wait_until(lambda: len(town.arrived()) >= 160, within=60)
    await town.falls_quiet()
    await town.balances()
    times = sorted(text.at for text in town.arrived())
    assert times[-1] - times[0] > timedelta(seconds=(len(times) - PACE) / PACE)
    settled = [
        await daemon.counts(town.http, "birdwire_deliveries_settled_total")
        for daemon, has in zip(daemons, roles, strict=True)
        if "outbound" in has
    ]
    assert all(settled), "each of them sent something"
    for daemon in daemons:
        await daemon.stops()


async def test_what_a_killed_daemon_held_is_taken_over_when_its_lease_is_over(town: Town) -> None:
    await town.settles(phones=12, mailboxes=6)
    (first,) = await town.opens(ALL_ROLES)
    town.carrier.misbehave(Fault.HANG, times=12, accepted=False)
    await town.texts("the first")
    await town.carrier.wait_until(lambda: not town.carrier.faults.waiting, within=30)
    await first.is_killed()
    (second,) = await town.opens(ALL_ROLES)
    await town.texts("the second")
    await town.carrier.wait_until(lambda: len(town.arrived()) >= 24, within=30)
    await town.falls_quiet()
    await town.balances(mails_twice=6)
    assert "leases ended" in second.log.read_text()
    await second.stops()
