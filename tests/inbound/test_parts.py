"""Long texts that come in in parts, on both databases: joined once, in any order, or told about."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count, permutations

import pytest
from sqlalchemy import func, select, update

from gateway.domain.sms_wire import Part
from gateway.domain.types import Channel
from gateway.service import tending
from gateway.service.site import Site
from inbound.intake import Intake
from inbound.message import Accepted, Inbound, Phone
from store import routes
from store import schema as tables
from store.parted import MOST_OF_SENDER
from store.unit import Store
from tests.wiring import meanwhile

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OURS, ALICE = "+15550009999", "+15550000001"
_ids = count()


class Door:
    """Where parts come in, on one daemon or another."""

    def __init__(self, store: Store, site: Site, intakes: list[Intake]) -> None:
        self.store, self.site, self.intakes = store, site, intakes

    async def says(self, words: str, reference: int, total: int, number: int, *, at: int = 0, **more: str) -> Accepted:
        part = Part(reference, total, number, words) if total else None
        message = Inbound(
            source="smpp",
            remote_id=more.get("remote_id", f"m{next(_ids)}"),
            channel=Channel.SMS,
            door=Phone(),
            sender=more.get("sender", ALICE),
            to=OURS,
            text=words,
            raw="",
            received_at=NOW,
            part=part,
        )
        return await self.intakes[at].take(message)

    async def posts(self) -> list[str]:
        async with self.store.reading() as reading:
            return list((await reading.execute(select(tables.posts.c.text).order_by(tables.posts.c.id))).scalars())

    async def answers(self) -> list[str]:
        async with self.store.reading() as reading:
            return list((await reading.execute(select(tables.notices.c.text).order_by(tables.notices.c.id))).scalars())

    async def waiting(self) -> int:
        async with self.store.reading() as reading:
            return (await reading.execute(select(func.count()).select_from(tables.parted_texts))).scalar_one()


@pytest.fixture
async def door(store: Store, site: Site) -> AsyncIterator[Door]:
    async with store.unit() as unit:
        await routes.ensure(unit, [OURS])
        known = await routes.by_sender(unit)
    intakes = [Intake(store, site, known, lambda: NOW, lambda: "4821") for _ in range(2)]
    one, other = intakes
    async with meanwhile(one.run()), meanwhile(other.run()):
        opened = Door(store, site, intakes)
        await opened.says("JOIN alice", 0, 0, 0)
        yield opened
        for each in intakes:
            await each.close()


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_parts_in_any_order_are_one_post(door: Door, order: tuple[int, ...]) -> None:
    words = {1: "one ", 2: "two ", 3: "three"}
    for number in order:
        assert not await door.posts()
        await door.says(words[number], 7, 3, number)
    assert await door.posts() == ["one two three"]


async def test_a_command_in_parts_is_a_command(door: Door) -> None:
    await door.says("FOLLOW ", 9, 2, 1)
    accepted = await door.says("nobody", 9, 2, 2)
    assert "nobody" in accepted.answer
    assert not await door.posts()


async def test_parts_that_come_twice_also_when_all_is_joined_do_nothing_twice(door: Door) -> None:
    for _ in range(2):
        await door.says("one ", 7, 2, 1)
        await door.says("two", 7, 2, 2)
    assert await door.posts() == ["one two"]


async def test_the_same_part_under_the_same_id_gets_the_same_answer(door: Door) -> None:
    await door.says("FOLLOW ", 9, 2, 1, remote_id="a")
    first = await door.says("nobody", 9, 2, 2, remote_id="b")
    again = await door.says("nobody", 9, 2, 2, remote_id="b")
    assert again == Accepted(new=False, answer=first.answer)


async def test_a_reference_that_is_used_again_is_another_text(door: Door) -> None:
    for words in ("one", "another"):
        await door.says(f"{words} ", 7, 2, 1)
        await door.says("end", 7, 2, 2) if words == "one" else await door.says("stop", 7, 2, 2)
    assert await door.posts() == ["one end", "another stop"]


async def test_texts_of_several_phones_are_not_mixed(door: Door) -> None:
    await door.says("JOIN bob", 0, 0, 0, sender="+15550000002")
    await door.says("alice ", 7, 2, 1)
    await door.says("bob ", 7, 2, 1, sender="+15550000002")
    await door.says("was here", 7, 2, 2, sender="+15550000002")
    assert await door.posts() == ["bob was here"]
    await door.says("waves", 7, 2, 2)
    assert await door.posts() == ["bob was here", "alice waves"]


async def test_a_pair_that_two_parts_share_is_whole_in_the_post(door: Door) -> None:
    high, low = "\ud83c", "\udf70"
    await door.says(f"cake {high}", 7, 2, 1)
    await door.says(f"{low}\x00!", 7, 2, 2)
    assert await door.posts() == ["cake 🍰!"]


async def test_parts_that_meet_at_two_daemons_at_once_are_one_post(door: Door) -> None:
    for reference in range(8):
        if reference % 2:  # else both begin it
            await door.says(f"{reference} ", reference, 3, 1)
        parts = [
            (n, words) for n, words in enumerate((f"{reference} ", "of ", "many"), 1) if n > 1 or not reference % 2
        ]
        await asyncio.gather(*(door.says(words, reference, 3, n, at=n % 2) for n, words in parts))
    assert sorted(await door.posts()) == sorted(f"{reference} of many" for reference in range(8))


async def give_up(door: Door, later: timedelta) -> int:
    async with door.store.unit() as unit:
        return await tending.give_up_parts(unit, door.site, now=NOW + later)


async def test_when_a_part_never_comes_nothing_is_posted_and_the_sender_is_told(door: Door) -> None:
    await door.says("one ", 7, 3, 1)
    await door.says("three", 7, 3, 3)
    assert await give_up(door, tending.PARTS_WITHIN) == 0
    assert await give_up(door, tending.PARTS_WITHIN + timedelta(seconds=1)) == 1
    assert not await door.posts()
    assert (await door.answers())[-1].startswith("Only 2 of the 3 parts of your text arrived")
    assert await give_up(door, timedelta(days=1)) == 0


async def test_who_has_opted_out_is_not_told(door: Door) -> None:
    await door.says("one ", 7, 2, 1)
    await door.says("STOP", 0, 0, 0)
    before = await door.answers()
    assert await give_up(door, timedelta(hours=1)) == 1
    assert await door.answers() == before


async def test_what_was_joined_goes_without_a_word(door: Door) -> None:
    await door.says("one ", 7, 2, 1)
    await door.says("two", 7, 2, 2)
    before = await door.answers()
    assert await door.waiting() == 1
    assert await give_up(door, timedelta(hours=1)) == 1
    assert await door.waiting() == 0
    assert await door.answers() == before


async def test_one_phone_has_only_so_many_texts_waiting(door: Door) -> None:
    async with door.store.unit() as unit:  # so that the flood is not refused before
        await unit.execute(update(tables.inbox).values(received_at=NOW - timedelta(hours=1)))
    for reference in range(MOST_OF_SENDER + 5):
        await door.says("one ", reference, 2, 1)
    assert await door.waiting() == MOST_OF_SENDER
