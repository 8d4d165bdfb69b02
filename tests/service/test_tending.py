"""Housekeeping in small steps, on both databases: what is old goes, what is open or young stays."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from gateway.domain.types import Channel, Lane
from gateway.service import tending
from store import accounts, addresses, deliveries, inbox, receipts, routes, sessions, signups
from store import schema as tables
from store.inbox import Arrived
from store.schema import to_micros
from store.unit import Store, Unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD, YOUNG, KEPT = NOW - timedelta(days=100), NOW - timedelta(days=1), timedelta(days=90)


async def count(store: Store, name: str) -> int:
    async with store.reading() as reading:
        table = tables.metadata.tables[name]
        return (await reading.execute(select(func.count()).select_from(table))).scalar_one()


async def test_what_comes_back_for_a_number_that_is_no_longer_ours_goes_by_another(store: Store) -> None:
    """The provider had taken a text when the operator gave the number up, and reports afterwards that it failed."""
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009998", "+15550009999"])
        for state in ("sent", "unsure", "queued"):
            values = {"notice_id": 1, "channel": "sms", "route": 2, "lane": Lane.ANSWER, "due_at": NOW}
            await unit.execute(insert(tables.deliveries), {**values, "state": state, "queued_at": NOW})
        await routes.ensure(unit, ["+15550009998"])
        assert await tending.leave_retired_numbers(unit) == 0
        receipt = {"to_state": "queued", "due_at": NOW, "remote_id": "SM1", "reason": "the phone is off", "now": NOW}
        assert await receipts.move(unit, 1, from_states=["sent"], **receipt)  # type: ignore[arg-type]  # of mixed types
        assert await tending.leave_retired_numbers(unit) == 1
        assert unit.rings
        found = await unit.execute(select(tables.deliveries.c.route).order_by(tables.deliveries.c.id))
        assert list(found.scalars()) == [1, 2, 1]
        await routes.ensure(unit, [])
        assert await tending.leave_retired_numbers(unit) == 0


async def test_pruning_takes_what_was_settled_long_ago_and_nothing_else(store: Store) -> None:
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        await unit.execute(insert(tables.accounts), {"id": 1, "name": "alice", "created_at": OLD})
        await unit.execute(
            insert(tables.posts),
            {"id": 1, "author_id": 1, "kind": "post", "text": "x", "source": "sms", "created_at": OLD},
        )
        for reader, (state, settled) in enumerate(
            [("sent", OLD), ("delivered", OLD), ("dead", OLD), ("sent", YOUNG), ("queued", None), ("unsure", OLD)]
        ):
            values = {
                "post_id": 1,
                "account_id": reader,
                "channel": "sms",
                "route": 1,
                "lane": Lane.FIRST,
                "state": state,
                "due_at": OLD,
                "queued_at": OLD,
                "settled_at": settled,
            }
            await unit.execute(insert(tables.deliveries), values)
        notice = {"address_id": 1, "account_id": 1, "channel": Channel.SMS, "route": 1}
        await deliveries.add_notice(unit, text="old", now=OLD, **notice)  # type: ignore[arg-type]  # of mixed types
        await unit.execute(
            tables.deliveries.update()
            .where(tables.deliveries.c.notice_id.is_not(None))
            .values(state="sent", settled_at=OLD)
        )
        for at in (OLD, YOUNG):
            await inbox.add_all(unit, [Arrived("twilio", f"SM{at:%j}", "sms", "+1", "+2", "{}", to_micros(at))])
            await receipts.add(
                unit,
                source="twilio",
                remote_id=f"SM{at:%j}",
                status="sent",
                error_code="",
                delivery_id=None,
                received_at=at,
            )
    async with store.unit() as unit:
        assert await tending.prune(unit, kept=KEPT, now=NOW) == 6
        assert await tending.prune(unit, kept=KEPT, now=NOW) == 0
    counts = [await count(store, name) for name in ("deliveries", "notices", "inbox", "receipts")]
    assert counts == [3, 0, 1, 1]


async def _post_with(store: Store, post_id: int, ended: list[tuple[str, str, datetime | None, str, int]]) -> None:
    """A post whose deliveries are in these states on these channels: settled then, for that reason, in so many
    segments."""
    async with store.unit() as unit:
        await unit.execute(insert(tables.accounts), {"id": post_id, "created_at": OLD})
        post = {"id": post_id, "author_id": post_id, "kind": "post", "text": "x", "source": "sms", "created_at": OLD}
        await unit.execute(insert(tables.posts), post)
        for reader, (channel, state, settled, reason, segments) in enumerate(ended):
            values = {
                "post_id": post_id,
                "account_id": reader,
                "channel": channel,
                "route": 1,
                "lane": Lane.FIRST,
                "state": state,
                "due_at": OLD,
                "queued_at": OLD,
                "settled_at": settled,
                "reason": reason,
                "segments": segments,
            }
            await unit.execute(insert(tables.deliveries), values)


@pytest.mark.parametrize(("look", "most"), [(100, 100), (4, 100), (100, 3), (2, 1)])
async def test_a_posts_figures_stay_when_its_deliveries_go(store: Store, look: int, most: int) -> None:
    far = "the phone is off or out of reach (30003)"
    ended = [
        ("sms", "delivered", OLD, "", 1),
        ("sms", "delivered", OLD, "", 2),
        ("sms", "delivered", YOUNG, "", 1),
        ("sms", "dead", OLD, far, 1),
        ("sms", "dead", OLD, f"given up after 12 attempts: {far}", 1),
        ("sms", "dead", OLD, "one has blocked the other", 0),
        ("sms", "unsure", OLD, "no answer", 1),
        ("email", "sent", OLD, "", 0),
        ("email", "queued", None, "", 0),
    ]
    await _post_with(store, 1, ended)
    await _post_with(store, 2, ended[:1])
    async with store.reading() as reading:
        before = await deliveries.counts_of_post(reading, 1)
    assert before["sms", "delivered"] == 3
    after, gone = 0, 0
    while True:
        async with store.unit() as unit:
            more, up_to = await deliveries.prune(unit, before=NOW - KEPT, after=after, look=look, most=most)
            assert await deliveries.counts_of_post(unit, 1) == before
        gone += more
        if up_to <= after:
            break
        after = up_to
    assert gone == 7
    async with store.reading() as reading:
        left = await reading.execute(select(tables.delivery_counts))
        assert {tuple(row) for row in left} == {
            (1, "sms", "delivered", "", 2, 3),
            (1, "sms", "dead", "30003", 2, 2),
            (1, "sms", "dead", "one has blocked the other", 1, 0),
            (1, "email", "sent", "", 1, 0),
            (2, "sms", "delivered", "", 1, 1),
        }
        states = (await reading.execute(select(tables.deliveries.c.state))).scalars()
        assert sorted(states) == ["delivered", "queued", "unsure"]


async def test_pruning_at_once_counts_each_delivery_once(store: Store) -> None:
    for post_id in range(1, 5):
        await _post_with(store, post_id, [(channel, "sent", OLD, "", 1) for channel in ["sms"] * 20 + ["email"] * 20])

    async def prune_all() -> None:
        gone = 1
        while gone:
            async with store.unit() as unit:
                gone, _ = await deliveries.prune(unit, before=NOW - KEPT, after=0, most=7)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(prune_all())
    async with store.reading() as reading:
        for post_id in range(1, 5):
            assert await deliveries.counts_of_post(reading, post_id) == {("sms", "sent"): 20, ("email", "sent"): 20}
    assert await count(store, "deliveries") == 0


async def test_a_step_that_fails_leaves_both_the_deliveries_and_the_counts(store: Store) -> None:
    await _post_with(store, 1, [("sms", "sent", OLD, "", 1)])

    async def step_and_fail() -> None:
        async with store.unit() as unit:
            assert await tending.prune(unit, kept=KEPT, now=NOW) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await step_and_fail()
    assert [await count(store, name) for name in ("deliveries", "delivery_counts")] == [1, 0]


@pytest.mark.parametrize(("look", "most"), [(4, 3), (3, 4), (5, 100), (100, 2), (100, 100), (1, 1)])
async def test_pruning_walks_past_what_stays_and_comes_round_again(store: Store, look: int, most: int) -> None:
    async with store.unit() as unit:
        for at in [YOUNG] * 7 + [OLD] * 8 + [YOUNG] * 2 + [OLD] + [YOUNG] * 4:
            await deliveries.add_notice(
                unit, address_id=1, account_id=None, channel=Channel.EMAIL, route=0, text="x", now=at
            )
        all_sent = tables.deliveries.update().values(state="sent", settled_at=tables.deliveries.c.queued_at)
        await unit.execute(all_sent)
        gone, after, rounds = 0, 0, 0
        while not rounds:
            more, up_to = await deliveries.prune(unit, before=NOW - KEPT, after=after, look=look, most=most)
            gone, rounds, after = gone + more, rounds + (up_to <= after), up_to
            assert more <= most
        assert (gone, after) == (9, 0)
        left = (await unit.execute(select(tables.deliveries.c.settled_at))).scalars().all()
    assert left == [YOUNG] * 13
    assert await count(store, "notices") == 13


async def test_pruning_goes_on_where_the_last_step_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    async def step(_unit: Unit, *, before: datetime, after: int) -> tuple[int, int]:
        assert before == NOW - KEPT
        calls.append(after)
        return 0, {0: 50, 50: 70}.get(after, 0)

    monkeypatch.setattr(deliveries, "prune", step)
    for _ in range(4):
        async with store.unit() as unit:
            await tending.prune(unit, kept=KEPT, now=NOW)
    assert calls == [0, 50, 70, 0]


async def test_a_message_is_wiped_word_for_word_before_its_row_goes(store: Store) -> None:
    async with store.unit() as unit:
        for at in (NOW - timedelta(days=31), YOUNG):
            await inbox.add_all(
                unit, [Arrived("mail", f"{at}", "email", "a@x.example", "post@b.example", "all of it", to_micros(at))]
            )
        await unit.execute(tables.inbox.update().values(answer="4821 is your code"))
        assert await tending.wipe_old_messages(unit, now=NOW) == 1
        assert await tending.wipe_old_messages(unit, now=NOW) == 0
        words = select(tables.inbox.c.raw, tables.inbox.c.answer).order_by(tables.inbox.c.received_at)
        kept = [(raw, answer) for raw, answer in await unit.execute(words)]
        assert kept == [("", ""), ("all of it", "4821 is your code")]


async def test_what_a_clock_that_was_ahead_put_off_goes_when_the_clock_is_set_back(store: Store) -> None:
    """What was put off by a clock that was right stays put off."""
    hour, d = timedelta(hours=1), tables.deliveries.c
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        await unit.execute(insert(tables.accounts), {"id": 1, "name": "alice", "created_at": OLD})
        await unit.execute(
            insert(tables.posts),
            {"id": 1, "author_id": 1, "kind": "post", "text": "x", "source": "sms", "created_at": OLD},
        )
        for reader, (state, queued, due, leased) in enumerate(
            [
                ("queued", NOW + hour, NOW + hour, None),
                ("unsure", NOW + hour, NOW + hour, NOW + hour),
                ("queued", OLD, NOW + hour, None),
                ("unsure", OLD, OLD, NOW + hour),
                ("sent", NOW + hour, NOW + hour, None),
            ]
        ):
            values = {"post_id": 1, "account_id": reader, "channel": "sms", "route": 1, "lane": Lane.FIRST}
            times = {"queued_at": queued, "due_at": due, "lease_until": leased}
            await unit.execute(insert(tables.deliveries), {**values, "state": state, **times})
    async with store.unit() as unit:
        assert await tending.bring_back(unit, lease=timedelta(minutes=2), now=NOW) == 2
        assert await tending.bring_back(unit, lease=timedelta(minutes=2), now=NOW) == 0
    async with store.reading() as reading:
        rows = (await reading.execute(select(d.due_at, d.lease_until).order_by(d.id))).all()
    assert [tuple(row) for row in rows] == [
        (NOW, None),
        (NOW + hour, NOW + timedelta(minutes=2)),
        (NOW + hour, None),
        (OLD, NOW + hour),
        (NOW + hour, None),
    ]


async def test_where_nothing_waits_any_more_the_queue_stands_at_nothing(store: Store) -> None:
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        phone = await addresses.find_or_add(unit, Channel.SMS, "+15550001001", route=1, now=YOUNG)
        await deliveries.add_notice(
            unit, address_id=phone.id, account_id=None, channel=Channel.SMS, route=1, text="hi", now=YOUNG
        )
    async with store.reading() as reading:
        [sms, email] = await tending.look_at_queue(reading, now=NOW)
    assert sms.depth == {"queued": 1, "claimed": 0, "unsure": 0, "dead": 0}
    assert sms.oldest == 86_400
    assert set(email.depth.values()) == {0}
    async with store.unit() as unit:
        await unit.execute(update(tables.deliveries).values(state="sent"))
    async with store.reading() as reading:
        for standing in await tending.look_at_queue(reading, now=NOW):
            assert set(standing.depth.values()) == {0}
            assert standing.oldest == 0


async def test_sessions_that_are_over_and_sign_ups_of_long_ago_are_forgotten(store: Store) -> None:
    day = timedelta(days=1)
    async with store.unit() as unit:
        me = await accounts.create(unit, "alice", now=NOW)
        assert me
        for name, ends in (("over", NOW), ("good", NOW + day)):
            await sessions.add(unit, me, name, device="", now=NOW - day, expires_at=ends)
        for name, began in (("old", NOW - 3 * day), ("new", NOW - day)):
            await signups.add(unit, name, "email", f"{name}@mail.example", name, now=began, expires_at=began)
    async with store.unit() as unit:
        assert await tending.forget_visits(unit, now=NOW) == 2
        assert await tending.forget_visits(unit, now=NOW) == 0
        assert await sessions.find(unit, "good", now=NOW)
        assert await signups.count_since(unit, "new@mail.example", since=NOW - 2 * day) == 1
