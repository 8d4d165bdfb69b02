"""A conversation by mail is one thread, and an answer shows what it answers: as far as whoever gets it may see that."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from sqlalchemy import event, func, insert, select, update

from gateway.domain.types import Channel, Outgoing
from gateway.service import claiming, fanout
from outbound.mail_text import render
from store import queue
from store.posts import wipe
from store.schema import accounts, deliveries, posts
from store.threads import LOOKED_AT
from store.unit import Store
from tests.service.conversing import Town
from tests.service.mailroom import Mailroom

FIRST = "Tea in the hall at four?"


@dataclass
class Mail:
    """What somebody reads: ``shown`` is the text, ``page`` the same as HTML."""

    subject: str
    shown: str
    page: str
    thread: str


@pytest.fixture
async def mailroom(town: Town) -> Mailroom:
    """Everybody reads alice and bob by mail; alice and bob may write to each other in private."""
    room = Mailroom(town)
    await room.join("alice", "bob", "carol", "dave")
    for name in ("bob", "carol", "dave"):
        await room.town.mail(name, "FOLLOW alice")
    for name in ("alice", "carol", "dave"):
        await room.town.mail(name, "FOLLOW bob")
    return room


async def arrived(room: Mailroom) -> dict[str, Mail]:
    """What is delivered now, by whose it is; no two to one person."""
    return {each.to.partition("@")[0]: read(room, each) for each in await room.go_on()}


def read(room: Mailroom, delivery: Outgoing) -> Mail:
    message = message_from_bytes(render(delivery, room.town.site), policy=default)
    assert isinstance(message, EmailMessage)
    return Mail(
        str(message["Subject"]), _part(message, "plain"), _part(message, "html"), str(message["References"]).split()[0]
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def answer(room: Mailroom, who: str, words: str) -> None:
    """``who`` answers the last mail that came to them with a post."""
    account = await room.town.account(who)
    last = [each.id for each in room.sent if each.account_id == account.id and each.post_id][-1]
    await room.town.mail(who, words, answers_delivery=last)
    async with room.town.store.unit() as unit:  # what they are told of it is no part of these stories
        await unit.execute(
            update(deliveries)
            .where(deliveries.c.account_id == account.id, deliveries.c.notice_id.is_not(None))
            .values(state="dead")
        )


async def test_all_mails_of_a_conversation_have_the_subject_of_its_first(mailroom: Mailroom) -> None:
    await mailroom.town.mail("alice", FIRST)
    begun = await arrived(mailroom)
    assert {name: mail.subject for name, mail in begun.items()} == dict.fromkeys(("bob", "carol", "dave"), FIRST)
    await answer(mailroom, "bob", "Gladly.")
    answered = await arrived(mailroom)
    assert set(answered) == {"alice", "carol", "dave"}
    await answer(mailroom, "alice", "And the cake?")
    again = await arrived(mailroom)
    assert set(again) == {"bob", "carol", "dave"}
    for mail in (*answered.values(), *again.values()):
        assert mail.subject == f"Re: {FIRST}"
        assert mail.thread == begun["carol"].thread


async def test_an_answer_shows_what_it_answers_below_its_own_words(mailroom: Mailroom) -> None:
    await mailroom.town.mail("alice", FIRST)
    assert "> " not in (await arrived(mailroom))["bob"].shown
    await answer(mailroom, "bob", "Gladly <3")
    carol = (await arrived(mailroom))["carol"]
    assert carol.shown.startswith(f"@alice Gladly <3\n\n> alice: {FIRST}\n\nhttps://")
    assert f'/@alice/1">alice</a>: {FIRST}</blockquote>' in carol.page
    assert carol.page.index("Gladly &lt;3") < carol.page.index("<blockquote")
    await answer(mailroom, "alice", "And\nthe cake?")
    assert "\n> bob: @alice Gladly <3\n\n" in (await arrived(mailroom))["carol"].shown
    await answer(mailroom, "bob", "What cake?")
    carol = (await arrived(mailroom))["carol"]
    assert "\n> alice: @bob And\n> the cake?\n\n" in carol.shown
    assert "</a>: @bob And<br>\nthe cake?</blockquote>" in carol.page


async def test_who_was_named_by_the_first_post_reads_so_in_the_whole_conversation(mailroom: Mailroom) -> None:
    await mailroom.town.mail("alice", "Who brings a cake? @carol")
    begun = await arrived(mailroom)
    assert begun["carol"].subject == "alice mentioned you: Who brings a cake? @carol"
    assert begun["bob"].subject == "Who brings a cake? @carol"
    await answer(mailroom, "bob", "She does.")
    for name, mail in (await arrived(mailroom)).items():
        assert mail.subject == f"Re: {begun[name].subject if name in begun else 'Who brings a cake? @carol'}"


async def test_who_is_named_only_later_finds_the_conversation_all_the_same(mailroom: Mailroom) -> None:
    await mailroom.join("eve")
    await mailroom.town.mail("alice", FIRST)
    await arrived(mailroom)
    await answer(mailroom, "bob", "Shall we ask @eve?")
    eve = (await arrived(mailroom))["eve"]
    assert eve.subject == f"Re: {FIRST}"
    assert "You get this because bob mentions you." in eve.shown
    assert f"> alice: {FIRST}" in eve.shown


async def _delete(room: Mailroom) -> None:
    await room.town.text("alice", "UNDO")


async def _protect(room: Mailroom) -> None:
    await room.town.text("alice", "PROTECT")
    await room.town.text("alice", "LOSE carol")


async def _block(room: Mailroom) -> None:
    await room.town.text("alice", "BLOCK carol")


async def _blocked(room: Mailroom) -> None:
    await room.town.text("carol", "BLOCK alice")


async def _mute(room: Mailroom) -> None:
    await room.town.text("carol", "MUTE alice")


async def _suspend(room: Mailroom) -> None:
    alice = await room.town.account("alice")
    async with room.town.store.unit() as unit:
        await unit.execute(update(accounts).where(accounts.c.id == alice.id).values(suspended_at=room.town.now))


EVENTS = [_delete, _protect, _block, _blocked, _mute, _suspend]


@pytest.mark.parametrize("happens", EVENTS)
@pytest.mark.parametrize("when", ["before it is queued", "before it is sent", "while it is in hand"])
async def test_what_may_no_longer_be_seen_stands_neither_in_the_subject_nor_below(
    mailroom: Mailroom, happens: Callable[[Mailroom], Awaitable[None]], when: str
) -> None:
    await mailroom.town.mail("alice", FIRST)
    await arrived(mailroom)
    await answer(mailroom, "bob", "@carol and I come gladly.")
    await arrived(mailroom)
    await answer(mailroom, "bob", "Who else? asks @carol")
    if when == "before it is queued":
        await happens(mailroom)
    await mailroom.fan_out()
    if when == "before it is sent":
        await happens(mailroom)
    _, claimed = await mailroom.claim()
    for_carol = [each for each in claimed if each.to.startswith("carol") and each.post_id]
    if when == "while it is in hand":
        await happens(mailroom)
        for each in for_carol:
            async with mailroom.town.store.reading() as reading:
                assert await claiming.still_allowed(reading, each, now=mailroom.town.now) is None
    (mail,) = [read(mailroom, each) for each in for_carol]
    assert mail.subject == "Re: bob mentioned you: @alice @carol and I come gladly."
    assert mail.shown.startswith("@alice Who else? asks @carol\n")
    assert "Tea" not in mail.subject + mail.shown + mail.page
    assert "<blockquote" not in mail.page


async def test_a_conversation_stays_one_when_its_first_post_is_deleted(mailroom: Mailroom) -> None:
    """Called after the oldest that is left: of no one's deleted words, and the same for all whom it is for."""
    await mailroom.town.mail("alice", FIRST)
    begun = await arrived(mailroom)
    await answer(mailroom, "bob", "Gladly.")
    await arrived(mailroom)
    await _delete(mailroom)
    for who, words in (("carol", "Where is it?"), ("bob", "Gone."), ("alice", "At five."), ("bob", "Good.")):
        await answer(mailroom, who, words)
        mails = await arrived(mailroom)
        assert mails
        named = mails.pop("alice", None)
        assert named is None or named.subject == "Re: bob mentioned you: @alice Gladly."
        assert {mail.subject for mail in mails.values()} == {"Re: @alice Gladly."}
        assert {mail.thread for mail in mails.values()} == {begun["carol"].thread}
        assert not any("Tea" in mail.shown + mail.page for mail in mails.values())


