"""Mails of our own words are answered like any others, and stop when they are to."""

import pytest
from sqlalchemy import select

from gateway.domain import reply, reply_people, reply_posts
from gateway.domain.types import NoticeKind
from gateway.domain.unsubscribe import DeliverysMail
from gateway.service import joining, unsubscribing
from store import follows
from store.schema import deliveries, notices
from tests.service.conversing import Town
from tests.service.mailroom import Mailroom


@pytest.fixture
async def mailroom(town: Town) -> Mailroom:
    """alice is protected; she and bob read mail and have texts off. carol has just asked to follow alice."""
    mailroom = Mailroom(town)
    await mailroom.join("alice", "bob", "carol")
    await town.text("alice", "PROTECT")
    for name in ("alice", "bob"):
        await town.text(name, "OFF")
    await mailroom.send()
    await town.text("carol", "FOLLOW alice")
    return mailroom


async def told(mailroom: Mailroom, kind: NoticeKind) -> int:
    """The delivery of the last notice of this kind."""
    async with mailroom.town.store.reading() as reading:
        statement = (
            select(deliveries.c.id)
            .join(notices, notices.c.id == deliveries.c.notice_id)
            .where(notices.c.kind == kind)
            .order_by(deliveries.c.id.desc())
            .limit(1)
        )
        return (await reading.execute(statement)).scalar_one()


async def edge(mailroom: Mailroom) -> str | None:
    """How carol follows alice."""
    alice, carol = await mailroom.town.account("alice"), await mailroom.town.account("carol")
    async with mailroom.town.store.reading() as reading:
        found = await follows.edge(reading, alice.id, carol.id)
    return None if found is None else found.state


@pytest.mark.parametrize("words", ["ACCEPT", "yes", "Yes!", "y", "OK.", "accept\n\nRegards,\nAlice", "ACCEPT carol"])
async def test_a_request_is_granted_by_answering_it(mailroom: Mailroom, words: str) -> None:
    request = await told(mailroom, NoticeKind.REQUEST)
    assert await mailroom.town.mail("alice", words, answers_delivery=request) == reply_people.accepted("carol")
    assert await edge(mailroom) == "accepted"
    assert await mailroom.town.posts() == []
    assert await mailroom.town.mail("alice", "yes", answers_delivery=request) == reply_people.no_request("carol")


@pytest.mark.parametrize("words", ["DENY", "no", "N.", "deny carol"])
async def test_a_request_is_refused_by_answering_it(mailroom: Mailroom, words: str) -> None:
    request = await told(mailroom, NoticeKind.REQUEST)
    assert await mailroom.town.mail("alice", words, answers_delivery=request) == reply_people.denied("carol")
    assert await edge(mailroom) is None


async def test_other_words_to_a_request_are_asked_back_and_never_posted(mailroom: Mailroom) -> None:
    request = await told(mailroom, NoticeKind.REQUEST)
    answer = await mailroom.town.mail("alice", "who is that?", answers_delivery=request)
    assert answer == reply_people.accept_or_deny("carol")
    assert await edge(mailroom) == "requested"
    assert await mailroom.town.posts() == []
    assert await mailroom.town.mail("alice", "WHOIS carol", answers_delivery=request) != answer


async def test_nobody_else_grants_a_request_that_was_passed_on_to_them(mailroom: Mailroom) -> None:
    request = await told(mailroom, NoticeKind.REQUEST)
    for words in ("ACCEPT", "yes", "DENY"):
        await mailroom.town.mail("mallory", words, answers_delivery=request)
    assert await edge(mailroom) == "requested"
    assert await mailroom.town.posts() == []


async def test_a_request_of_somebody_who_is_gone_is_nobodys(mailroom: Mailroom) -> None:
    request = await told(mailroom, NoticeKind.REQUEST)
    carol = await mailroom.town.account("carol")
    async with mailroom.town.store.unit() as unit:
        await joining.delete_account(unit, carol.id, now=mailroom.town.now)
    answer = await mailroom.town.mail("alice", "yes", answers_delivery=request)
    assert answer == reply_people.no_requests()


async def test_a_nudge_is_answered_by_a_post(mailroom: Mailroom) -> None:
    await mailroom.town.mail("bob", "FOLLOW carol")
    await mailroom.town.text("carol", "NUDGE bob")
    nudge = await told(mailroom, NoticeKind.NUDGE)
    assert await mailroom.town.mail("bob", "still here", answers_delivery=nudge) == reply_posts.posted()
    assert await mailroom.town.mail("bob", "STATS", answers_delivery=nudge) != reply_posts.posted()
    assert await mailroom.town.posts() == ["still here"]


async def test_an_answer_of_ours_is_answered_with_a_code(mailroom: Mailroom) -> None:
    assert await mailroom.town.mail("alice", "PUBLIC") == reply.confirm_public("4821")
    account = await mailroom.town.account("alice")
    assert await mailroom.town.mail("alice", "4821", account_id=account.id) == reply_people.public()


async def test_who_stops_requests_gets_no_mail_but_about_the_account_and_answers(mailroom: Mailroom) -> None:
    request = DeliverysMail(await told(mailroom, NoticeKind.REQUEST))
    async with mailroom.town.store.unit() as unit:
        assert await unsubscribing.unsubscribe(unit, mailroom.town.site, request, now=mailroom.town.now)
    assert await mailroom.send() == []
    alice = await mailroom.town.account("alice")
    async with mailroom.town.store.unit() as unit:
        assert await joining.mail_posting_address(unit, mailroom.town.site, alice.id, now=mailroom.town.now)
    assert [each.notice for each in await mailroom.send()] == [NoticeKind.WELCOME]
    await mailroom.town.mail("alice", "EMAIL ON")
    await mailroom.town.text("carol", "LEAVE alice")
    await mailroom.town.text("carol", "FOLLOW alice")
    assert [each.notice for each in await mailroom.send()] == [NoticeKind.REQUEST]


async def test_who_asked_hears_that_it_was_granted(mailroom: Mailroom) -> None:
    await mailroom.town.text("carol", "OFF")
    await mailroom.town.mail("alice", "ACCEPT carol")
    await mailroom.send()
    news = [each for each in mailroom.sent if each.notice is NoticeKind.NEWS]
    assert [(each.to, each.text) for each in news] == [("carol@mail.example", reply_people.was_accepted("alice"))]
