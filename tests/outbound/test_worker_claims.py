"""What a worker claims, in which order, and what it holds and may not send after all, on both databases."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.delivery import Outcome, Sent
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, Lane, Outgoing
from gateway.service import holding, posting, stopping
from gateway.service.hush import Hush, Says
from store import addresses
from store.unit import Store
from tests.outbound.working import PEOPLE, Town, Wire, now, phone_of, running, takes


@pytest.mark.parametrize("channel", list(Channel))
async def test_everything_due_is_sent_and_settled(town: Town, channel: Channel) -> None:
    wire = Wire()
    for post in (1, 2, 3):
        await town.queue(post, *PEOPLE, channel=channel)
    async with running(town.worker(wire, channel=channel)):
        await town.come_to("sent")
    assert len(wire.given) == len({delivery.id for delivery in wire.given}) == 3 * len(PEOPLE)
    assert {delivery.channel for delivery in wire.given} == {channel}


async def test_what_is_queued_later_is_sent_when_the_bell_rings(town: Town) -> None:
    wire = Wire()
    worker = town.worker(wire, settings={"poll": timedelta(hours=1)})
    town.store.on_bell(worker.wake)
    async with running(worker):
        await town.queue(1, 2)
        async with asyncio.timeout(30):
            await wire.came.wait()
        await town.come_to("sent")


async def test_posts_reach_one_person_in_the_order_they_were_written(town: Town) -> None:
    wire = Wire()
    for post in (3, 1, 2, 5, 4):
        await town.queue(post, 2, 3, lane=Lane.TAIL if post % 2 else Lane.FIRST)
    async with running(town.worker(wire)):
        await town.come_to("sent")
    for person in (2, 3):
        assert [delivery.post_id for delivery in wire.given if delivery.account_id == person] == [1, 2, 3, 4, 5]


async def test_stopping_finishes_what_is_held_and_claims_nothing_more(town: Town) -> None:
    gate = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await gate.wait()
        return await takes(delivery)

    wire = Wire(slowly)
    await town.queue(1, *PEOPLE)
    worker = town.worker(wire)
    task = asyncio.create_task(worker.run())
    await wire.came.wait()
    worker.stop()
    await town.queue(2, *PEOPLE)
    gate.set()
    async with asyncio.timeout(30):
        await task
    assert await town.states() == ["sent"] * len(PEOPLE) + ["queued"] * len(PEOPLE)


async def test_two_workers_on_one_database_send_nothing_twice(town: Town, store_url: str) -> None:
    async def gently(delivery: Outgoing) -> Outcome:
        await asyncio.sleep(0)
        return await takes(delivery)

    wire = Wire(gently)
    other = Store(store_url)
    for post in range(1, 8):
        await town.queue(post, *PEOPLE)
    try:
        async with running(
            town.worker(wire, settings={"batch": 5}), town.worker(wire, settings={"batch": 5}, store=other)
        ):
            await town.come_to("sent")
    finally:
        await other.close()
    assert len(wire.given) == len({delivery.id for delivery in wire.given}) == 7 * len(PEOPLE)
    for person in PEOPLE:
        assert [delivery.post_id for delivery in wire.given if delivery.account_id == person] == list(range(1, 8))


async def test_while_the_queue_is_held_nothing_is_claimed(town: Town) -> None:
    wire = Wire()
    async with town.store.unit() as unit:
        await holding.hold(unit, now=now())
    await town.queue(1, *PEOPLE)
    looks: asyncio.Queue[None] = asyncio.Queue()

    def clock() -> datetime:
        looks.put_nowait(None)
        return now()

    async with running(town.worker(wire, clock=clock)), asyncio.timeout(30):
        for _ in range(3):
            await looks.get()
    assert not wire.given
    assert set(await town.states()) == {"queued"}
    async with town.store.unit() as unit:
        await holding.release(unit)
    async with running(town.worker(wire)):
        await town.come_to("sent")
    assert len(wire.given) == len(PEOPLE)


async def test_while_there_is_no_way_out_all_is_left_to_other_daemons_and_the_pace_too(town: Town) -> None:
    wire, other = Wire(), Wire()
    moment = now() + timedelta(minutes=1)  # when all that the test queues is due
    asked = asyncio.Event()

    def may_talk() -> bool:
        asked.set()
        return False

    work: dict[str, Any] = {"channel": Channel.EMAIL, "clock": lambda: moment, "pace": Pace(per_second=6)}
    idle = town.worker(wire, may_talk=may_talk, settings={"poll": timedelta(hours=1)}, **work)
    async with running(idle):
        async with asyncio.timeout(30):
            await asked.wait()
        await town.queue(1, *PEOPLE[:3], channel=Channel.EMAIL)
        asked.clear()
        idle.wake()
        async with asyncio.timeout(30):
            await asked.wait()
        assert set(await town.states()) == {"queued"}
        async with running(town.worker(other, **work)):
            await town.come_to("sent")
    assert (len(wire.given), len(other.given)) == (0, 3)


async def test_what_became_forbidden_while_it_waited_in_the_worker_does_not_go_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.worker._FRESH", 0.0)
    deleted = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await deleted.wait()
        return await takes(delivery)

    wire = Wire(slowly)
    await town.queue(1, *PEOPLE)
    async with running(town.worker(wire, connections=1)):
        async with asyncio.timeout(30):
            await wire.came.wait()
        async with town.store.unit() as unit:
            await posting.delete(unit, 1, now=now())
        deleted.set()
        await town.come_to("sent", "dead")
    assert len(wire.given) == 1
    assert (await town.states()).count("dead") == len(PEOPLE) - 1
    assert "the post was deleted" in await town.reasons()


async def test_whoever_moved_meanwhile_gets_it_at_the_new_address(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbound.worker._FRESH", 0.0)
    moved = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await moved.wait()
        return await takes(delivery)

    wire = Wire(slowly)
    await town.queue(1, 2, 3)
    async with running(town.worker(wire, connections=1)):
        async with asyncio.timeout(30):
            await wire.came.wait()
        async with town.store.unit() as unit:
            row = await addresses.find_or_add(unit, "sms", "+15550007777", now=now())
            await addresses.attach(unit, row.id, 3, proven_at=now())
        moved.set()
        await town.come_to("sent")
    assert [delivery.to for delivery in wire.given] == ["+15550001002", "+15550007777"]
    went = wire.given[-1]
    assert (went.attempt, went.excused) == (2, 1)  # what was not tried is no try, so nothing was waited for


async def test_a_text_goes_out_with_how_long_it_is_good_for_and_a_mail_with_nothing(town: Town) -> None:
    for channel, expected in ((Channel.SMS, 3600), (Channel.EMAIL, 0)):
        wire = Wire()
        await town.queue(1, 2, channel=channel)
        async with running(town.worker(wire, channel=channel, validity=timedelta(hours=1))):
            await town.come_to("sent")
        assert [delivery.valid_for for delivery in wire.given] == [expected]


HUSHED = "the recipient has just asked for no more texts"


async def test_whoever_asked_for_no_more_texts_a_moment_ago_gets_none_that_was_claimed(town: Town) -> None:
    """The first text goes out; while it does, one phone's STOP comes in and another's is committed."""
    hush = Hush()
    begun, held = PEOPLE[1], PEOPLE[2]

    async def stop_both(_: Outgoing) -> Outcome:
        if hush.says(phone_of(begun)) is Says.NOTHING:
            hush.begins(phone_of(begun))
            hush.begins(phone_of(held))
            async with town.store.unit() as unit:
                row = await addresses.find(unit, "sms", phone_of(held))
                assert row is not None
                assert await stopping.opt_out(unit, row, how="sms", words="STOP", why="stopped", now=now())
            hush.holds(phone_of(held), now=now())
        return Sent("SM1")

    await town.queue(1, *PEOPLE[:3])
    worker = town.worker(Wire(stop_both), hush=hush, connections=1)
    async with running(worker):
        await town.comes_to_say("", HUSHED, "the recipient has no phone any more")
    assert sorted(await town.states()) == ["dead", "queued", "sent"]


async def test_the_confirmation_of_a_stop_waits_until_it_is_known_that_it_holds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit came through and its acknowledgement did not: the door tries again, and knows no better till then."""
    monkeypatch.setattr("outbound.worker.HUSHED", 0.01)
    hush, wire = Hush(), Wire()
    hush.begins(phone_of(PEOPLE[0]))
    await town.queue(1, PEOPLE[0], lane=Lane.ANSWER)
    async with running(town.worker(wire, hush=hush)):
        await town.comes_to_say(HUSHED)
        assert wire.given == []
        hush.holds(phone_of(PEOPLE[0]), now=now())
        await town.come_to("sent")
    assert len(wire.given) == 1