async def wipe_those_that_say(room: Mailroom, *words: str) -> None:
    async with room.town.store.unit() as unit:
        for each in words:
            for post_id in list((await unit.execute(select(posts.c.id).where(posts.c.text.contains(each)))).scalars()):
                await wipe(unit, post_id, room.town.now)


async def test_when_all_before_it_is_deleted_an_answer_names_the_conversation_anew(mailroom: Mailroom) -> None:
    await mailroom.town.mail("alice", FIRST)
    begun = await arrived(mailroom)
    await answer(mailroom, "bob", "Gladly.")
    await arrived(mailroom)
    await answer(mailroom, "alice", "And now, @carol?")
    await wipe_those_that_say(mailroom, "Tea", "Gladly")
    again = await arrived(mailroom)
    assert {name: mail.subject for name, mail in again.items()} == {
        "bob": "alice mentioned you: @bob And now, @carol?",
        "carol": "alice mentioned you: @bob And now, @carol?",
        "dave": "Re: @bob And now, @carol?",
    }
    await answer(mailroom, "bob", "Nothing.")
    last = await arrived(mailroom)
    assert last["carol"].subject == "Re: alice mentioned you: @bob And now, @carol?"
    assert last["dave"].subject == "Re: @bob And now, @carol?"
    assert {mail.thread for mail in (*again.values(), *last.values())} == {begun["carol"].thread}


