"""A relay that misbehaves while everybody posts: every mail comes, once but for the documented double."""

import pytest

from tests.faults.town import MINUTES, Town

pytestmark = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"] if MINUTES else ["sqlite"], indirect=True)
OFTEN = 300 if MINUTES else 15


async def is_borne(town: Town, *, cut_off: int = 0) -> None:
    """``cut_off``: so many mails were taken and not answered. Each of them comes again, unless somebody took back what
    it carried, or stopped it, in the moment between."""
    async with town.busy():
        await town.a_while()
        await town.sees(lambda: len(town.mailbox.cut_off) == cut_off)
        town.mailbox.behave()
    await town.balances()
    assert town.daemon.statuses == []
    assert town.balance is not None
    assert town.balance.doubled == sum([await town.came_again(mail) for mail in town.mailbox.cut_off])


async def test_the_relay_refuses_for_now(town: Town) -> None:
    town.mailbox.refuse("451 4.3.0 Not now", times=OFTEN)
    await is_borne(town)


async def test_the_relay_greylists(town: Town) -> None:
    town.mailbox.greylist()
    await is_borne(town)


async def test_the_relay_says_that_it_is_closing(town: Town) -> None:
    town.mailbox.refuse("421 4.3.2 Closing", times=OFTEN)
    await is_borne(town)


async def test_the_relay_hangs_up_when_the_data_begins(town: Town) -> None:
    town.mailbox.drop_in_data(OFTEN)
    await is_borne(town)


async def test_the_relay_hangs_up_after_it_took_the_mail(town: Town) -> None:
    town.mailbox.drop_in_data(3, kept=True)
    town.ledger.cuts = 3
    await is_borne(town, cut_off=3)


async def test_the_relay_is_away_and_comes_back(town: Town) -> None:
    async with town.busy():
        await town.a_while()
        async with town.no_relay():
            await town.a_while()
    await town.balances()
    assert town.daemon.statuses == []
