"""Weeks in which clocks change, in two zones, on a clock that ticks every half hour: the ledger of all mails."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from random import Random
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.delivery import Deferred, Outcome, Sent
from gateway.domain.types import Outgoing
from gateway.service import tending
from tests.service.conversing import Town
from tests.service.mailroom import Mailroom, words_of

TICK = timedelta(minutes=30)
LIVES_IN = {
    "anna": ("Europe/Berlin", "EMAIL DAILY 8"),
    "bert": ("Europe/Berlin", "EMAIL DAILY 2"),  # an hour that the change leaves out, or has twice
    "cleo": ("America/New_York", "EMAIL DAILY"),
    "dave": ("America/New_York", "EMAIL DAILY 1"),
    "emil": ("Europe/Berlin", "EMAIL HOURLY"),
    "fred": ("America/New_York", "EMAIL ON"),
}
HOUR = {"anna": 8, "bert": 2, "cleo": 8, "dave": 1}
Ledger = dict[str, list[tuple[datetime, list[str]]]]
"""Who got which words in one mail, and when it was made."""


@pytest.mark.parametrize(
    ("first", "days"),
    [
        (datetime(2026, 10, 24, 12, tzinfo=UTC), 9),  # Berlin goes back on the 25th, New York on the 1st of November
        (datetime(2026, 3, 27, 12, tzinfo=UTC), 4),  # Berlin goes forward on the 29th
        (datetime(2026, 3, 6, 12, tzinfo=UTC), 4),  # New York on the 8th
    ],
)
async def test_everybody_gets_one_digest_on_each_day_that_had_posts(town: Town, first: datetime, days: int) -> None:
    town.now = first
    mailroom = Mailroom(town)
    await mailroom.join("alice", "zoe")
    await mailroom.join(*LIVES_IN, follow=("alice", "zoe"))
    for name, (zone, command) in LIVES_IN.items():
        await mailroom.lives_in(name, zone)
        await town.mail(name, command)
    await mailroom.go_on()
    ledger, written = await live(mailroom, first, days)
    assert len(written) > 10
    for name in LIVES_IN:
        mails = [words for _, words in ledger[name]]
        assert all(mails), f"{name} got an empty mail"
        came = list(chain.from_iterable(mails))
        assert sorted(came) == sorted(written), f"{name} missed something, or got it twice"
        assert name == "fred" or came == list(written), f"{name} got something out of order"
    for name, hour in HOUR.items():
        zone = ZoneInfo(LIVES_IN[name][0])
        expected: dict[datetime, list[str]] = defaultdict(list)
        for words, at in written.items():
            expected[due_after(at, hour, zone)].append(words)
        assert [words for _, words in ledger[name]] == list(expected.values()), f"{name} got one on another day"
        assert [made for made, _ in ledger[name]] == list(expected), f"{name} got one at another hour"


async def live(mailroom: Mailroom, first: datetime, days: int) -> tuple[Ledger, dict[str, datetime]]:
    """What everybody got in so many days, and what was written when. Nobody writes on the third day; the relay puts off
    some mails, and now and then a daemon dies with what it holds."""
    town, dice = mailroom.town, Random(7)  # noqa: S311 - nothing is secret here
    written: dict[str, datetime] = {}
    ledger: Ledger = defaultdict(list)

    async def relay(delivery: Outgoing) -> Outcome:
        if dice.random() < 0.15:
            return Deferred("451 4.7.1 later", 60.0)
        ledger[delivery.to.partition("@")[0]].append((delivery.queued_at, words_of(delivery)))
        return Sent("250 2.0.0 ok")

    for n in range(days * 48):
        town.now = first + n * TICK
        if town.now.date() != first.date() + timedelta(days=2) and dice.random() < 0.12:
            words = f"note {len(written)}"
            town.now -= timedelta(seconds=10)  # which writing takes
            await town.text(dice.choice(["alice", "zoe"]), words)
            written[words] = town.now
            await mailroom.fan_out()
        await mailroom.make()
        if dice.random() < 0.05:
            await mailroom.claim()
        await mailroom.send(relay)
        town.now += timedelta(minutes=10)
        async with town.store.unit() as unit:
            await tending.end_leases(unit, now=town.now)
        await mailroom.send(relay)
    for n in range(3 * 48):  # what still waits
        town.now = first + (days * 48 + n) * TICK
        await mailroom.make()
        await mailroom.send(relay)
    return ledger, written


def due_after(moment: datetime, hour: int, zone: ZoneInfo) -> datetime:
    """When clocks first show this hour on a day, after the moment: found by looking at them every minute."""
    day = moment.astimezone(zone).date()
    due = _shown(day, hour, zone)
    return due if due >= moment else _shown(day + timedelta(days=1), hour, zone)


def _shown(day: date, hour: int, zone: ZoneInfo) -> datetime:
    moment = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    while moment.astimezone(zone).hour < hour:
        moment += timedelta(minutes=1)
    return moment