async def _has_eve_answer_what_is_deleted_then(room: Mailroom) -> None:
    """Eve, whom nobody reads, is the first to answer; bob answers after her."""
    await room.join("eve", follow=("alice",))
    await room.town.mail("alice", FIRST)
    await arrived(room)
    await answer(room, "eve", "BUY MY WATCHES #tea")
    await arrived(room)
    await answer(room, "bob", "Gladly. #tea")
    await _delete(room)


async def test_a_strangers_words_are_the_subject_of_nobody_elses_mail(mailroom: Mailroom) -> None:
    await _has_eve_answer_what_is_deleted_then(mailroom)
    mails = await arrived(mailroom)
    assert mails["dave"].subject == "Re: @alice Gladly. #tea"
    assert mails["alice"].subject == "Re: eve mentioned you: @alice BUY MY WATCHES #tea"  # it was written to her
    await answer(mailroom, "alice", "At five.")
    assert (await arrived(mailroom))["dave"].subject == "Re: @alice Gladly. #tea"


async def test_who_listens_to_a_tag_hears_strangers_in_the_subject_too(mailroom: Mailroom) -> None:
    await mailroom.join("frank")
    await mailroom.town.mail("frank", "TRACK #tea")
    await _has_eve_answer_what_is_deleted_then(mailroom)
    assert (await arrived(mailroom))["frank"].subject == "Re: @alice BUY MY WATCHES #tea"


async def test_the_name_of_a_conversation_is_looked_for_among_its_oldest_posts_alone(mailroom: Mailroom) -> None:
    await mailroom.join("eve", follow=("alice",))
    await mailroom.town.mail("alice", FIRST)
    await arrived(mailroom)
    await answer(mailroom, "eve", "And mine.")
    await arrived(mailroom)
    async with mailroom.town.store.unit() as unit:
        row = (await unit.execute(select(posts).where(posts.c.text == "@alice And mine."))).one()._mapping
        of_eve = ("author_id", "kind", "source", "reply_to_id", "conversation_id", "created_at")
        more = {"text": "more"} | {key: row[key] for key in of_eve}
        await unit.execute(insert(posts), [more] * LOOKED_AT)
    await answer(mailroom, "bob", "One.")
    await arrived(mailroom)
    await answer(mailroom, "bob", "Two.")
    await wipe_those_that_say(mailroom, "Tea")
    assert (await arrived(mailroom))["dave"].subject == "Re: @alice Two."


async def test_one_who_may_see_it_reads_what_another_must_not(mailroom: Mailroom) -> None:
    """The letter is made once for all who may see the same; whoever comes first, it is nobody else's."""
    await mailroom.town.text("alice", "PROTECT")
    for name in ("carol", "dave"):
        await mailroom.town.text("alice", f"LOSE {name}")
    await mailroom.town.mail("dave", "FOLLOW alice")
    await mailroom.town.text("alice", "ACCEPT dave")
    await mailroom.town.mail("alice", FIRST)
    await arrived(mailroom)
    await answer(mailroom, "bob", "Gladly, if @carol and @dave come.")
    await mailroom.fan_out()
    _, claimed = await mailroom.claim()
    mails = {each.to.partition("@")[0]: each for each in claimed if each.post_id}
    for order in (("carol", "dave"), ("dave", "carol")):
        letters = {name: read(mailroom, mails[name]) for name in order}
        assert letters["dave"].subject == f"Re: {FIRST}"
        assert f"> alice: {FIRST}" in letters["dave"].shown
        assert letters["carol"].subject.startswith("bob mentioned you: @alice Gladly")
        assert "Tea" not in letters["carol"].shown + letters["carol"].page


