"""Polls: asked, answered by text and by mail, changed, closed, and their results told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gateway.domain import reply, reply_posts, reply_together
from gateway.domain.types import Lane
from gateway.service import fanout, joining, polling
from gateway.service.site import Limits
from store import addresses
from store.routes import MAIL_ROUTE
from store.schema import deliveries, notices, poll_votes, polls, posts
from tests.service.conversing import Town
from tests.service.test_by_mail import with_mail
from tests.store.test_plans import watching

POLL = "Lunch? 1 pizza 2 soup (VOTE n)"


async def arrive(town: Town) -> None:
    """What was posted goes out to everybody."""
    while True:
        async with town.store.unit() as unit:
            if await fanout.step(unit, now=town.now) is None:
                break
    async with town.store.unit() as unit:
        mine = deliveries.c.post_id.is_not(None)
        await unit.execute(deliveries.update().where(mine, deliveries.c.state == "queued").values(state="sent"))


async def tell(town: Town) -> int:
    """Housekeeping tells the results that are due; how many steps it took."""
    steps = 0
    while True:
        async with town.store.unit() as unit:
            if not await polling.tell_result(unit, now=town.now):
                return steps
        steps += 1


async def told(town: Town, *names: str) -> list[str]:
    """Who of these is told one result."""
    heard = []
    for name in names:
        reader = await town.account(name)
        async with town.store.reading() as reading:
            waiting = select(notices.c.text).join(deliveries, deliveries.c.notice_id == notices.c.id)
            found = await reading.execute(waiting.where(deliveries.c.account_id == reader.id))
        if sum(words.startswith("Closed: ") for words in found.scalars()) == 1:
            heard.append(name)
    return heard


async def class_of(town: Town, *names: str) -> None:
    await town.join("alice", *names)
    for name in names:
        await town.text(name, "FOLLOW alice")


async def test_a_poll_is_a_post_and_votes_count_once_and_may_change(town: Town) -> None:
    await class_of(town, "bob", "carol")
    assert await town.text("alice", "POLL Lunch? / pizza / soup") == reply_together.poll_posted()
    assert await town.posts() == [POLL]
    await arrive(town)
    assert await town.text("bob", "VOTE 2") == "You chose soup. Lunch? pizza 0, soup 1. 1 vote."
    assert await town.text("bob", "vote 1.") == "You chose pizza. Lunch? pizza 1, soup 0. 1 vote."
    assert await town.text("alice", "VOTE 2") == "You chose soup. Lunch? pizza 1, soup 1. 2 votes."
    assert await town.text("carol", "VOTE 3") == reply_together.no_such_option(3, 2)
    assert await town.text("carol", "VOTE 0") == reply_together.no_such_option(0, 2)
    assert await town.text("carol", "VOTE 10") == reply_together.no_such_option(10, 2)
    assert await town.text("carol", "POLL") == "Lunch? pizza 1, soup 1. 2 votes."
    assert await town.posts() == [POLL]


async def test_a_vote_goes_to_the_last_poll_that_this_person_got(town: Town) -> None:
    await class_of(town, "bob", "carol", "dave")
    await town.text("dave", "LEAVE alice")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    await town.text("alice", "POLL Tea? / yes / no")
    assert "pizza 1" in await town.text("bob", "VOTE 1")
    await arrive(town)
    await town.text("alice", "no poll at all")
    await arrive(town)
    assert "yes 1" in await town.text("bob", "VOTE 1")
    assert await town.text("dave", "VOTE 1") == await town.text("dave", "POLL") == reply_together.no_poll()
    await town.text("alice", "UNDO")
    await town.text("alice", "UNDO")
    assert "pizza 1" in await town.text("bob", "POLL")
    await town.text("alice", "BLOCK carol")
    assert await town.text("carol", "VOTE 1") == reply_together.no_poll()


async def test_a_poll_that_is_too_long_or_twice_is_not_posted(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", f"POLL {'x' * 130} / a / b") == reply_together.poll_too_long(7)
    await town.text("alice", "POLL Lunch? / pizza / soup")
    assert await town.text("alice", "POLL Lunch? / pizza / soup") == reply_posts.duplicate()
    assert await town.posts() == [POLL]


async def test_the_result_is_told_to_the_author_and_to_all_who_voted_when_it_is_closed(town: Town) -> None:
    await class_of(town, "bob", "carol", "dave")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    await town.text("bob", "VOTE 2")
    await town.text("carol", "VOTE 2")
    assert await tell(town) == 0
    closed = reply_together.poll_is_closed("Lunch? pizza 0, soup 2. 2 votes.")
    assert await town.text("bob", "POLL CLOSE") == reply_together.no_open_poll()
    assert await town.text("alice", "POLL CLOSE") == closed
    assert await town.text("dave", "VOTE 1") == closed
    assert await tell(town) == 1
    assert await tell(town) == 0
    assert await town.notices() == [closed] * 2


async def test_a_poll_closes_by_itself(town: Town) -> None:
    await class_of(town, "bob")
    town.site = replace(town.site, limits=Limits(poll_hours=1))
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    await town.text("bob", "VOTE 1")
    town.now += timedelta(hours=1)
    assert (await town.text("bob", "VOTE 2")).startswith("Closed: ")
    assert await town.text("alice", "POLL CLOSE") == reply_together.no_open_poll()
    assert await tell(town) == 1
    assert len(await town.notices()) == 2


async def test_many_voters_are_told_in_steps_each_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_AT_ONCE", 50)
    names = [f"{i:04}voter" for i in range(120)]
    await class_of(town, *names)
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    for name in names:
        await town.text(name, "VOTE 1")
    await town.text("alice", "POLL CLOSE")
    assert await tell(town) == 3
    assert len(await town.notices()) == 120


@pytest.mark.parametrize("voters", [1, 12])
async def test_a_step_takes_as_many_statements_for_many_voters_as_for_one(town: Town, voters: int) -> None:
    names = [f"{i:04}voter" for i in range(voters)]
    await class_of(town, *names)
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    for name in names:
        await town.text(name, "VOTE 1")
    town.now += timedelta(days=30)
    async with town.store.unit() as unit:
        with watching(town.store) as seen:
            assert await polling.tell_result(unit, now=town.now)
    assert len(await town.notices()) == voters + 1
    assert len(seen) == 7


async def test_a_result_goes_to_the_mailbox_of_who_has_no_phone_and_to_nobody_without_either(town: Town) -> None:
    names = ("bob", "carol", "dave")
    await class_of(town, *names)
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    for name in names:
        await town.text(name, "VOTE 1")
    bob, carol = await town.account("bob"), await town.account("carol")
    async with town.store.unit() as unit:
        await joining.add_addresses(unit, bob.id, now=town.now, email="bob@mail.example")
        await addresses.detach(unit, bob.phone_id or 0)
        await addresses.detach(unit, carol.phone_id or 0)
    town.now += timedelta(days=30)
    assert await tell(town) == 1
    assert await told(town, "alice", *names) == ["alice", "bob", "dave"]
    async with town.store.reading() as reading:
        columns = deliveries.c.account_id, deliveries.c.channel, deliveries.c.route, deliveries.c.lane
        ways = await reading.execute(select(*columns).where(deliveries.c.notice_id.is_not(None)))
        assert ("email", MAIL_ROUTE, Lane.FIRST) in [tuple(row[1:]) for row in ways if row[0] == bob.id]


async def test_a_vote_by_mail_is_for_the_poll_that_the_mail_answers(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    lunch = await town.delivery("bob", "alice")
    await town.text("alice", "POLL Tea? / yes / no")
    await arrive(town)
    assert "soup 1" in await town.mail("bob", "VOTE 2", answers_delivery=lunch)
    assert "yes 1" in await town.mail("bob", "VOTE 1\n\nthanks")
    assert await town.mail("mallory", "VOTE 1", answers_delivery=lunch) == reply.only_the_answer()


async def test_a_phone_that_only_follows_votes_and_asks_nothing(town: Town) -> None:
    await class_of(town, "bob")
    await town.text("zoe", "FOLLOW alice")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    assert "pizza 1" in await town.text("zoe", "VOTE 1")
    assert await town.text("zoe", "POLL a? / b / c") == reply.name_first("")
    await town.text("zoe", "SIGNOUT")
    assert "0 votes" in await town.text("bob", "POLL")


async def test_a_result_is_not_told_across_a_block_or_a_mute(town: Town) -> None:
    names = ("bob", "carol", "dave", "erin")
    await class_of(town, *names)
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    for name in names:
        await town.text(name, "VOTE 1")
    await town.text("bob", "BLOCK alice")
    await town.text("alice", "BLOCK carol")
    await town.text("dave", "MUTE alice")
    town.now += timedelta(days=30)
    assert await tell(town) == 1
    assert await told(town, "alice", "erin") == ["alice", "erin"]
    assert await told(town, *names) == ["erin"]


async def test_the_result_of_a_protected_author_is_told_to_followers_alone(town: Town) -> None:
    await class_of(town, "bob", "carol")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    for name in ("alice", "bob", "carol"):
        await town.text(name, "VOTE 1")
    await town.text("bob", "LEAVE alice")
    await town.text("alice", "PROTECT")
    town.now += timedelta(days=30)
    assert await tell(town) == 1
    assert await told(town, "alice", "bob", "carol") == ["alice", "carol"]


@pytest.mark.parametrize("ends", ["UNDO", "DELETE ME"])
async def test_a_deleted_poll_is_told_to_nobody_and_leaves_no_words(town: Town, ends: str) -> None:
    await class_of(town, "bob")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    await town.text("bob", "VOTE 1")
    await town.text("alice", ends)
    if ends == "DELETE ME":
        await town.text("alice", town.code)
    assert await town.posts() == []
    town.now += timedelta(days=30)
    assert await tell(town) == 0
    async with town.store.reading() as reading:
        assert (await reading.execute(select(polls.c.question, polls.c.options, polls.c.told))).one() == ("", "", None)
        assert (await reading.execute(select(func.count()).select_from(poll_votes))).scalar_one() == 0


async def test_a_poll_whose_post_is_deleted_is_told_to_nobody(town: Town) -> None:
    await class_of(town, "bob")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    async with town.store.unit() as unit:
        await unit.execute(posts.update().values(deleted_at=town.now))
    town.now += timedelta(days=30)
    assert await tell(town) == 0


async def test_a_vote_on_a_poll_that_was_passed_on_counts_in_that_poll(town: Town) -> None:
    await with_mail(town, "alice", "bob", "carol")
    await town.text("bob", "FOLLOW alice")
    await town.text("carol", "FOLLOW bob")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    await town.text("bob", "POLL Tea? / yes / no")
    tea = await town.delivery("carol", "bob")
    await arrive(town)
    assert "yes 1" in await town.text("carol", "VOTE 1")
    await town.text("bob", "RT alice")
    lunch = await town.delivery("carol", "bob")
    await arrive(town)
    assert "soup 1" in await town.text("carol", "VOTE 2")
    assert "no 1" in await town.mail("carol", "VOTE 2", answers_delivery=tea)
    assert "pizza 1" in await town.mail("carol", "VOTE 1", answers_delivery=lunch)
