"""The ways out as the configuration changes, on both databases."""

import asyncio
from datetime import UTC, datetime

from gateway.domain.delivery import State
from gateway.domain.types import Channel
from store import accounts, addresses, deliveries, routes
from store.routes import Route
from store.unit import Store, Unit

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = "+15550000001", "+15550000002", "+15550000003"


async def given_up(unit: Unit, number: str, route: int) -> int:
    """A notice by this route to somebody whose phone texts another one was given up; its delivery's id."""
    account_id = await accounts.create(unit, None, now=NOW)
    assert account_id is not None
    phone = await addresses.find_or_add(unit, "sms", number, now=NOW, route=route + 1)
    await addresses.attach(unit, phone.id, account_id, proven_at=NOW)
    await deliveries.add_notice(
        unit, address_id=phone.id, account_id=account_id, channel=Channel.SMS, route=route, text="hello", now=NOW
    )
    (waiting,) = await deliveries.in_states(unit, [State.QUEUED], most=10)
    assert await deliveries.drop(unit, [waiting.id], "the operator said so", now=NOW) == [waiting.id]
    return waiting.id


async def queued(unit: Unit) -> list[tuple[int, int]]:
    """Every delivery that waits, oldest first, and its route."""
    return sorted((row.id, row.route) for row in await deliveries.in_states(unit, [State.QUEUED], most=10))


async def test_numbers_keep_their_routes_and_new_ones_get_new_routes(store: Store) -> None:
    async with store.unit() as unit:
        mail = Route(0, Channel.EMAIL, "")
        assert await routes.ensure(unit, [FIRST]) == [mail, Route(1, Channel.SMS, FIRST)]
        assert await routes.ensure(unit, [SECOND, FIRST]) == [
            mail,
            Route(2, Channel.SMS, SECOND),
            Route(1, Channel.SMS, FIRST),
        ]
        assert await routes.by_sender(unit) == {FIRST: 1, SECOND: 2}


async def test_daemons_that_start_together_with_different_numbers_get_a_route_each(
    store: Store, store_url: str
) -> None:
    other = Store(store_url)

    async def start(opened: Store, sender: str) -> int:
        async with opened.unit() as unit:
            return (await routes.ensure(unit, [sender]))[1].id

    numbers = [f"+1555000{n:04}" for n in range(8)]
    ids = await asyncio.gather(*(start((store, other)[n % 2], sender) for n, sender in enumerate(numbers)))
    await other.close()
    assert sorted(ids) == list(range(1, 9))


async def test_what_is_tried_again_goes_by_a_number_that_is_still_ours(store: Store) -> None:
    async with store.unit() as unit:
        await routes.ensure(unit, [FIRST, SECOND, THIRD])
        ids = [await given_up(unit, f"+1555000100{route}", route) for route in (1, 2, 3)]
        await routes.ensure(unit, [THIRD, SECOND])
        assert sorted(await deliveries.retry(unit, ids, now=NOW)) == ids
        assert await queued(unit) == list(zip(ids, (2, 2, 3), strict=True))


async def test_what_is_tried_again_while_there_are_no_numbers_waits_for_one(store: Store) -> None:
    async with store.unit() as unit:
        await routes.ensure(unit, [FIRST])
        dead = await given_up(unit, "+15550001001", 1)
        await routes.ensure(unit, [])
        assert await deliveries.retry(unit, [dead], now=NOW) == [dead]
        await routes.ensure(unit, [SECOND])
        assert await queued(unit) == [(dead, 2)]
