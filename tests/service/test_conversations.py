"""Who answers what: by text and by mail, when several posts arrived, one conversation stays one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.domain import reply_posts
from gateway.domain.delivery import RetryRules, Sent
from gateway.domain.pace import Pace
from gateway.domain.types import Channel
from gateway.service import claiming, fanout, settling
from gateway.service.settling import Result
from store import routes
from store.routes import Route
from store.schema import deliveries, posts
from tests.service.conversing import OTHER_NUMBER, OURS, Town
from tests.service.test_by_mail import with_mail

LEASE = timedelta(minutes=2)


async def arrive(town: Town) -> list[tuple[str, str]]:
    """What waits goes out on every route; (to, words) of each post, in the order of sending."""
    went: list[tuple[str, str]] = []
    async with town.store.unit() as unit:
        ways: list[Route] = await routes.ensure(unit, [OTHER_NUMBER, OURS])
        while await fanout.step(unit, now=town.now) is not None:
            pass
    for route in ways:
        while True:
            async with town.store.unit() as unit:
                batch = await claiming.claim(unit, route, Pace(), most=10, lease=LEASE, now=town.now)
                results = [Result(each, Sent(f"SM{each.id}")) for each in batch.deliveries]
                await settling.settle(
                    unit, town.site, route, results, rules=RetryRules(), now=town.now, dice=[0.5] * len(results)
                )
            if not results:
                break
            went += [(each.to, each.text) for each in batch.deliveries if each.post_id is not None]
    return went


async def thread(town: Town) -> list[tuple[str, str | None, int]]:
    """Every post that stands: its words, the words that it answers, and its conversation."""
    answered = posts.alias("answered")
    async with town.store.reading() as reading:
        rows = await reading.execute(
            select(posts.c.text, answered.c.text, posts.c.conversation_id)
            .join(answered, answered.c.id == posts.c.reply_to_id, isouter=True)
            .where(posts.c.deleted_at.is_(None))
            .order_by(posts.c.id)
        )
        return [tuple(row) for row in rows]


@pytest.fixture
async def circle(town: Town) -> Town:
    """Bob follows alice and carol, who follow him."""
    await with_mail(town, "alice", "bob", "carol", "dave")
    for name in ("alice", "carol"):
        await town.text("bob", f"FOLLOW {name}")
        await town.text(name, "FOLLOW bob")
    return town


async def test_a_bare_answer_means_the_last_text_and_a_name_the_last_of_that_name(circle: Town) -> None:
    await circle.text("alice", "lunch?")
    await circle.text("carol", "rain again")
    await circle.text("alice", "or tea?")
    await circle.text("carol", "sun!")
    await arrive(circle)
    assert await circle.text("bob", "R at last") == reply_posts.answered("carol")
    assert await circle.text("bob", "R alice tea please") == reply_posts.answered("alice")
    said = {words: answered for words, answered, _ in await thread(circle)}
    assert said["@carol at last"] == "sun!"
    assert said["@alice tea please"] == "or tea?"


async def test_what_somebody_wrote_to_others_since_is_not_answered_by_name(circle: Town) -> None:
    await circle.text("alice", "lunch?")
    await arrive(circle)
    await circle.text("alice", "@dave no, not you")
    await arrive(circle)
    await circle.text("bob", "R alice count me in")
    assert (await thread(circle))[-1][:2] == ("@alice count me in", "lunch?")


async def test_an_answer_by_name_to_a_direct_message_stays_private(circle: Town) -> None:
    await circle.text("alice", "good morning")
    await circle.text("alice", "D bob are you ill?")
    await circle.text("carol", "rain again")
    await arrive(circle)
    assert await circle.text("bob", "R alice a little") == reply_posts.direct_sent("alice")
    async with circle.store.reading() as reading:
        kinds = await reading.execute(select(posts.c.kind, posts.c.text).order_by(posts.c.id.desc()).limit(1))
        assert tuple(kinds.one()) == ("direct", "a little")


async def test_a_post_of_somebody_who_became_protected_is_not_answered_by_a_stranger(circle: Town) -> None:
    await circle.text("alice", "lunch?")
    await arrive(circle)
    await circle.text("alice", "LOSE bob")
    await circle.text("alice", "PROTECT")
    assert await circle.text("bob", "R alice yes") == reply_posts.no_posts("alice")


async def test_a_conversation_stays_one_between_texts_and_mails(circle: Town) -> None:
    await circle.text("alice", "lunch?")
    assert {to for to, _ in await arrive(circle)} >= {"bob@mail.example"}
    delivery = await _mail_to(circle, "bob")
    assert await circle.mail("bob", "Where?", answers_delivery=delivery) == reply_posts.answered("alice")
    await arrive(circle)
    assert await circle.text("alice", "R at nine") == reply_posts.answered("bob")
    await arrive(circle)
    assert await circle.mail("bob", "Fine.", answers_delivery=await _mail_to(circle, "bob")) == reply_posts.answered(
        "alice"
    )
    said = await thread(circle)
    assert [words[:2] for words in said] == [
        ("lunch?", None),
        ("@alice Where?", "lunch?"),
        ("@bob at nine", "@alice Where?"),
        ("@alice Fine.", "@bob at nine"),
    ]
    assert len({conversation for _, _, conversation in said}) == 1


async def test_a_mail_answers_its_own_post_although_others_came_since(circle: Town) -> None:
    await circle.text("alice", "lunch?")
    await arrive(circle)
    lunch = await _mail_to(circle, "bob")
    await circle.text("alice", "or tea?")
    await arrive(circle)
    await circle.mail("bob", "R lunch please", answers_delivery=lunch)
    assert (await thread(circle))[-1][:2] == ("@alice lunch please", "lunch?")


async def test_what_a_word_or_a_group_brought_can_be_answered(circle: Town) -> None:
    await circle.text("dave", "TRACK wifi")
    await circle.text("alice", "is the wifi down?")
    await arrive(circle)
    assert await circle.text("dave", "R yes, since nine") == reply_posts.answered("alice")
    assert (await thread(circle))[-1][:2] == ("@alice yes, since nine", "is the wifi down?")
    await circle.text("dave", "JOIN !team")
    await circle.text("carol", "JOIN !team")
    await circle.text("carol", "!team we start")
    await arrive(circle)
    assert await circle.text("dave", "R coming") == reply_posts.answered("carol")
    assert (await thread(circle))[-1][:2] == ("@carol coming", "!team we start")


async def _mail_to(town: Town, who: str) -> int:
    """The newest mail that went to somebody."""
    reader = await town.account(who)
    async with town.store.reading() as reading:
        mine = (deliveries.c.account_id == reader.id) & (deliveries.c.channel == Channel.EMAIL)
        sent = select(deliveries.c.id).where(mine).order_by(deliveries.c.id.desc())
        found: int = (await reading.execute(sent.limit(1))).scalar_one()
    return found
