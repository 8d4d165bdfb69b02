"""Nudges, invitations, reports, and links that log in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.domain import reply, reply_people, reply_together
from gateway.domain.delivery import Bounced
from gateway.domain.pace import Pace
from gateway.domain.types import Lane
from gateway.service import claiming, login, polling, reporting
from gateway.service.site import Limits
from store import relations, reports, routes
from store.schema import deliveries, proofs
from tests.service.conversing import OTHER_NUMBER, OURS, Town
from tests.service.test_by_mail import with_mail
from tests.service.test_polls import arrive
from tests.service.test_quiet import send, words_of


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


# ---- what was somebody's doing, and a block


async def asleep(town: Town, *names: str) -> None:
    """These people sign up, follow alice, and sleep for a while."""
    await town.join("alice", *names)
    for name in names:
        await town.text(name, "FOLLOW alice")
        await town.text(name, "SLEEP 8")


async def arrives(town: Town) -> list[str]:
    """What goes out by text now."""
    return words_of(await send(town))


@pytest.mark.parametrize(("who", "whom"), [("bob", "alice"), ("alice", "bob")])
async def test_a_nudge_that_a_sleeper_has_not_got_yet_does_not_outlive_a_block(town: Town, who: str, whom: str) -> None:
    await asleep(town, "bob", "carol")
    await town.text("alice", "NUDGE bob")
    await town.text("alice", "NUDGE carol")
    assert await arrives(town) == []
    await town.text(who, f"BLOCK {whom}")
    await town.text("bob", "WAKE")
    await town.text("carol", "WAKE")
    assert await arrives(town) == [reply_together.nudge("alice")]
    async with town.store.reading() as reading:
        dead = select(deliveries.c.reason).where(deliveries.c.state == "dead")
        assert list((await reading.execute(dead)).scalars()) == ["blocked"]


@pytest.mark.parametrize("blocks", [("alice", "bob"), ("bob", "alice")])
async def test_a_claim_asks_for_blocks_again_whatever_was_dropped_before(town: Town, blocks: tuple[str, str]) -> None:
    await asleep(town, "bob")
    await town.text("alice", "NUDGE bob")
    await town.text("bob", "WAKE")
    one, other = [(await town.account(name)).id for name in blocks]
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[2]
        (held,) = (
            await claiming.claim(unit, route, Pace(), most=5, lease=timedelta(minutes=2), now=town.now)
        ).deliveries
        assert await claiming.still_allowed(unit, held, now=town.now) is None
        await relations.block(unit, one, other, now=town.now)
        assert await claiming.still_allowed(unit, held, now=town.now) == Bounced("one has blocked the other")


async def test_who_asked_to_follow_or_was_accepted_is_not_told_of_across_a_block(town: Town) -> None:
    await town.join("alice", "bob", "carol", "dave")
    await town.text("alice", "PROTECT")
    await town.text("alice", town.code)
    for name in ("bob", "carol", "dave"):
        await town.text(name, "FOLLOW alice")
    await town.text("alice", "ACCEPT bob")
    await town.text("alice", "BLOCK bob")
    await town.text("alice", "BLOCK carol")
    assert await arrives(town) == [reply_people.asks_to_follow("dave")]
    await town.text("alice", "ACCEPT ALL")
    await town.text("dave", "BLOCK alice")
    assert await arrives(town) == []


async def test_a_mute_keeps_a_nudge_that_waits_and_not_a_question(town: Town) -> None:
    await asleep(town, "bob")
    await town.text("alice", "NUDGE bob")
    await town.text("bob", "MUTE alice")
    await town.text("bob", "PROTECT")
    await town.text("carol", "JOIN carol")
    await town.text("carol", "FOLLOW bob")
    await town.text("bob", "MUTE carol")
    await town.text("bob", "WAKE")
    assert await arrives(town) == [reply_people.asks_to_follow("carol")]


async def test_a_result_that_waits_for_a_sleeper_does_not_outlive_a_block(town: Town) -> None:
    await asleep(town, "bob", "carol")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    for name in ("bob", "carol"):
        await town.text(name, "VOTE 1")
    await town.text("alice", "POLL CLOSE")
    async with town.store.unit() as unit:
        assert await polling.tell_result(unit, now=town.now)
    await town.text("bob", "BLOCK alice")
    for name in ("bob", "carol"):
        await town.text(name, "WAKE")
    assert await arrives(town) == [reply_together.poll_is_closed("Lunch? pizza 2, soup 0. 2 votes.")]
