"""A day of a thousand people in four time zones, on a clock that is turned by hand.

Fan-out, waking, claiming and settling are the real ones, over a real database; only the wire writes down what it is
given. It has one number, which takes a segment a second. The ledger is then asked what the people would ask.
"""

import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select

from gateway.domain import quiet
from gateway.domain.budget import Budget, Of
from gateway.domain.delivery import RetryRules, Sent
from gateway.domain.pace import Pace
from gateway.domain.reason import SUMMED_UP, USED_UP
from gateway.domain.types import Outgoing, Source
from gateway.service import claiming, fanout, posting, settling, waking
from gateway.service.settling import Result
from gateway.service.site import Site
from store import routes, usage
from store.schema import accounts, addresses, deliveries, follows, posts
from store.unit import Store

PEOPLE, AUTHORS = 1_000, 20
ZONES = ("America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney")
NIGHT = quiet.Hours(time(22), time(7))
BEGIN = datetime(2026, 10, 24, 0, tzinfo=UTC)
"""The night after it the clocks of Berlin are put back."""
END = BEGIN + timedelta(hours=34)
BUDGET = Budget(site=2_500, author=400, recipient=5)
BURST = 2
STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Entry:
    """What the wire was given, and when."""

    at: datetime
    text: Outgoing


class Day:
    """The clock and the one daemon that there is."""

    def __init__(self, store: Store, site: Site) -> None:
        self.store, self.site, self.now = store, site, BEGIN
        self.ledger: list[Entry] = []
        self.woken = 0
        self.dice = random.Random(140)  # noqa: S311 - the same day every time

    async def settle_in(self) -> None:
        """Everybody has a phone and quiet hours at night, and follows two authors by text."""
        async with self.store.unit() as unit:
            self.route = (await routes.ensure(unit, ["+15550009999"]))[1]
            people = range(1, PEOPLE + 1)
            await unit.execute(
                insert(accounts),
                [
                    {
                        "id": n,
                        "name": f"p{n}",
                        "created_at": BEGIN,
                        "time_zone": ZONES[n % 4],
                        "phone_id": n,
                        "sms_route": self.route.id,
                        "email_mode": "off",
                    }
                    for n in people
                ],
            )
            await unit.execute(
                insert(addresses),
                [
                    {
                        "id": n,
                        "channel": "sms",
                        "address": f"+1415{5550000 + n}",
                        "account_id": n,
                        "proven_at": BEGIN,
                        "created_at": BEGIN,
                    }
                    for n in people
                ],
            )
            edges = {
                (author, n) for n in people for author in self.dice.sample(range(1, AUTHORS + 1), 2) if author != n
            }
            await unit.execute(
                insert(follows),
                [
                    {"followee_id": a, "follower_id": n, "state": "accepted", "texts": True, "created_at": BEGIN}
                    for a, n in sorted(edges)
                ],
            )
            for n in people:
                await waking.set_daily(unit, self.site, n, NIGHT, now=BEGIN)

    async def live(self, written: Iterator[tuple[datetime, int, str]]) -> None:
        """Turn the clock from BEGIN to END; what is written comes in at its time."""
        upcoming = next(written, None)
        while self.now < END:
            while upcoming is not None and upcoming[0] <= self.now:
                async with self.store.unit(durable=False) as unit:
                    await posting.publish(unit, self.site, upcoming[1], upcoming[2], source=Source.SMS, now=self.now)
                upcoming = next(written, None)
            await self._keep_house()
            ends = self.now + STEP
            while self.now < ends:
                self.now = await self._send(ends)

    async def _keep_house(self) -> None:
        queued: fanout.Step | None = fanout.Step(0, False)
        while queued is not None:
            async with self.store.reading() as reading:
                if not await fanout.any_waits(reading):
                    break
            async with self.store.unit(durable=False) as unit:
                queued = await fanout.step(unit, now=self.now)
        async with self.store.reading() as reading:
            due = await waking.is_due(reading, now=self.now)
        while due:
            async with self.store.unit(durable=False) as unit:
                woken = await waking.wake_due(unit, self.site, now=self.now)
            self.woken += woken
            due = woken > 0

    async def _send(self, ends: datetime) -> datetime:
        """One claim and what became of it; when to look again."""
        async with self.store.glancing() as reading:
            if not await claiming.lanes_due(reading, self.route, now=self.now):
                return ends
        async with self.store.unit(durable=False) as unit:
            batch = await claiming.claim(
                unit, self.route, Pace(1), most=50, lease=timedelta(minutes=2), now=self.now, site=self.site
            )
            self.ledger += [Entry(self.now, each) for each in batch.deliveries]
            results = [Result(each, Sent(f"SM{each.id}")) for each in batch.deliveries]
            await settling.settle(
                unit, self.site, self.route, results, rules=RetryRules(), now=self.now, dice=[0.5] * len(results)
            )
        if batch.wait_until is not None:
            return min(batch.wait_until, ends)
        return self.now if batch.deliveries or batch.refused else ends


