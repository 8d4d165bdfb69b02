"""What mails that come back do to their mailboxes, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from gateway.domain.mail_codes import Meaning
from gateway.domain.reply_mail import came_back
from gateway.service import bounces
from store.schema import deliveries
from tests.service.post_office import PostOffice

HARD, FULL, EXPIRED, NOT_SIGNED = "5.1.1 550 no such user", "5.2.2 552 full", "4.4.7 expired", "5.7.26 550 not signed"
BOB = "bob@mail.example"


async def comes_back(office: PostOffice, delivery: int, reason: str) -> Meaning | None:
    async with office.town.store.unit() as unit:
        return await bounces.record(unit, office.town.site, delivery, reason, now=office.town.now)


async def send_and_return(office: PostOffice, *reasons: str, apart: timedelta = timedelta(0)) -> None:
    for reason in reasons:
        assert await comes_back(office, await office.sends(), reason) is not None
        office.town.now += apart


async def test_a_mailbox_that_does_not_exist_is_left_alone_after_the_configured_count(office: PostOffice) -> None:
    await send_and_return(office, HARD, HARD)
    assert (await office.box()).dead_at is None
    await send_and_return(office, HARD)
    box = await office.box()
    assert (box.dead_at, box.dead_reason) == (office.town.now, HARD)
    assert (await office.town.account("bob")).mail_id is None
    assert await office.told() == [came_back("Testville", BOB)]


@pytest.mark.parametrize("limit", [1, 5])
async def test_the_count_is_the_operators_to_say(office: PostOffice, limit: int) -> None:
    town = office.town
    town.site = replace(town.site, limits=replace(town.site.limits, hard_bounces=limit))
    await send_and_return(office, *[HARD] * (limit - 1))
    assert (await office.box()).dead_at is None
    await send_and_return(office, HARD)
    assert (await office.box()).dead_at is not None


async def test_a_full_mailbox_is_left_alone_only_after_days_of_it(office: PostOffice) -> None:
    town = office.town
    town.site = replace(town.site, limits=replace(town.site.limits, soft_bounce_days=3))
    await send_and_return(office, FULL, EXPIRED, FULL, FULL)
    assert (await office.box()).soft_days == 1
    town.now += timedelta(days=1)
    await send_and_return(office, EXPIRED, EXPIRED)
    assert (await office.box()).dead_at is None
    town.now += timedelta(days=2)
    await send_and_return(office, FULL)
    box = await office.box()
    assert (box.soft_days, box.bounces, box.dead_reason) == (3, 0, FULL)
    assert await office.told() == [came_back("Testville", BOB)]


async def test_full_mailboxes_and_missing_ones_are_counted_apart(office: PostOffice) -> None:
    await send_and_return(office, HARD, FULL, HARD, EXPIRED, FULL)
    box = await office.box()
    assert (box.bounces, box.soft_days, box.dead_at) == (2, 1, None)


async def test_a_long_time_without_any_lets_both_counts_begin_anew(office: PostOffice) -> None:
    await send_and_return(office, HARD, HARD, FULL)
    office.town.now += timedelta(days=31)
    await send_and_return(office, HARD, FULL)
    box = await office.box()
    assert (box.bounces, box.soft_days) == (1, 1)


async def test_what_is_our_fault_or_the_mails_is_held_against_no_mailbox(office: PostOffice) -> None:
    await send_and_return(office, *[NOT_SIGNED] * 4, *["5.6.0 550 bad content"] * 4)
    box = await office.box()
    assert (box.bounces, box.soft_days, box.dead_at) == (0, 0, None)


async def test_one_mail_counts_once_however_often_it_is_said_to_have_come_back(office: PostOffice) -> None:
    delivery = await office.sends()
    assert await comes_back(office, delivery, HARD) is Meaning.NO_MAILBOX
    assert await comes_back(office, delivery, HARD) is None
    assert await office.state(delivery) == "dead"
    assert (await office.box()).bounces == 1


@pytest.mark.parametrize("state", ["queued", "dead", "delivered", "unsure"])
async def test_a_report_about_what_is_not_out_does_nothing(office: PostOffice, state: str) -> None:
    delivery = await office.sends()
    async with office.town.store.unit() as unit:
        await unit.execute(update(deliveries).where(deliveries.c.id == delivery).values(state=state))
    assert await comes_back(office, delivery, HARD) is None
    assert await office.state(delivery) == state
    assert (await office.box()).bounces == 0


async def test_a_report_about_a_mail_of_long_ago_or_that_is_no_longer_kept_does_nothing(office: PostOffice) -> None:
    delivery, other, third = [await office.sends() for _ in range(3)]
    office.town.now += timedelta(days=13)
    assert await comes_back(office, delivery, HARD) is Meaning.NO_MAILBOX
    office.town.now += timedelta(days=2)
    assert await comes_back(office, other, HARD) is None
    assert await office.state(other) == "sent"
    async with office.town.store.unit() as unit:
        await unit.execute(delete(deliveries).where(deliveries.c.id == third))
    assert await comes_back(office, third, HARD) is None
    assert (await office.box()).bounces == 1


async def test_a_report_may_overtake_our_own_settle(office: PostOffice) -> None:
    delivery = await office.sends()
    async with office.town.store.unit() as unit:
        claimed = {"state": "claimed", "settled_at": None, "sent_to_id": None}
        await unit.execute(update(deliveries).where(deliveries.c.id == delivery).values(**claimed))
    assert await comes_back(office, delivery, HARD) is Meaning.NO_MAILBOX
    assert (await office.box()).bounces == 1


async def test_a_report_that_a_mail_arrived_lets_the_counts_begin_anew(office: PostOffice) -> None:
    await send_and_return(office, HARD, HARD, FULL)
    delivery = await office.sends()
    async with office.town.store.unit() as unit:
        assert await bounces.arrived(unit, delivery, now=office.town.now)
        assert not await bounces.arrived(unit, 999_999, now=office.town.now)
    box = await office.box()
    assert (box.bounces, box.soft_days) == (0, 0)
    assert await office.state(delivery) == "sent"


async def test_what_comes_back_is_about_the_mailbox_it_went_to_wherever_mails_go_now(office: PostOffice) -> None:
    delivery = await office.sends()
    await office.give("bob", "bob@new.example")
    await comes_back(office, delivery, HARD)
    assert (await office.box()).bounces == 1
    assert (await office.box("bob@new.example")).bounces == 0


async def test_who_has_no_phone_is_told_at_another_mailbox_and_mails_go_there(office: PostOffice) -> None:
    other = await office.give("bob", "bob@old.example")
    first = await office.give("bob")
    await office.town.text("bob", "SIGNOUT")
    await send_and_return(office, HARD, HARD, HARD)
    assert (await office.town.account("bob")).mail_id == other.id != first.id
    assert await office.told("bob@old.example") == [came_back("Testville", BOB)]


async def test_who_cannot_be_told_is_stopped_all_the_same(office: PostOffice) -> None:
    await office.town.text("bob", "SIGNOUT")
    await send_and_return(office, HARD, HARD, HARD)
    assert (await office.box()).dead_at is not None
