"""Questions of the same moment share a look-up, and nobody gets an answer that is older than the question."""

import asyncio
from collections.abc import Sequence

import pytest

from inbound.lookups import Lookups


class Oracle:
    """Doubles numbers, when it is let; keeps what it was asked together."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.free = asyncio.Event()
        self.fails = False

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        await self.free.wait()
        if self.fails:
            raise RuntimeError("the database is gone")
        return [2 * each for each in numbers]


@pytest.fixture
async def oracle() -> Oracle:
    return Oracle()


async def asked(oracle: Oracle, times: int) -> None:
    async with asyncio.timeout(30):
        while len(oracle.asked) < times:  # noqa: ASYNC110  # nothing rings when somebody is asked
            await asyncio.sleep(0)


async def test_what_is_asked_at_the_same_moment_is_asked_together(oracle: Oracle) -> None:
    double = Lookups(oracle)
    oracle.free.set()
    assert await asyncio.gather(*(double(each) for each in range(5))) == [0, 2, 4, 6, 8]
    assert oracle.asked == [[0, 1, 2, 3, 4]]


async def test_who_asks_while_an_answer_is_on_its_way_gets_the_next_one(oracle: Oracle) -> None:
    double = Lookups(oracle)
    first = asyncio.create_task(double(1))
    await asked(oracle, 1)
    later = asyncio.gather(double(2), double(3))
    await asyncio.sleep(0)
    assert oracle.asked == [[1]]
    oracle.free.set()
    assert (await first, *await later) == (2, 4, 6)
    assert oracle.asked == [[1], [2, 3]]


async def test_nothing_is_remembered(oracle: Oracle) -> None:
    double = Lookups(oracle)
    oracle.free.set()
    assert [await double(1), await double(1)] == [2, 2]
    assert oracle.asked == [[1], [1]]


async def test_a_failed_look_up_fails_all_who_shared_it_and_nobody_after(oracle: Oracle) -> None:
    double = Lookups(oracle)
    oracle.free.set()
    oracle.fails = True
    failed = await asyncio.gather(double(1), double(2), return_exceptions=True)
    assert [str(each) for each in failed] == ["the database is gone"] * 2
    oracle.fails = False
    assert await double(3) == 6


async def test_who_stops_waiting_costs_the_others_nothing(oracle: Oracle) -> None:
    double = Lookups(oracle)
    impatient, patient = asyncio.create_task(double(1)), asyncio.create_task(double(2))
    await asked(oracle, 1)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    oracle.free.set()
    assert await patient == 4