async def test_an_answer_to_what_was_deleted_stays_in_its_conversation(mailroom: Mailroom) -> None:
    await mailroom.town.mail("alice", FIRST)
    await arrived(mailroom)
    await answer(mailroom, "bob", "Gladly.")
    await arrived(mailroom)
    await answer(mailroom, "alice", "At last.")
    await mailroom.town.mail("bob", "UNDO")
    carol = (await arrived(mailroom))["carol"]
    assert carol.subject == f"Re: {FIRST}"
    assert "Gladly" not in carol.shown + carol.page


async def test_private_words_are_shown_to_the_two_and_stand_in_no_subject(mailroom: Mailroom) -> None:
    await mailroom.town.mail("alice", "D bob The key is under the mat")
    assert (await arrived(mailroom))["bob"].subject == "Direct message from alice"
    await answer(mailroom, "bob", "Found it.")
    alice = (await arrived(mailroom))["alice"]
    assert alice.subject == "Re: Direct message from bob"
    assert alice.shown.startswith("Found it.\n\n> alice: The key is under the mat\n\n--")
    assert ">alice: The key is under the mat</blockquote>" in alice.page
    await answer(mailroom, "alice", "Good.")
    await mailroom.town.mail("alice", "D bob And lock the door")
    mails = [read(mailroom, each) for each in await mailroom.go_on() if each.to.startswith("bob")]
    assert [mail.subject for mail in mails] == ["Re: Direct message from alice", "Direct message from alice"]
    assert "> bob: Found it." in mails[0].shown


async def test_a_private_message_that_was_taken_back_is_not_quoted(mailroom: Mailroom) -> None:
    await mailroom.town.mail("alice", "D bob The key is under the mat")
    await arrived(mailroom)
    await answer(mailroom, "bob", "Where?")
    await mailroom.town.text("alice", "UNDO")
    alice = (await arrived(mailroom))["alice"]
    assert "key" not in alice.shown + alice.page


async def test_a_private_message_is_quoted_to_nobody_else(mailroom: Mailroom) -> None:
    """However a post came to answer one."""
    await mailroom.town.mail("alice", "D bob The key is under the mat")
    await arrived(mailroom)
    await mailroom.town.mail("bob", "Found it, @carol")
    async with mailroom.town.store.unit() as unit:
        newest = (await unit.execute(select(func.max(posts.c.id)))).scalar_one()
        first = select(func.min(posts.c.id)).scalar_subquery()
        await unit.execute(update(posts).where(posts.c.id == newest).values(reply_to_id=first, conversation_id=first))
    for mail in (await arrived(mailroom)).values():
        assert "key" not in mail.subject + mail.shown + mail.page


@pytest.mark.parametrize("kind", ["a post by mail", "an answer by text", "an answer by mail"])
async def test_only_answers_by_mail_ask_what_they_answer(mailroom: Mailroom, kind: str) -> None:
    town = mailroom.town
    await town.text("carol", "ON bob")
    await town.mail("alice", FIRST)
    await arrived(mailroom)
    if kind == "a post by mail":
        await town.mail("bob", "A lovely day")
    else:
        await answer(mailroom, "bob", "Gladly.")
    async with town.store.unit() as unit:
        while await fanout.step(unit, now=town.now) is not None:
            pass
        of = Channel.SMS if kind == "an answer by text" else Channel.EMAIL
        statement = select(deliveries.c.id).where(
            deliveries.c.channel == of, deliveries.c.state == "queued", deliveries.c.post_id.is_not(None)
        )
        waiting = list((await unit.execute(statement)).scalars())
    assert waiting
    asked = await _statements(town.store, waiting)
    assert len(asked) == (3 if kind == "an answer by mail" else 2)
    assert any("post_mentions" in each for each in asked) == (kind == "an answer by mail")


async def _statements(store: Store, ids: list[int]) -> list[str]:
    """What the database is asked about what these carry."""
    seen: list[str] = []

    def remember(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    async with store.unit() as unit:
        engine = store._durable.sync_engine
        event.listen(engine, "before_cursor_execute", remember)
        try:
            await queue.details(unit, ids)
        finally:
            event.remove(engine, "before_cursor_execute", remember)
    return seen