def writing(dice: random.Random) -> Iterator[tuple[datetime, int, str]]:
    """A post or two by most authors over the day, twelve by the busiest two; some of them cost two segments."""
    moments = [
        (BEGIN + timedelta(minutes=dice.randrange(5, 33 * 60)), author)
        for author in range(1, AUTHORS + 1)
        for _ in range(12 if author <= 2 else 1)
    ]
    for n, zone in enumerate(ZONES):  # too much at once to be sent before the night begins
        evening = datetime(2026, 10, 24, 21, 59, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        moments += [(evening, 3 + 4 * n + more) for more in range(2)]
    for n, (at, author) in enumerate(sorted(moments)):
        yield at, author, f"news {n}" + (" żółw" * 14 if n % 7 == 0 else "")


def asleep(person: int, at: datetime) -> bool:
    """By the clock on their wall, asked without any code that is tested."""
    shown = at.astimezone(ZoneInfo(ZONES[person % 4])).time()
    return shown >= NIGHT.start or shown < NIGHT.until


@pytest.mark.timeout(600)
async def test_a_day_of_a_thousand_people(sqlite_template: Path, tmp_path: Path, site: Site) -> None:
    file = tmp_path / "birdwire.db"
    shutil.copy(sqlite_template, file)
    store = Store(f"sqlite:///{file}")
    day = Day(store, replace(site, wake_burst=BURST, budget=BUDGET))
    await day.settle_in()
    await day.live(writing(random.Random(8140)))  # noqa: S311 - the same day every time
    async with store.reading() as reading:
        written = select(posts.c.id, posts.c.author_id)
        author_of = dict([tuple(row) for row in await reading.execute(written)])
        states = select(deliveries.c.state, deliveries.c.reason, func.count()).group_by(
            deliveries.c.state, deliveries.c.reason
        )
        counts = {(state, reason): count for state, reason, count in await reading.execute(states)}
        still = select(deliveries.c.account_id, deliveries.c.due_at).where(deliveries.c.state == "queued")
        waiting = [tuple(row) for row in await reading.execute(still)]
        of_site = (await usage.used(reading, 202610, [(Of.SITE, 0)]))[Of.SITE, 0]
    await store.close()
    ledger = day.ledger

    # It was a day worth looking at.
    assert len(ledger) > 1_000
    assert day.woken >= PEOPLE
    assert counts["dead", SUMMED_UP] > 100
    assert counts["dead", USED_UP] > 100

    # No text at night.
    assert [e for e in ledger if e.text.account_id is None or asleep(e.text.account_id, e.at)] == []

    # The pace of the one number: a segment a second, give or take the text that is on its way.
    spent = Counter[int]()
    for entry in ledger:
        spent[int((entry.at - BEGIN).total_seconds()) // 60] += entry.text.segments
    assert max(spent.values()) <= 62

    # No limit crossed: words of our own are free to go, but count.
    by_author, by_recipient, own = Counter[int](), Counter[int](), 0
    for entry in ledger:
        if entry.text.post_id is None:
            own += entry.text.segments
        else:
            by_author[author_of[entry.text.post_id]] += entry.text.segments
            by_recipient[entry.text.account_id or 0] += entry.text.segments
    assert BUDGET.author - 2 < max(by_author.values()) <= BUDGET.author
    assert BUDGET.recipient - 1 <= max(by_recipient.values()) <= BUDGET.recipient
    assert sum(by_author.values()) <= BUDGET.site
    assert of_site == sum(by_author.values()) + own

    # Nobody gets a post twice, or a later one before an earlier one.
    of_person: dict[int, list[Entry]] = defaultdict(list)
    for entry in ledger:
        of_person[entry.text.account_id or 0].append(entry)
    for entries in of_person.values():
        got = [e.text.post_id for e in entries if e.text.post_id is not None]
        assert got == sorted(set(got))

    # Of what came in the night at most the burst and one summary, once for each night.
    for entries in of_person.values():
        summaries = [e for e in entries if "in your quiet hours" in e.text.text]
        assert len({e.at.date() for e in summaries}) == len(summaries)
        for summary in summaries:
            queued = [e for e in entries if e.text.queued_at == summary.text.queued_at and e is not summary]
            assert len([e for e in queued if e.text.post_id is not None]) <= BURST

    # Whose texts stop is told once.
    told = Counter(e.text.account_id for e in ledger if "used up" in e.text.text)
    assert told
    assert set(told.values()) <= {1, 2}  # an author's and a recipient's are two things

    # Everything is accounted for: sent, summed up, without room, or waiting for somebody who sleeps.
    assert set(counts) == {
        ("sent", ""),
        ("dead", SUMMED_UP),
        ("dead", USED_UP),
        *(c for c in counts if c[0] == "queued"),
    }
    assert counts["sent", ""] == len(ledger)
    assert waiting
    assert [row for row in waiting if not asleep(row[0], END)] == []
