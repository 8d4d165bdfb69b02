"""Nudges, invitations, reports, and links that log in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.domain import reply, reply_people, reply_together
from gateway.domain.types import Lane
from gateway.service import login, reporting
from gateway.service.site import Limits
from store import reports
from store.schema import deliveries, proofs
from tests.service.conversing import Town
from tests.service.test_by_mail import with_mail


async def test_a_nudge_reaches_who_follows_once_a_day_and_waits_behind_answers(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("alice", "NUDGE bob") == reply_together.nudge_refused("bob")
    await town.text("bob", "FOLLOW alice")
    assert await town.text("alice", "NUDGE @bob!") == reply_together.nudged("bob")
    assert await town.text("alice", "NUDGE bob") == reply_together.nudged_before("bob")
    assert await town.notices() == [reply_together.nudge("alice")]
    async with town.store.reading() as reading:
        lanes = await reading.execute(select(deliveries.c.lane).where(deliveries.c.notice_id.is_not(None)))
        assert list(lanes.scalars()) == [Lane.MENTION]
    town.now += timedelta(days=1)
    assert await town.text("alice", "NUDGE bob") == reply_together.nudged("bob")
    assert await town.text("alice", "NUDGE alice") == reply_people.not_oneself()
    assert await town.text("alice", "NUDGE nobody") == reply_people.nobody_offer("nobody", 10)


async def test_nobody_is_nudged_who_does_not_want_it(town: Town) -> None:
    await town.join("alice", "bob", "carol", "dave")
    for name in ("bob", "carol", "dave"):
        await town.text(name, "FOLLOW alice")
    await town.text("bob", "MUTE alice")
    await town.text("carol", "BLOCK alice")
    await town.text("dave", "OFF")
    assert await town.text("alice", "NUDGE bob") == reply_together.nudged("bob")
    assert await town.text("alice", "NUDGE carol") == reply_people.nobody_offer("carol", 10)
    assert await town.text("alice", "NUDGE dave") == reply_together.out_of_reach("dave")
    assert await town.notices() == []


async def test_an_invitation_is_a_text_to_pass_on(town: Town) -> None:
    await town.join("alice")
    answer = await town.text("alice", "INVITE")
    assert "text JOIN yourname to +15550009999" in answer
    assert await town.notices() == []
    town.site = replace(town.site, registration="closed")
    assert await town.text("alice", "INVITE") == reply.registration_closed(
        "closed", "ops@birds.example", "https://birds.example"
    )


# ---- reports


async def test_a_report_is_kept_for_the_operator_and_its_end_is_told(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "buy this")
    await town.text("bob", "BLOCK alice")
    assert await town.text("alice", "REPORT bob: he sells things") == reply_together.reported("bob")
    assert await town.text("alice", "report bob.") == reply_together.reported("bob")
    assert await town.text("alice", "REPORT alice") == reply_people.not_oneself()
    assert "Reply Y" in await town.text("alice", "REPORT nobody")
    async with town.store.unit() as unit:
        first, second = await reports.open_ones(unit, most=10)
        assert (first.reporter, first.about, first.words, second.words) == ("alice", "bob", "he sells things", "")
        assert first.post_id is not None
        closed = await reporting.close(unit, first.id, now=town.now)
        assert closed is not None
        assert closed.closed_at == town.now
        assert await reporting.close(unit, first.id, now=town.now) is None
        assert [each.id for each in await reports.open_ones(unit, most=10)] == [second.id]
        assert [each.id for each in await reports.newest(unit, most=10)] == [second.id, first.id]
    assert await town.notices() == [reply_together.report_closed("bob")]


async def test_reports_have_a_limit(town: Town) -> None:
    await town.join("alice", "bob")
    town.site = replace(town.site, limits=Limits(reports_per_day=1))
    await town.text("alice", "REPORT bob")
    assert await town.text("alice", "REPORT bob again") == reply_together.too_many_reports(1)


# ---- logging in


async def secret_of(town: Town, who: str) -> str:
    return (await town.text(who, "LOGIN")).split()[0].removeprefix("https://birds.example/login/")


async def test_a_link_logs_in_once(town: Town) -> None:
    await town.join("alice")
    secret = await secret_of(town, "alice")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        looked_at = await login.whose(unit, town.site, secret, now=town.now)
        used = await login.use(unit, town.site, secret, now=town.now)
        assert looked_at is not None
        assert used is not None
        assert looked_at.id == used.id == alice.id
        assert await login.use(unit, town.site, secret, now=town.now) is None
        assert await login.whose(unit, town.site, secret, now=town.now) is None


async def test_a_link_is_void_when_it_is_old_or_another_was_made_and_is_kept_as_a_digest(town: Town) -> None:
    await town.join("alice")
    first = await secret_of(town, "alice")
    second = await secret_of(town, "alice")
    assert first != second
    async with town.store.unit() as unit:
        kept = list((await unit.execute(select(proofs.c.code_hash))).scalars())
        assert len(kept) == 1
        assert second not in kept
        assert await login.use(unit, town.site, first, now=town.now) is None
        assert await login.use(unit, town.site, "x" * 40, now=town.now) is None
        assert await login.use(unit, town.site, second, now=town.now + timedelta(minutes=11)) is None


@pytest.mark.parametrize("who", ["mallory", "alice"])
async def test_a_link_goes_to_ones_own_mailbox_only(town: Town, who: str) -> None:
    await with_mail(town, "alice")
    alice = await town.account("alice")
    answer = await town.mail(who, "LOGIN", account_id=alice.id)
    assert answer.startswith("https://birds.example/login/") if who == "alice" else answer == reply.only_from_your_own()
