"""What follows from refusals of a phone, however many come at once."""

import pytest

from gateway.domain.delivery import Fault
from gateway.domain.types import Channel
from gateway.service import faults, joining
from store import addresses, consents
from tests.service.conversing import Town, number


async def refused(town: Town, who: str, fault: Fault, reason: str) -> None:
    async with town.store.unit() as unit:
        phone = await addresses.find(unit, "sms", number(who))
        assert phone is not None
        await faults.follow_up(unit, town.site, phone.id, Channel.SMS, fault, reason, now=town.now)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_phone_that_does_not_exist_is_told_of_once_by_mail(town: Town, times: int) -> None:
    await town.join("alice")
    async with town.store.unit() as unit:
        account_id = (await town.account("alice")).id
        await joining.give_address(unit, account_id, Channel.EMAIL, "a@x.example", how="web", now=town.now)
    for _ in range(times):
        await refused(town, "alice", Fault.ADDRESS, "30005 no such\x00 number\ud800")
    assert len(await town.notices()) == 1
    async with town.store.reading() as reading:
        phone = await addresses.find(reading, "sms", number("alice"))
    assert phone is not None
    assert phone.dead_reason == "30005 no such number?"


async def test_an_opt_out_at_the_provider_stands_in_the_ledger_once(town: Town) -> None:
    await town.join("alice")
    for _ in range(3):
        await refused(town, "alice", Fault.OPTED_OUT, "21610 opted out")
    assert (await town.account("alice")).phone_id is None
    async with town.store.reading() as reading:
        rows = await consents.of(reading, number("alice"))
    assert [row.action for row in rows] == ["given", "refused"]
