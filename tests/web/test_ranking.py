"""Who is followed by how many: counted now and then, and shown as everybody may see it at once."""

import asyncio

import pytest

from gateway.web.ranking import Place, Ranking
from store import people
from store.people import Listed
from store.unit import Reading, Store
from tests.web.browsing import Browser
from tests.web.village import Village


class Clock:
    """A clock that stands, unless somebody counts: that takes a second, or as long as it ``takes``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.takes, self.counted = 0.0, 1.0, 0
        counted = people.counted

        async def slowly(reading: Reading, *, after: int, most: int) -> list[tuple[int, int]]:
            self.counted += 1
            await asyncio.sleep(0)
            found = await counted(reading, after=after, most=most)
            self.now += self.takes
            return found

        monkeypatch.setattr(people, "counted", slowly)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def shown(
    store: Store, ranking: Ranking, *, me: int = 0, behind: Place | None = None, most: int = 10
) -> list[tuple[str, int]]:
    async with store.reading() as reading:
        found, _ = await ranking.page(reading, me, behind=behind, most=most)
    return [(each.name, each.followers) for each in found]


@pytest.fixture
async def town(village: Village) -> Village:
    for name in ("ann", "bob", "carl", "dora", "shy"):
        await village.person(name, protected=name == "shy")
    for follower, followee in (("ann", "carl"), ("bob", "carl"), ("carl", "bob"), ("ann", "shy"), ("bob", "shy")):
        await village.follows(follower, followee)
    return village


async def test_people_stand_by_how_many_follow_them_and_then_by_how_long_they_are_here(town: Village) -> None:
    ranking, ids = Ranking(), town.ids
    everybody = [("carl", 2), ("bob", 1), ("ann", 0), ("dora", 0)]
    assert await shown(town.store, ranking) == everybody
    assert await shown(town.store, ranking, behind=Place(2, ids["carl"]), most=2) == everybody[1:3]
    async with town.store.reading() as reading:
        for behind, place in ((None, Place(1, ids["bob"])), (Place(1, ids["bob"]), None)):
            assert (await ranking.page(reading, 0, behind=behind, most=2))[1] == place


async def test_a_page_goes_on_where_it_was_though_all_is_counted_anew_meanwhile(town: Village, clock: Clock) -> None:
    ranking, ids = Ranking(clock), town.ids
    await shown(town.store, ranking)
    await town.is_suspended("bob")
    await town.follows("dora", "carl")
    clock.now = 1_000
    assert await shown(town.store, ranking, behind=Place(2, ids["carl"])) == [("carl", 3), ("ann", 0), ("dora", 0)][1:]
    assert await shown(town.store, ranking, behind=Place(1, ids["bob"])) == [("ann", 0), ("dora", 0)]
    assert await shown(town.store, ranking, behind=Place(0, ids["ann"])) == [("dora", 0)]
    assert await shown(town.store, ranking, behind=Place(0, ids["dora"])) == []
    assert clock.counted == 2


async def test_a_stretch_of_people_who_were_all_suspended_meanwhile_is_passed_over(town: Village, clock: Clock) -> None:
    ranking = Ranking(clock)
    assert await shown(town.store, ranking, most=1) == [("carl", 2)]
    for name in ("carl", "bob"):
        await town.is_suspended(name)
    assert await shown(town.store, ranking, most=1) == [("ann", 0)]
    for name in ("ann", "dora"):
        await town.is_suspended(name)
    async with town.store.reading() as reading:
        assert await ranking.page(reading, 0, most=1) == ([], None)


async def test_a_page_that_shows_nobody_yet_says_where_it_goes_on(
    town: Village, monkeypatch: pytest.MonkeyPatch, someone: Browser
) -> None:
    monkeypatch.setattr("gateway.web.ranking._TIMES_AS_LONG", 1e9)
    monkeypatch.setattr("gateway.web.ranking._STRETCHES", 1)
    monkeypatch.setattr("gateway.web.people.PAGE", 1)
    await someone.open("/directory")
    await town.is_suspended("carl")
    await someone.open("/directory")
    assert "Nobody" not in someone.text
    [more] = someone.find("//a[@rel='next']/@href")
    await someone.open(more)
    assert "bob" in someone.text


async def test_many_are_counted_a_few_at_a_time(town: Village, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = await shown(town.store, Ranking(clock))
    for at_once, statements in ((1, 5), (2, 3), (3, 2), (100, 1)):
        monkeypatch.setattr("gateway.web.ranking._AT_ONCE", at_once)
        clock.counted = 0
        assert await shown(town.store, Ranking(clock)) == everybody
        assert clock.counted == statements


async def test_it_is_counted_anew_after_a_hundred_times_as_long_as_it_took(town: Village, clock: Clock) -> None:
    ranking = Ranking(clock)
    await shown(town.store, ranking)
    await town.follows("dora", "ann")
    await town.follows("bob", "ann")
    await town.follows("carl", "ann")
    clock.now = 100.5
    assert (await shown(town.store, ranking))[0] == ("carl", 2)
    assert clock.counted == 1
    clock.now = 101.0
    assert (await shown(town.store, ranking))[0] == ("ann", 3)
    assert clock.counted == 2


async def test_a_count_that_was_slow_once_is_not_kept_for_long(town: Village, clock: Clock) -> None:
    ranking = Ranking(clock)
    clock.takes = 20.0
    await shown(town.store, ranking)
    clock.now = 20.0 + 299
    await shown(town.store, ranking)
    assert clock.counted == 1
    clock.now = 20.0 + 301
    await shown(town.store, ranking)
    assert clock.counted == 2


async def test_whoever_comes_while_it_is_counted_waits_the_first_time_and_never_again(
    town: Village, clock: Clock
) -> None:
    ranking = Ranking(clock)
    answers = await asyncio.gather(*(shown(town.store, ranking) for _ in range(5)))
    assert clock.counted == 1
    assert all(each == answers[0] for each in answers)
    clock.now = 1000
    answers = await asyncio.gather(*(shown(town.store, ranking) for _ in range(5)))
    assert clock.counted == 2


async def test_who_may_not_be_seen_any_more_is_gone_at_once(town: Village, clock: Clock) -> None:
    ranking = Ranking(clock)
    await shown(town.store, ranking)
    await town.is_suspended("carl")
    await town.becomes_protected("bob")
    await town.blocks("dora", "ann")
    assert await shown(town.store, ranking) == [("ann", 0), ("dora", 0)]
    assert await shown(town.store, ranking, me=town.ids["ann"]) == [("ann", 0)]
    assert clock.counted == 1


async def test_counts_are_the_same_wherever_somebody_is_listed(town: Village) -> None:
    await town.follows("dora", "shy", state="requested")
    async with town.store.reading() as reading:
        found: dict[str, set[int]] = {}

        def note(rows: list[Listed]) -> None:
            for each in rows:
                found.setdefault(each.name, set()).add(each.followers)

        note((await Ranking().page(reading, 0, most=10))[0])
        note(await people.newest(reading, 0, most=10))
        note(await people.by_name(reading, 0, most=10))
        note(await people.following(reading, town.ids["dora"], town.ids["ann"], most=10))
        for name in ("carl", "shy", "bob"):
            note(await people.named_like(reading, town.ids["dora"], name, most=10))
    assert found == {"carl": {2}, "bob": {1}, "ann": {0}, "dora": {0}, "shy": {2}}
