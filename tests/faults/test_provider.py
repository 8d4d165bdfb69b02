"""A provider that misbehaves while everybody texts: every text comes once, whatever was answered to it."""

from collections.abc import Callable, Mapping

import pytest

from gateway.demo.faults import Fault
from tests.faults.town import MINUTES, Town

pytestmark = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"] if MINUTES else ["sqlite"], indirect=True)
OFTEN = None if MINUTES else 15


async def is_borne(town: Town, fault: Fault, **how: object) -> None:
    """The provider does this under load, then behaves; the daemon has gone on all the time, and lost nothing."""
    async with town.busy():
        town.carrier.misbehave(fault, times=OFTEN, **how)
        await town.a_while()
        town.carrier.behave()
    await town.balances()
    assert town.daemon.statuses == []


async def test_the_provider_has_too_many_requests(town: Town) -> None:
    await is_borne(town, Fault.TOO_MANY, retry_after=1)


async def test_the_provider_has_too_many_requests_and_does_not_say_until_when(town: Town) -> None:
    await is_borne(town, Fault.TOO_MANY)


async def test_the_provider_fails_and_takes_nothing(town: Town) -> None:
    await is_borne(town, Fault.SERVER_ERROR)


async def test_the_provider_fails_after_it_took_the_text(town: Town) -> None:
    await is_borne(town, Fault.SERVER_ERROR, accepted=True)


async def test_the_provider_hangs_and_takes_nothing(town: Town) -> None:
    await is_borne(town, Fault.HANG)


async def test_the_provider_hangs_after_it_took_the_text(town: Town) -> None:
    await is_borne(town, Fault.HANG, accepted=True)


async def test_the_provider_hangs_up_and_takes_nothing(town: Town) -> None:
    await is_borne(town, Fault.DROP, accepted=False)


async def test_the_provider_hangs_up_after_it_took_the_text(town: Town) -> None:
    await is_borne(town, Fault.DROP)


async def test_the_provider_answers_nonsense_after_it_took_the_text(town: Town) -> None:
    await is_borne(town, Fault.WRONG_JSON)


async def test_the_provider_answers_nonsense_and_takes_nothing(town: Town) -> None:
    await is_borne(town, Fault.WRONG_JSON, accepted=False)


async def test_receipts_are_withheld_and_texts_of_unknown_outcome_are_looked_up_at_a_provider_that_fails(
    town: Town,
) -> None:
    town.carrier.misbehave(Fault.RECEIPTS_WITHHELD, times=None)
    town.carrier.misbehave(Fault.SERVER_ERROR, times=5, look_ups=True)
    town.carrier.misbehave(Fault.WRONG_JSON, times=5, look_ups=True)
    await is_borne(town, Fault.DROP)


async def test_receipts_come_doubled_out_of_order_for_nobody_and_before_the_answer(town: Town) -> None:
    kinds = (Fault.RECEIPTS_DOUBLED, Fault.RECEIPTS_REVERSED, Fault.RECEIPTS_UNKNOWN, Fault.RECEIPTS_EARLY)

    def falls_to(kind: int) -> Callable[[Mapping[str, str]], bool]:
        return lambda form: len(form["Body"]) % len(kinds) == kind

    for number, kind in enumerate(kinds):
        town.carrier.misbehave(kind, times=None, when=falls_to(number))
    await is_borne(town, Fault.DROP)
