"""How fast a worker goes, in segments, and who goes first when not all may, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.pace import Pace
from gateway.domain.types import Lane
from store.schema import posts
from tests.outbound.working import PEOPLE, Town, Wire, now, running


async def test_no_more_segments_are_claimed_than_the_pace_allows(town: Town) -> None:
    """With a clock that stands still, half a second's worth goes out, and nothing after it until the clock moves."""
    moment = now() + timedelta(minutes=1)  # when all that the test queues is due, however long that takes
    wire = Wire()
    worker = town.worker(wire, pace=Pace(per_second=6), clock=lambda: moment)
    await town.queue(1, *PEOPLE)
    async with running(worker):
        await town.sends(3)
        assert len(wire.given) == 3
        moment += timedelta(seconds=0.5)
        await town.sends(6)
        assert len(wire.given) == 6


@pytest.mark.parametrize("pace", [Pace(per_second=8), Pace(per_second=1, burst=3), Pace(per_minute=30, burst=3)])
async def test_a_burst_is_counted_in_segments_not_in_texts(town: Town, pace: Pace) -> None:
    """Of the three or four segments that may go at once the second text takes the last one, and nothing goes behind it.
    What was claimed in vain keeps its place: the first to go is the first that was queued."""
    async with town.store.unit() as unit:
        await unit.execute(posts.update().values(text="x" * 300))
    moment = now() + timedelta(minutes=1)  # when all that the test queues is due, however long that takes
    wire = Wire()
    await town.queue(1, *PEOPLE)
    await town.queue(2, PEOPLE[-1])
    async with running(town.worker(wire, pace=pace, clock=lambda: moment)):
        await town.sends(2)
        assert len(wire.given) == 2
        for turn in range(2, len(PEOPLE) + 1):
            moment += timedelta(seconds=30)
            await town.sends(min(2 * turn, len(PEOPLE) + 1))
            assert len(wire.given) == min(2 * turn, len(PEOPLE) + 1)
    assert [d.post_id for d in wire.given if d.account_id == PEOPLE[-1]] == [1, 2]
    assert [d.account_id for d in wire.given if d.post_id == 1] == list(PEOPLE)
    assert {d.attempt - d.excused for d in wire.given} == {1}


async def test_the_daily_limit_holds_the_rest_until_tomorrow(town: Town) -> None:
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    wire = Wire()
    await town.queue(1, *PEOPLE)
    async with running(town.worker(wire, pace=Pace(per_day=4), clock=lambda: moment)):
        await town.sends(4)
        assert len(wire.given) == 4
        moment += timedelta(days=1)
        await town.sends(8)
        assert len(wire.given) == 8


async def test_a_days_limit_is_counted_in_segments_not_in_texts(town: Town) -> None:
    long = "x" * 300
    async with town.store.unit() as unit:
        await unit.execute(posts.update().values(text=long))
    await town.queue(1, *PEOPLE)
    wire = Wire()
    async with running(town.worker(wire, pace=Pace(per_day=5), clock=lambda: datetime(2030, 1, 1, 12, tzinfo=UTC))):
        await town.sends(2)
    assert sum(delivery.segments for delivery in wire.given) == 4
    assert (await town.states()).count("queued") == len(PEOPLE) - 2


async def test_posts_that_used_up_their_share_of_the_day_leave_the_rest_to_answers(town: Town) -> None:
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    wire = Wire()
    await town.queue(1, *PEOPLE)
    async with running(town.worker(wire, pace=Pace(per_day=6, reserved=0.5), clock=lambda: moment)):
        await town.sends(3)
        await town.queue(2, *PEOPLE[:4], lane=Lane.ANSWER)
        await town.sends(6)
    assert [delivery.post_id for delivery in wire.given] == [1, 1, 1, 2, 2, 2]


async def test_an_answer_does_not_wait_until_enough_posts_may_go_together(town: Town) -> None:
    moment = now() + timedelta(minutes=1)
    wire = Wire()
    await town.queue(1, *PEOPLE[1:])
    async with running(town.worker(wire, pace=Pace(per_second=4, burst=2), clock=lambda: moment)):
        await town.sends(2)
        await town.queue(1, PEOPLE[0], lane=Lane.ANSWER)
        moment += timedelta(seconds=0.25)  # a post alone may not go yet
        await town.sends(3)
    assert [each.account_id for each in wire.given].index(PEOPLE[0]) == 2
