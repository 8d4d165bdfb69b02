"""Texts of unknown outcome: what is found at the provider is taken for the right one."""

from datetime import timedelta

from sqlalchemy import select

from gateway.domain.delivery import Done, Found, LookUp, RetryRules, Sent, Unsure
from gateway.domain.pace import Pace
from gateway.domain.types import Outgoing
from gateway.service import claiming, notify, settling
from gateway.service.settling import Result
from store import addresses, routes
from store.routes import Route
from store.schema import deliveries
from store.unit import Unit
from tests.service.conversing import Town

LEASE = timedelta(minutes=2)
RULES = RetryRules()


async def claim(unit: Unit, route: Route, town: Town) -> list[Outgoing]:
    return (await claiming.claim(unit, route, Pace(), most=10, lease=LEASE, now=town.now)).deliveries


async def test_while_the_same_words_are_under_way_to_a_stranger_no_message_is_taken_for_an_earlier_one(
    town: Town,
) -> None:
    """The provider shows one message with these words: the second one's, whose own answer has not come yet."""
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, ["+15550009999"]))[1]
        phone = await addresses.find_or_add(unit, "sms", "+15550001001", route=route.id, now=town.now)
        await notify.tell(unit, phone.id, "who are you?", now=town.now)
        (first,) = await claim(unit, route, town)
        unsure = Result(first, Unsure("silence"))
        await settling.settle(unit, town.site, route, [unsure], rules=RULES, now=town.now, dice=[0.5])
        await notify.tell(unit, phone.id, "who are you?", now=town.now)
        (second,) = await claim(unit, route, town)

        async def look_up() -> object:
            found = [Found("SM2", Sent("SM2"))]
            return await settling.settle_look_up(unit, town.site, first, found, rules=RULES, now=town.now, dice=0.5)

        assert isinstance(await look_up(), LookUp)
        sent = Result(second, Sent("SM2"))
        await settling.settle(unit, town.site, route, [sent], rules=RULES, now=town.now, dice=[0.5])
        assert not isinstance(await look_up(), Done | LookUp)
        rows = await unit.execute(select(deliveries.c.state, deliveries.c.remote_id).order_by(deliveries.c.id))
        assert [tuple(row) for row in rows] == [("queued", None), ("sent", "SM2")]
