"""How many conversations one destination may have at once."""

import asyncio

from outbound.places import Places


async def test_so_many_find_a_place_and_the_next_one_waits() -> None:
    places = Places(2)
    assert await places.take()
    assert await places.take()
    assert not await places.take(0.01)
    places.give_back()
    assert await places.take(0.01)
    assert places.taken == 2


async def test_who_came_first_gets_in_first() -> None:
    places = Places(1)
    await places.take()
    came: list[int] = []

    async def come(number: int) -> None:
        await places.take()
        came.append(number)
        places.give_back()

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(come(number))
            await asyncio.sleep(0)
        places.give_back()
    assert came == [0, 1, 2, 3, 4]
    assert places.taken == 0


async def test_after_a_refusal_fewer_may_and_seldom_more_again() -> None:
    places = Places(8)
    places.refused()
    assert places.allowed == 4
    places.refused(no_more_than=2)
    assert places.allowed == 2
    for _ in range(5):
        places.refused()
    assert places.allowed == 1
    for _ in range(99):
        places.went_well()
    assert places.allowed == 1
    for _ in range(5_000):
        places.went_well()
    assert places.allowed == 8


async def test_from_few_at_first_they_grow_by_one_each_round() -> None:
    places = Places(8, first=1)
    places.went_well()
    assert places.allowed == 2
    for _ in range(35):
        places.went_well()
    assert places.allowed == 8
    places.refused(no_more_than=3)
    places.start_over()
    assert places.allowed == 1
    places.went_well()
    assert places.allowed == 2


async def test_more_room_lets_those_in_who_wait() -> None:
    places = Places(3, first=1)
    await places.take()
    waiting = [asyncio.create_task(places.take()) for _ in range(2)]
    await asyncio.sleep(0)
    places.went_well()
    assert await waiting[0]
    assert not waiting[1].done()
    places.give_back()
    assert await waiting[1]


async def test_who_is_called_off_while_it_waits_leaves_no_place_taken() -> None:
    for let_in_first in (False, True):
        places = Places(1)
        await places.take()
        waiting = asyncio.create_task(places.take())
        await asyncio.sleep(0)
        if let_in_first:
            places.give_back()
        waiting.cancel()
        await asyncio.wait([waiting])
        if not let_in_first:
            places.give_back()
        assert places.taken == 0
        assert await places.take(0.01)


async def test_a_new_limit_lets_in_or_holds_back_and_takes_no_place_away() -> None:
    places = Places(2)
    await places.take()
    await places.take()
    places.limit(1)
    places.give_back()
    assert not await places.take(0.01), "one is still taken"
    waiting = asyncio.create_task(places.take())
    await asyncio.sleep(0)
    places.limit(2)
    assert await waiting
    places.limit(0)
    assert not await places.take()
    places.give_back()
    places.give_back()
    places.limit(3)
    assert [await places.take(0.01) for _ in range(4)] == [True, True, True, False]


async def test_who_waits_where_there_is_no_place_any_more_is_sent_away() -> None:
    places = Places(1)
    await places.take()
    waiting = asyncio.create_task(places.take())
    await asyncio.sleep(0)
    places.limit(0)
    assert not await waiting


async def test_a_refusal_is_remembered_within_a_new_limit() -> None:
    places = Places(8)
    places.refused()
    places.limit(6)
    assert places.allowed == 4
    places.limit(2)
    assert places.allowed == 2
    places.refused()
    places.start_over()
    assert places.allowed == 2
