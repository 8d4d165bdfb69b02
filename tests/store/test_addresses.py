"""Phones and mail addresses on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from store import accounts, addresses, queue, routes
from store.unit import Store, Unit

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
OURS = ["+15550009997", "+15550009998", "+15550009999"]


@pytest.fixture
async def store(store: Store) -> Store:
    """A store with three numbers of ours: routes 1, 2 and 3."""
    async with store.unit() as unit:
        await routes.ensure(unit, OURS)
    return store


async def in_use(unit: Unit, account_id: int) -> tuple[int | None, int | None, int | None]:
    row = await accounts.by_id(unit, account_id)
    assert row is not None
    return row.phone_id, row.mail_id, row.sms_route


async def make(unit: Unit, name: str) -> int:
    made = await accounts.create(unit, name, now=NOW)
    assert made is not None
    return made


async def test_an_address_is_made_once_and_mail_ignores_case(store: Store) -> None:
    async with store.unit() as unit:
        first = await addresses.find_or_add(unit, "email", "Ann@Example.org", now=NOW)
        again = await addresses.find_or_add(unit, "email", "ann@example.ORG", now=LATER)
        assert first == again
        assert first.address == "ann@example.org"
        assert (first.account_id, first.proven_at, first.created_at) == (None, None, NOW)
        assert await addresses.find(unit, "sms", "ann@example.org") is None


async def test_a_phone_stays_with_the_number_it_texted_last(store: Store) -> None:
    async with store.unit() as unit:
        alice = await make(unit, "alice")
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW, route=2)
        await addresses.attach(unit, phone.id, alice, proven_at=NOW)
        assert await in_use(unit, alice) == (phone.id, None, 2)
        moved = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW, route=3)
        assert moved.route == 3
        assert await in_use(unit, alice) == (phone.id, None, 3)


async def test_a_phone_that_texted_no_number_of_ours_goes_out_on_the_first_sender(store: Store) -> None:
    async with store.unit() as unit:
        alice, bob = await make(unit, "alice"), await make(unit, "bob")
        await routes.ensure(unit, OURS[1:])
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW)
        await addresses.attach(unit, phone.id, alice, proven_at=NOW)
        assert await in_use(unit, alice) == (phone.id, None, 2)
        another = await addresses.find_or_add(unit, "sms", "+15550002", now=NOW, route=1)
        await addresses.attach(unit, another.id, bob, proven_at=NOW)
        assert await in_use(unit, bob) == (another.id, None, 2)


async def test_without_numbers_nobody_has_texts_until_there_are_some_again(store: Store) -> None:
    async with store.unit() as unit:
        alice, bob = await make(unit, "alice"), await make(unit, "bob")
        for account, number, route in ((alice, "+15550001", 3), (bob, "+15550002", None)):
            phone = await addresses.find_or_add(unit, "sms", number, now=NOW, route=route)
            await addresses.attach(unit, phone.id, account, proven_at=NOW)
        await accounts.set_texts_on(unit, bob, False)
        await addresses.refresh(unit, bob)
        await routes.ensure(unit, [])
        assert (await in_use(unit, alice))[2] is None
        await addresses.refresh(unit, alice)
        assert (await in_use(unit, alice))[2] is None
        assert await routes.for_phone(unit, 3) is None
        await routes.ensure(unit, OURS)
        assert [(await in_use(unit, each))[2] for each in (alice, bob)] == [3, None]


async def test_the_newest_proven_usable_address_is_in_use(store: Store) -> None:
    async with store.unit() as unit:
        alice = await make(unit, "alice")
        old = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW, route=1)
        new = await addresses.find_or_add(unit, "sms", "+15550002", now=NOW, route=2)
        mail = await addresses.find_or_add(unit, "email", "a@x.example", now=NOW)
        await addresses.attach(unit, old.id, alice, proven_at=NOW)
        await addresses.attach(unit, new.id, alice, proven_at=None)
        await addresses.attach(unit, mail.id, alice, proven_at=NOW)
        assert await in_use(unit, alice) == (old.id, mail.id, 1)
        await addresses.attach(unit, new.id, alice, proven_at=LATER)
        assert await in_use(unit, alice) == (new.id, mail.id, 2)
        assert (await addresses.of_account(unit, alice))[0].id == new.id
        await addresses.opt_out(unit, new.id, now=LATER)
        assert await in_use(unit, alice) == (old.id, mail.id, 1)
        await addresses.mark_dead(unit, old.id, "no such number", now=LATER)
        assert await in_use(unit, alice) == (None, mail.id, None)
        await addresses.opt_in(unit, new.id)
        assert await in_use(unit, alice) == (new.id, mail.id, 2)


async def test_two_daemons_that_change_two_phones_at_once_lose_neither_change(store: Store, store_url: str) -> None:
    async with store.unit() as unit:
        alice = await make(unit, "alice")
        old = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW, route=1)
        new = await addresses.find_or_add(unit, "sms", "+15550002", now=NOW, route=1)
        for phone in (old, new):
            await addresses.attach(unit, phone.id, alice, proven_at=NOW)
            await addresses.opt_out(unit, phone.id, now=NOW)
    other = Store(store_url)

    async def stop_new() -> None:
        async with other.unit() as unit:
            await addresses.mark_dead(unit, new.id, "no such number", now=NOW)

    async with asyncio.TaskGroup() as tasks, store.unit() as unit:
        await addresses.opt_in(unit, old.id)
        stopping = tasks.create_task(stop_new())
        await until_it_waits(other, stopping)
    await other.close()
    async with store.unit() as unit:
        assert (await in_use(unit, alice))[0] == old.id


async def until_it_waits(store: Store, task: asyncio.Task[None]) -> None:
    """Return when the task waits for a lock that another connection holds; SQLite lets it begin only after that."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20):
        while not store.is_sqlite and not task.done():
            async with store.reading() as reading:
                if (await reading.execute(waiting)).scalar_one():
                    return
            await asyncio.sleep(0)


