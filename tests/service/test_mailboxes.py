"""How mails go to a stopped mailbox again: from the mailbox itself, by a code that is mailed there, by the operator."""

from datetime import timedelta

import pytest

from gateway.domain import reply, reply_mail
from gateway.domain.carriage import objection
from gateway.domain.delivery import Fault
from gateway.domain.types import Channel
from gateway.service import faults, mailboxes
from store import addresses, queue
from tests.service.post_office import PostOffice

BOB = "bob@mail.example"


async def stop(office: PostOffice, mailbox: str = BOB, *, complained: bool = False) -> None:
    box = await office.box(mailbox)
    async with office.town.store.unit() as unit:
        if complained:
            await mailboxes.complained(unit, office.town.site, box, "complaint (abuse)", now=office.town.now)
            return
        for _ in range(3):
            await faults.follow_up(
                unit, office.town.site, box.id, Channel.EMAIL, Fault.ADDRESS, "5.1.1 no", now=office.town.now
            )
    assert (await office.box(mailbox)).dead_at is not None


async def is_used(office: PostOffice, mailbox: str = BOB) -> bool:
    box, bob = await office.box(mailbox), await office.town.account("bob")
    return box.dead_at is None and bob.mail_id == box.id and bob.email_mode == "instant"


@pytest.mark.parametrize("words", ["hello again", "EMAIL ON", "START", "INBOX"])
async def test_whoever_writes_from_a_mailbox_gets_mails_there_again(office: PostOffice, words: str) -> None:
    await stop(office)
    answer = await office.town.mail("bob", words)
    assert await is_used(office)
    if words in ("EMAIL ON", "START"):
        assert answer == reply.mail_on()
    box = await office.box()
    assert (box.bounces, box.soft_days, box.dead_reason) == (0, 0, "")


async def test_a_mail_from_a_mailbox_forgets_what_came_back_before(office: PostOffice) -> None:
    box = await office.box()
    async with office.town.store.unit() as unit:
        for fault in (Fault.ADDRESS, Fault.ADDRESS, Fault.NOT_NOW):
            await mailboxes.came_back(unit, office.town.site, box, fault, "no", now=office.town.now)
    assert (await office.box()).bounces == 2
    await office.town.mail("bob", "hello")
    box = await office.box()
    assert (box.bounces, box.soft_days) == (0, 0)


async def test_a_mail_from_elsewhere_with_the_posting_address_takes_up_no_mailbox(office: PostOffice) -> None:
    await stop(office)
    bob = await office.town.account("bob")
    assert await office.town.mail("mallory", "EMAIL ON", account_id=bob.id) == reply.only_from_your_own()
    assert not await is_used(office)


async def test_after_a_complaint_only_asking_for_mail_brings_it_back(office: PostOffice) -> None:
    await stop(office, complained=True)
    assert (await office.town.account("bob")).email_mode == "off"
    for words in ("hello", "INBOX", "EMAIL OFF"):
        await office.town.mail("bob", words)
        assert (await office.box()).complained_at is not None
    assert await office.town.mail("bob", "EMAIL ON") == reply.mail_on()
    assert await is_used(office)
    assert (await office.box()).complained_at is None


async def test_who_asks_for_digests_asks_for_mail(office: PostOffice) -> None:
    await stop(office, complained=True)
    assert await office.town.mail("bob", "EMAIL DAILY 18") == reply.mail_daily(18, "UTC")
    assert (await office.box()).dead_at is None
    assert (await office.town.account("bob")).email_mode == "daily"


@pytest.mark.parametrize("complained", [False, True])
async def test_email_on_from_a_phone_mails_a_code_there_which_must_come_back(
    office: PostOffice, complained: bool
) -> None:
    town = office.town
    await stop(office, complained=complained)
    assert await town.text("bob", "EMAIL ON") == reply_mail.code_mailed(BOB)
    assert not await is_used(office)
    (letter,) = await office.told(BOB)
    assert town.code in letter
    assert "bob asked Testville" in letter
    assert await town.text("bob", "0000") == reply.wrong_code()
    assert not await is_used(office)
    assert await town.text("bob", town.code) == reply_mail.mails_go_on()
    assert await is_used(office)
    assert await town.posts() == []


async def test_the_code_goes_out_although_mails_to_the_mailbox_are_stopped(office: PostOffice) -> None:
    await stop(office)
    await office.town.text("bob", "EMAIL ON")
    async with office.town.store.unit() as unit:
        ids = await queue.claim(unit, 0, most=10, until=office.town.now + timedelta(minutes=1), now=office.town.now)
        assert [objection(each) for each in await queue.details(unit, ids)] == [""]


async def test_a_code_that_comes_too_late_or_from_somebody_else_does_nothing(office: PostOffice) -> None:
    town = office.town
    await stop(office)
    await town.text("bob", "EMAIL ON")
    await town.text("alice", town.code)
    assert not await is_used(office)
    town.now += timedelta(minutes=11)
    assert await town.text("bob", town.code) == reply.code_over()
    assert not await is_used(office)


async def test_only_so_many_codes_are_mailed_in_a_day(office: PostOffice) -> None:
    await stop(office)
    answers = [await office.town.text("bob", "EMAIL ON") for _ in range(7)]
    assert answers == [reply_mail.code_mailed(BOB)] * 5 + [reply_mail.too_many_codes()] * 2
    assert len(await office.told(BOB)) == 5
    office.town.now += timedelta(days=1)
    assert await office.town.text("bob", "EMAIL ON") == reply_mail.code_mailed(BOB)


async def test_a_mailbox_that_is_somebody_elses_by_now_is_not_taken_up(office: PostOffice) -> None:
    town = office.town
    await stop(office)
    await town.text("bob", "EMAIL ON")
    async with town.store.unit() as unit:
        await addresses.attach(unit, (await office.box()).id, (await town.account("alice")).id, proven_at=town.now)
    assert await town.text("bob", town.code) == reply.no_mail("ops@birds.example")
    assert (await office.box()).dead_at is not None


async def test_who_has_another_mailbox_in_use_needs_no_code(office: PostOffice) -> None:
    await office.give("bob", "bob@old.example")
    await stop(office, "bob@old.example")
    assert await office.town.text("bob", "EMAIL ON") == reply.mail_on()


async def test_the_owner_is_told_once_however_much_more_comes_back(office: PostOffice) -> None:
    await stop(office)
    await stop(office)
    assert len(await office.told()) == 1
    await stop(office, complained=True)
    await stop(office, complained=True)
    assert await office.told() == [
        reply_mail.came_back("Testville", BOB),
        reply_mail.complained("Testville", BOB),
    ]
