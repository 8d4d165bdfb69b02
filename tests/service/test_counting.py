"""What is counted by the day: each thing once, on its day, however the steps fall."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from gateway.domain.reason import SUMMED_UP
from gateway.domain.types import PostKind, Source
from gateway.service import counting
from gateway.service.counting import What
from gateway.service.site import Site
from store import posts
from store.posts import NewPost
from store.schema import deliveries
from store.unit import Store
from tests.web.village import NOW, Village

BERLIN = "Europe/Berlin"


async def count_all(store: Store, site: Site, now: object = NOW) -> int:
    """Run all steps until there is nothing more; how many they were."""
    steps = 0
    for step in (counting.count_posts, counting.count_lost):
        more = 1
        while more:
            async with store.unit() as unit:
                more = await step(unit, site, now=now)  # type: ignore[arg-type]  # a moment
            steps += 1
    return steps


async def found(store: Store, site: Site, what: What, days: int = 3) -> dict[date, int]:
    async with store.reading() as reading:
        by_day = await counting.by_day(reading, site, days=days, now=NOW)
    return {day: counts[what] for day, counts in by_day.items()}


async def test_posts_are_counted_once_on_the_days_of_the_site(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "STEP", 2)
    village = Village(store)
    alice = await village.person("alice")
    berlin = replace(site, time_zone=BERLIN)
    midnight = NOW.replace(hour=23)  # in Berlin
    moments = [midnight - timedelta(days=1, minutes=1), midnight - timedelta(days=1), NOW - timedelta(hours=1)]
    for moment in moments:
        async with store.unit() as unit:
            new = NewPost(alice, PostKind.POST, "hello", Source.SMS, moment)
            await posts.add(unit, new)
            await posts.add(unit, replace(new, kind=PostKind.DIRECT, to_account_id=alice))
    await count_all(store, berlin)
    assert list((await found(store, berlin, What.POSTS)).values()) == [0, 1, 2]
    async with store.unit() as unit:
        young = NOW - timedelta(seconds=30)
        await posts.add(unit, NewPost(alice, PostKind.POST, "late", Source.SMS, young))
    await count_all(store, berlin)
    assert list((await found(store, berlin, What.POSTS)).values()) == [0, 1, 2], "it is too young yet"
    await count_all(store, berlin, NOW + timedelta(minutes=1))
    await count_all(store, berlin, NOW + timedelta(minutes=2))
    assert list((await found(store, berlin, What.POSTS)).values()) == [0, 1, 3]


async def test_what_was_given_up_is_counted_once_but_not_what_something_else_came_for(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        row = {"notice_id": 1, "route": 1, "lane": 0, "state": "dead", "due_at": NOW, "queued_at": NOW}
        for days, channel, reason in (
            (0, "sms", "no such phone"),
            (0, "email", "no such mailbox"),
            (1, "sms", ""),
            (1, "sms", SUMMED_UP),
            (40, "sms", "long ago"),
        ):
            at = NOW - timedelta(days=days, minutes=5)
            await unit.execute(insert(deliveries), {**row, "settled_at": at, "channel": channel, "reason": reason})
    await count_all(store, site)
    await count_all(store, site)
    assert list((await found(store, site, What.TEXTS_LOST)).values()) == [0, 1, 1]
    assert list((await found(store, site, What.MAILS_LOST)).values()) == [0, 0, 1]


async def test_what_is_given_up_at_midnight_is_of_the_new_day(store: Store, site: Site) -> None:
    berlin = replace(site, time_zone=BERLIN)
    midnight = NOW.replace(hour=23) - timedelta(days=1)
    async with store.unit() as unit:
        row = {"notice_id": 1, "route": 1, "lane": 0, "state": "dead", "due_at": NOW, "queued_at": NOW}
        for at in (midnight - timedelta(microseconds=1), midnight):
            await unit.execute(insert(deliveries), {**row, "settled_at": at, "channel": "sms", "reason": "x"})
    await count_all(store, berlin)
    assert list((await found(store, berlin, What.TEXTS_LOST)).values()) == [0, 1, 1]


async def test_what_was_sent_is_added_up(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        await counting.add_sent(unit, site, {"sms": 5, "email": 0}, now=NOW)
        await counting.add_sent(unit, site, {"sms": 7}, now=NOW - timedelta(days=1))
        await counting.add_sent(unit, site, {"sms": 3, "email": 2}, now=NOW)
    assert list((await found(store, site, What.TEXTS_SENT)).values()) == [0, 7, 8]
    assert list((await found(store, site, What.MAILS_SENT)).values()) == [0, 0, 2]
