"""Claim and settle, on both databases: order, fences, leases, and one at a time for each recipient."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from gateway.domain.delivery import State
from gateway.domain.types import Lane
from store import queue, routes
from store.queue import Settled
from store.routes import Route
from store.schema import accounts, deliveries, notices, posts
from store.unit import Store, Unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
async def route(store: Store) -> Route:
    async with store.unit() as unit:
        _, sms = await routes.ensure(unit, ["+15550009999"])
        await unit.execute(insert(accounts), [{"id": n, "name": f"p{n}", "created_at": NOW} for n in range(1, 6)])
        await unit.execute(
            insert(posts),
            [
                {"id": n, "author_id": 1, "kind": "post", "text": f"post {n}", "source": "sms", "created_at": NOW}
                for n in range(1, 10)
            ],
        )
    return sms


async def put(unit: Unit, route: Route, post: int, to: int, lane: Lane = Lane.FIRST, **more: object) -> int:
    values = {
        "post_id": post,
        "account_id": to,
        "channel": "sms",
        "route": route.id,
        "lane": lane,
        "state": "queued",
        "due_at": NOW,
        "queued_at": NOW,
        **more,
    }
    return (await unit.execute(insert(deliveries).returning(deliveries.c.id), values)).scalar_one()


async def claim(store: Store, route: Route, most: int = 10, now: datetime = NOW) -> list[int]:
    async with store.unit() as unit:
        return await queue.claim(unit, route.id, most=most, until=LATER, now=now)


async def state(store: Store, delivery_id: int) -> tuple[str, int]:
    async with store.reading() as reading:
        row = await reading.execute(
            select(deliveries.c.state, deliveries.c.attempt).where(deliveries.c.id == delivery_id)
        )
        found, attempt = row.one()
        return found, attempt


async def test_foremost_lanes_are_claimed_first(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        tail = await put(unit, route, 1, 2, Lane.TAIL)
        answer = await put(unit, route, 2, 3, Lane.ANSWER)
        mention = await put(unit, route, 3, 4, Lane.MENTION)
    assert await claim(store, route, 1) == [answer]
    assert await claim(store, route, 1) == [mention]
    assert await claim(store, route, 1) == [tail]
    assert await claim(store, route, 1) == []


async def test_a_claim_never_walks_the_queue_to_find_a_recipients_oldest(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        for recipient in range(1_000):
            await put(unit, route, 1, recipient, Lane.TAIL)
        if not store.is_sqlite:  # which nobody analyses in real life either
            await unit.execute(text("ANALYZE"))
        dialect = (sqlite if store.is_sqlite else postgresql).dialect(paramstyle="named")
        compiled = queue._CLAIM.compile(dialect=dialect)
        given = {"on_route": route.id, "on_lane": 5, "first_lane": 2, "last_lane": 5, "most": 500, "until": 0, "now": 0}
        words = re.sub(r"(:\w+)::\w+", r"\1", str(compiled))
        explain = text(f"{'EXPLAIN QUERY PLAN' if store.is_sqlite else 'EXPLAIN'} {words}")
        plan = [str(row[-1]) for row in await unit.execute(explain, dict(compiled.params) | given)]
    looks = [step for step in plan if re.search("(SEARCH|SCAN|on deliveries) older", step)]
    assert looks
    assert all("ix_deliveries_open" in step for step in looks), "\n".join(plan)


async def test_a_slot_goes_to_the_recipients_oldest_post_whatever_its_lane(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        older = await put(unit, route, 1, 2, Lane.TAIL)
        newer = await put(unit, route, 2, 2, Lane.FIRST)
    assert await claim(store, route, 1) == [older]
    async with store.unit() as unit:
        await queue.settle(unit, [Settled(older, 1, State.SENT, NOW, NOW)])
    assert await claim(store, route, 1) == [newer]


async def test_while_one_is_in_flight_the_recipients_next_waits_and_others_do_not(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        first = await put(unit, route, 1, 2)
        second = await put(unit, route, 2, 2)
        other = await put(unit, route, 2, 3)
    assert sorted(await claim(store, route)) == sorted([first, other])
    assert await claim(store, route) == []
    async with store.unit() as unit:
        await queue.settle(unit, [Settled(first, 1, State.SENT, NOW, NOW)])
    assert await claim(store, route) == [second]


async def test_behind_a_text_of_unknown_outcome_later_posts_wait_and_answers_do_not(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        unsure = await put(unit, route, 1, 2, state="unsure", lease_until=LATER)
        later = await put(unit, route, 2, 2, Lane.TAIL)
        other = await put(unit, route, 2, 3)
        answer = await put(unit, route, 3, 2, Lane.ANSWER)
    assert await claim(store, route) == [answer, other]
    async with store.unit() as unit:
        await queue.settle(unit, [Settled(answer, 1, State.SENT, NOW, NOW)])
        await queue.settle(unit, [Settled(unsure, 0, State.SENT, NOW, NOW)])
    assert await claim(store, route) == [later]


async def test_what_is_not_due_or_on_another_route_is_left_alone(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        await put(unit, route, 1, 2, due_at=LATER)
        await put(unit, Route(99, route.channel, "+15550001111"), 2, 3)
    assert await claim(store, route) == []


async def test_a_late_worker_cannot_settle_what_another_one_took_over(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        delivery = await put(unit, route, 1, 2, channel="email")
    assert await claim(store, route) == [delivery]
    async with store.unit() as unit:
        assert await queue.take_back(unit, LATER + timedelta(seconds=1)) == 1
    assert await claim(store, route, now=LATER) == [delivery]
    async with store.unit() as unit:
        await queue.settle(unit, [Settled(delivery, 1, State.DEAD, NOW, NOW, reason="late")])
    assert await state(store, delivery) == ("claimed", 2)


async def test_a_lease_that_ends_queues_mail_again_but_makes_a_text_unsure(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        text = await put(unit, route, 1, 2)
        mail = await put(unit, route, 1, 2, channel="email")
        await put(unit, route, 2, 3)
    assert text in await claim(store, route, 1)
    async with store.unit() as unit:
        await unit.execute(
            deliveries.update().where(deliveries.c.id == mail).values(state="claimed", lease_until=LATER)
        )
        assert await queue.take_back(unit, LATER) == 0
        assert await queue.take_back(unit, LATER + timedelta(seconds=1)) == 2
    assert await state(store, text) == ("unsure", 1)
    assert await state(store, mail) == ("queued", 0)


async def test_a_look_up_is_leased_to_one_daemon(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        delivery = await put(unit, route, 1, 2, state="unsure", lease_until=NOW)
    async with store.unit() as unit:
        assert await queue.claim_look_ups(unit, most=5, until=LATER, now=NOW) == [delivery]
        assert await queue.claim_look_ups(unit, most=5, until=LATER, now=NOW) == []


async def test_details_of_a_notice_and_of_a_post(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        post = await put(unit, route, 1, 2)
        notice_id = (
            await unit.execute(insert(notices).returning(notices.c.id), {"text": "Welcome", "answers": True})
        ).scalar_one()
        notice = await put(unit, route, 1, 2, post_id=None, notice_id=notice_id, account_id=None)
    async with store.reading() as reading:
        first, second = await queue.details(reading, [post, notice])
    assert (first.text, first.author, first.to, first.withdrawn, first.blocked) == ("post 1", "p1", None, False, False)
    assert (second.notice, second.answers, second.post_id) == ("Welcome", True, None)


async def test_one_recipient_in_doubt_stops_nobody_else_even_at_one_slot_a_claim(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        await put(unit, route, 1, 2, state="unsure", lease_until=LATER)
        await put(unit, route, 2, 2)
        other = await put(unit, route, 2, 3)
    assert await claim(store, route, 1) == [other]


async def test_whoever_settles_the_last_attempt_is_believed_also_after_its_lease(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        mail = await put(unit, route, 1, 2, channel="email")
    assert await claim(store, route) == [mail]
    async with store.unit() as unit:
        await queue.take_back(unit, LATER + timedelta(seconds=1))
        await queue.settle(unit, [Settled(mail, 1, State.SENT, NOW, NOW)])
    assert await state(store, mail) == ("sent", 1)


async def test_what_the_other_side_said_is_cut_to_what_a_database_holds(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        text = await put(unit, route, 1, 2)
    assert await claim(store, route) == [text]
    async with store.unit() as unit:
        said = Settled(text, 1, State.DEAD, NOW, NOW, remote_id="x" * 500, reason="no\x00\ud800pe" + "!" * 9_000)
        await queue.settle(unit, [said])
    assert await state(store, text) == ("dead", 1)


async def test_a_providers_message_belongs_to_the_delivery_that_named_it_first(store: Store, route: Route) -> None:
    async with store.unit() as unit:
        first = await put(unit, route, 1, 2, state="sent", remote_id="SM1")
        second = await put(unit, route, 2, 2, state="unsure", lease_until=LATER)
        assert await queue.owned_by_others(unit, second, ["SM1", "SM2"]) == {"SM1"}
        assert await queue.owned_by_others(unit, first, ["SM1", "SM2"]) == set()
        assert await queue.owned_by_others(unit, first, []) == set()