async def test_no_texts_means_no_route_but_the_phone_stays_in_use(store: Store) -> None:
    async with store.unit() as unit:
        alice = await make(unit, "alice")
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW, route=1)
        await addresses.attach(unit, phone.id, alice, proven_at=NOW)
        await accounts.set_texts_on(unit, alice, False)
        await addresses.refresh(unit, alice)
        assert await in_use(unit, alice) == (phone.id, None, None)


async def test_an_address_changes_hands_and_keeps_its_opt_out(store: Store) -> None:
    async with store.unit() as unit:
        alice, bob = await make(unit, "alice"), await make(unit, "bob")
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW, route=1)
        await addresses.attach(unit, phone.id, alice, proven_at=NOW)
        await addresses.attach(unit, phone.id, bob, proven_at=NOW)
        assert await in_use(unit, alice) == (None, None, None)
        assert await in_use(unit, bob) == (phone.id, None, 1)
        await addresses.opt_out(unit, phone.id, now=NOW)
        await addresses.detach(unit, phone.id)
        row = await addresses.by_id(unit, phone.id)
        assert row is not None
        assert (row.account_id, row.proven_at, row.opted_out_at) == (None, None, NOW)
        assert await in_use(unit, bob) == (None, None, None)


async def test_all_addresses_move_or_leave_together(store: Store) -> None:
    async with store.unit() as unit:
        alice, bob = await make(unit, "alice"), await make(unit, "bob")
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW, route=1)
        mail = await addresses.find_or_add(unit, "email", "a@x.example", now=NOW)
        await addresses.attach(unit, phone.id, alice, proven_at=NOW)
        await addresses.attach(unit, mail.id, alice, proven_at=NOW)
        await addresses.move_all(unit, alice, bob)
        assert await in_use(unit, alice) == (None, None, None)
        assert await in_use(unit, bob) == (phone.id, mail.id, 1)
        await addresses.detach_all(unit, bob)
        assert await in_use(unit, bob) == (None, None, None)


async def test_bounces_are_counted_until_there_was_a_long_pause(store: Store) -> None:
    async with store.unit() as unit:
        mail = await addresses.find_or_add(unit, "email", "a@x.example", now=NOW)
        month = timedelta(days=30)
        for day, count in ((0, 1), (1, 2), (25, 3), (56, 1), (57, 2)):
            at = NOW + timedelta(days=day)
            assert await addresses.count_bounce(unit, mail.id, since=at - month, now=at) == count


async def test_soft_bounces_are_counted_by_the_day_until_there_was_a_long_pause(store: Store) -> None:
    async with store.unit() as unit:
        mail = await addresses.find_or_add(unit, "email", "a@x.example", now=NOW)
        month = timedelta(days=30)
        for hours, days in (
            (0, 1),
            (1, 1),
            (23, 1),
            (24, 2),
            (47, 2),
            (48, 3),
            (24 * 20, 4),
            (24 * 51, 1),
            (24 * 52, 2),
        ):
            at = NOW + timedelta(hours=hours)
            assert await addresses.count_soft_bounce(unit, mail.id, since=at - month, now=at) == days
        await addresses.mark_arrived(unit, mail.id)
        assert await addresses.count_soft_bounce(unit, mail.id, since=at - month, now=at) == 1


async def test_those_that_are_stopped_are_found_page_by_page_if_they_are_anybodys(store: Store) -> None:
    async with store.unit() as unit:
        alice = await make(unit, "alice")
        boxes = [await addresses.find_or_add(unit, "email", f"{n}@x.example", now=NOW) for n in range(4)]
        for box in boxes[:3]:
            await addresses.attach(unit, box.id, alice, proven_at=NOW)
        for box in boxes[1:]:
            await addresses.mark_dead(unit, box.id, "no", now=NOW)
        found = await addresses.stopped(unit, most=1)
        assert [row.id for row in found] == [boxes[1].id]
        assert [row.id for row in await addresses.stopped(unit, after=found[-1].id)] == [boxes[2].id]
        await addresses.revive(unit, boxes[2].id)
        assert [row.id for row in await addresses.stopped(unit)] == [boxes[1].id]


async def test_the_last_post_sent_to_a_phone_is_kept(store: Store) -> None:
    async with store.unit() as unit:
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW)
        await queue.remember_last_sent(unit, [(phone.id, 77)])
        await queue.remember_last_sent(unit, [(phone.id, 76)])
        found = await addresses.find(unit, "sms", "+15550001")
        assert found is not None
        assert found.last_post_id == 77
