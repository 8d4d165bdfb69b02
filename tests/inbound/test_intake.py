"""What every message meets at the entrance, whatever door it came by, on both databases."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from random import Random

import pytest
from msgspec.structs import replace
from sqlalchemy import event, select, update

from gateway.domain.types import Channel
from gateway.service import joining
from gateway.service.site import Site
from inbound.intake import Intake
from inbound.message import Accepted, BounceAddress, HelpAddress, Inbound, Phone, PostingAddress
from store import addresses, deliveries, routes
from store import schema as tables
from store.unit import Store, Unit
from tests.wiring import meanwhile

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OURS = "+15550009999"
UNSTORABLE = "\x00\ud800"


@pytest.fixture
async def intake(store: Store, site: Site) -> AsyncIterator[Intake]:
    async with store.unit() as unit:
        await routes.ensure(unit, [OURS])
        known = await routes.by_sender(unit)
    opened = Intake(store, site, known, lambda: NOW, lambda: "4821")
    async with meanwhile(opened.run()):
        yield opened
        await opened.close()


_ids = count()


def mail(door: BounceAddress | HelpAddress, **fields: object) -> Inbound:
    """A mail that no mail before had the id of."""
    return replace(
        Inbound(
            source="mail",
            remote_id=f"<{next(_ids)}@mx.example>",
            channel=Channel.EMAIL,
            door=door,
            sender="bob@mx.example",
            to="help@birds.example",
            text="hello",
            raw="",
            received_at=NOW,
        ),
        **fields,  # type: ignore[arg-type]  # made by name
    )


async def test_no_text_is_too_odd_to_be_kept(store: Store, intake: Intake) -> None:
    odd = {
        name: f"{UNSTORABLE}{name}{UNSTORABLE}"
        for name in ("remote_id", "sender", "to", "text", "raw", "subject", "message_id", "failure", "cut")
    }
    assert (await intake.take(mail(HelpAddress(), **odd))).answer
    text = replace(mail(HelpAddress(), **odd), source="twilio", channel=Channel.SMS, door=Phone())
    assert (await intake.take(text)).answer
    assert await intake.take(text) == Accepted(new=False, answer=(await intake.take(text)).answer)
    async with store.reading() as reading:
        rows = (
            await reading.execute(select(tables.inbox.c.remote_id, tables.inbox.c.sender, tables.inbox.c.raw))
        ).all()
    assert [row == ("?remote_id?", "?sender?", "?raw?") for row in rows] == [True, True]


@pytest.mark.parametrize("to", ["", "+15550001234"])
async def test_a_text_that_names_no_number_of_ours_is_answered_from_the_first(
    store: Store, intake: Intake, to: str
) -> None:
    text = replace(mail(HelpAddress()), source="twilio", channel=Channel.SMS, door=Phone(), sender="+15550001001")
    assert (await intake.take(replace(text, to=to, text="JOIN alice"))).answer.startswith("Testville: you are alice.")
    async with store.reading() as reading:
        (answer,) = await reading.execute(select(tables.deliveries.c.channel, tables.deliveries.c.route))
        assert tuple(answer) == ("sms", (await routes.by_sender(reading))[OURS])


@pytest.mark.parametrize("words", ["hello", "JOIN loop", "Testville does not know this phone yet.", "STOP"])
async def test_two_numbers_of_ours_never_answer_each_other(store: Store, intake: Intake, words: str) -> None:
    """One was told to text to the other, or somebody has forged it: each answer would be answered."""
    text = replace(mail(HelpAddress()), source="twilio", channel=Channel.SMS, door=Phone(), sender=OURS, text=words)
    assert await intake.take(replace(text, to="+15550009998")) == Accepted(new=True, answer="")
    async with store.reading() as reading:
        assert (await reading.execute(select(tables.deliveries.c.id))).all() == []
        assert (await reading.execute(select(tables.accounts.c.name))).all() == []


@pytest.mark.parametrize("name", ["remote_id", "sender", "to", "subject", "message_id"])
async def test_nothing_is_too_long_to_be_kept(intake: Intake, name: str) -> None:
    assert (await intake.take(mail(HelpAddress(), **{name: f"help+{'x' * 2_000}@birds.example"}))).new


async def test_a_bounce_with_odd_words_gives_its_delivery_up(store: Store, intake: Intake) -> None:
    async with store.unit() as unit:
        box = await addresses.find_or_add(unit, "email", "bob@mx.example", now=NOW)
        await deliveries.add_notice(
            unit, address_id=box.id, account_id=None, channel=Channel.EMAIL, route=0, text="hello", now=NOW
        )
        (sent,) = (
            await unit.execute(update(tables.deliveries).values(state="sent").returning(tables.deliveries.c.id))
        ).scalars()
    await intake.take(mail(BounceAddress(sent), failure=f"5.1.1 no such{UNSTORABLE} user"))
    async with store.reading() as reading:
        row = await deliveries.by_id(reading, sent)
    assert row is not None
    assert (row.state, row.reason) == ("dead", "5.1.1 no such? user")


async def test_help_is_mailed_once_a_day_however_the_sender_is_spelt(intake: Intake) -> None:
    answers = [
        (await intake.take(mail(HelpAddress(), sender=sender))).answer
        for sender in ("bob@mx.example", "Bob@MX.example", "BOB@mx.example", "eve@mx.example")
    ]
    assert [bool(answer) for answer in answers] == [True, False, False, True]


async def test_help_is_mailed_once_a_day_whichever_address_it_comes_from(store: Store, intake: Intake) -> None:
    """Somebody who has a hundred mails of ours has as many return paths, to write to in the name of others."""
    addressed = [
        (HelpAddress(), "help@birds.example"),
        (HelpAddress(), "Postmaster"),
        (BounceAddress(7), "bounce+aaa@birds.example"),
        (BounceAddress(8), "bounce+bbb@birds.example"),
    ]
    answers = [(await intake.take(mail(door, to=to))).answer for door, to in addressed]
    assert [bool(answer) for answer in answers] == [True, False, False, False]


async def test_who_knows_a_secret_address_cannot_have_others_written_to_as_they_like(
    store: Store, intake: Intake
) -> None:
    ids = await _settle_in(store, intake)
    subject = "Cheap pills at http://evil.example"
    async with store.unit() as unit:
        await joining.give_address(unit, ids["ben"], Channel.EMAIL, "ben@mx.example", how="web", now=NOW)
        await joining.give_address(unit, ids["ann"], Channel.EMAIL, "ann@mx.example", how="web", now=NOW)
    for victim in ("zoe@mx.example", "ben@mx.example"):
        answers = []
        for _ in range(15):
            forged = mail(HelpAddress(), sender=victim, subject=subject, text="STATS")
            answers.append((await intake.take(replace(forged, door=PostingAddress(ids["ann"])))).answer)
        assert [bool(answer) for answer in answers] == [True] * 10 + [False] * 5
    async with store.reading() as reading:
        subjects = (await reading.execute(select(tables.notices.c.subject))).scalars().all()
    assert len(subjects) >= 20
    assert not [each for each in subjects if each and "pills" in each]


async def test_their_own_mailbox_is_answered_as_often_as_it_asks_under_its_own_subject(
    store: Store, intake: Intake
) -> None:
    ids = await _settle_in(store, intake)
    async with store.unit() as unit:
        await joining.give_address(unit, ids["ann"], Channel.EMAIL, "ann@mx.example", how="web", now=NOW)
    for _ in range(12):
        asked = mail(HelpAddress(), sender="ann@mx.example", subject="my numbers", text="STATS")
        assert (await intake.take(replace(asked, door=PostingAddress(ids["ann"])))).answer
    async with store.reading() as reading:
        subjects = (await reading.execute(select(tables.notices.c.subject))).scalars().all()
    assert subjects.count("Re: my numbers") == 12


async def test_who_asked_much_at_their_own_address_is_helped_at_the_one_for_help_too(
    store: Store, intake: Intake
) -> None:
    ids = await _settle_in(store, intake)
    async with store.unit() as unit:
        await joining.give_address(unit, ids["ann"], Channel.EMAIL, "ann@mx.example", how="web", now=NOW)
    for _ in range(12):
        asked = mail(HelpAddress(), sender="ann@mx.example", text="STATS", to="post+abc@birds.example")
        await intake.take(replace(asked, door=PostingAddress(ids["ann"])))
    answers = [(await intake.take(mail(HelpAddress(), sender="ann@mx.example"))).answer for _ in range(2)]
    assert [bool(answer) for answer in answers] == [True, False]


class _Undone(Exception):
    """Takes back all that a unit did."""


PEOPLE = {name: f"+1555000100{n}" for n, name in enumerate(("ann", "ben", "cat", "dan"))}
ONLY_FOLLOWS, STRANGER = "+15550001008", "+15550001009"
WORDS = (
    "good morning",
    "good morning",
    "#lunch at noon, #Lunch for all",
    "@ben are you there",
    "@nobody knows",
    "word " * 40,
    "x" * 200,
    " ",
    "get milk",
    "FOLLOW ben",
    "STOP",
    "START",
    "HELP",
    "UNDO",
    "OFF",
    "D ben psst",
    "POST stop the bus",
    "BLOCK ben",
    "MUTE cat",
    "y",
    "4821",
)


async def _settle_in(store: Store, intake: Intake) -> dict[str, int]:
    """Four join, a fifth only follows, a sixth is heard of, a mailbox is known. The members' account ids."""
    for name, phone in PEOPLE.items():
        await intake.take(text_from(phone, f"JOIN {name}"))
    for phone in (*PEOPLE.values(), ONLY_FOLLOWS):
        await intake.take(text_from(phone, "FOLLOW ben"))
    await intake.take(text_from(STRANGER, "hello"))
    await intake.take(mail(HelpAddress()))
    async with store.reading() as reading:
        rows = await reading.execute(select(tables.accounts.c.name, tables.accounts.c.id))
        return {name: account_id for name, account_id in rows if name}


def text_from(phone: str, words: str, **also: object) -> Inbound:
    """A text that no text before had the id of."""
    message = mail(HelpAddress(), sender=phone, to=OURS, text=words)
    return replace(message, source="twilio", channel=Channel.SMS, door=Phone(), **also)  # type: ignore[arg-type]  # made by name


def what_happened(dice: Random, ids: dict[str, int]) -> list[Inbound]:
    """Forty messages of one moment: texts and mails, odd ones and ones that come again among them."""
    messages: list[Inbound] = []
    for _ in range(40):
        words = dice.choice(WORDS)
        match dice.randrange(10):
            case 0 if messages:
                messages.append(dice.choice(messages))
            case 1:
                messages.append(text_from(ONLY_FOLLOWS, words))
            case 4 if not words.startswith("FOLLOW"):  # it would have an account then, and ids must not grow
                messages.append(text_from(STRANGER, words))
            case 2:
                box = PostingAddress(ids[dice.choice(["ann", "ben"])])
                quoted = "> Coffee?" if len(messages) % 2 else ""
                messages.append(replace(mail(HelpAddress(), text=words, cut=quoted), door=box))
            case 3:
                messages.append(text_from(dice.choice(list(PEOPLE.values())), words, dropped=1))
            case _:
                messages.append(text_from(dice.choice(list(PEOPLE.values())), words))
    return messages


def _without_links(words: str) -> str:
    """A link holds an id, and a text is cut to leave room for its link."""
    return re.sub(r"[\w ]*… https://\S+/\d+|https://\S+/\d+", "link", words)


async def _all_there_is(unit: Unit) -> dict[str, list[str]]:
    """What every table holds that these messages can have changed, without the ids that grow."""
    found = {}
    for name in (
        "posts",
        "post_cuts",
        "post_tags",
        "deliveries",
        "fanouts",
        "notices",
        "inbox",
        "offers",
        "follows",
        "blocks",
    ):
        table = tables.metadata.tables[name]
        told = [each for each in table.c if each.name not in {"id", "post_id", "notice_id", "conversation_id"}]
        rows = await unit.execute(select(*told))
        found[name] = sorted(_without_links(repr(tuple(row))) for row in rows)
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_messages_of_one_moment_do_what_they_would_do_one_by_one(store: Store, intake: Intake, seed: int) -> None:
    ids = await _settle_in(store, intake)
    messages = what_happened(Random(seed), ids)  # noqa: S311  # the same ones each time
    outcomes = []
    for together in (False, True):
        with suppress(_Undone):
            async with store.unit() as unit:
                if together:
                    accepted = await intake._handle(unit, messages)
                else:
                    accepted = [each for message in messages for each in await intake._handle(unit, [message])]
                answers = [(each.new, _without_links(each.answer)) for each in accepted]
                outcomes.append((answers, await _all_there_is(unit)))
                raise _Undone
    one_by_one, at_once = outcomes
    assert at_once == one_by_one
    assert sum(new for new, _ in at_once[0]) > 20


async def test_a_batch_of_posts_takes_as_many_statements_as_one_post(store: Store, intake: Intake) -> None:
    await _settle_in(store, intake)

    async def statements(messages: list[Inbound]) -> int:
        counted = 0

        def count_one(*_: object) -> None:
            nonlocal counted
            counted += 1

        async with store.unit() as unit:
            engine = unit._connection.sync_connection
            assert engine is not None
            event.listen(engine, "before_cursor_execute", count_one)
            await intake._handle(unit, messages)
            event.remove(engine, "before_cursor_execute", count_one)
        return counted

    one = await statements([text_from(PEOPLE["ann"], "first")])
    many = await statements([text_from(phone, f"{phone} #says so") for phone in PEOPLE.values()])
    assert many == one + 1  # for the tags


async def test_what_was_cut_off_a_mail_is_kept_with_the_post_that_it_becomes(store: Store, intake: Intake) -> None:
    ids = await _settle_in(store, intake)
    for words, also in (("as usual", {}), ("with a picture", {"dropped": 1}), ("nothing cut", {"cut": ""})):
        message = mail(HelpAddress(), text=words, **{"cut": f"> {words}{UNSTORABLE}", **also})
        await intake.take(replace(message, door=PostingAddress(ids["ann"])))
    async with store.reading() as reading:
        cut = tables.post_cuts
        posts = tables.posts
        rows = await reading.execute(select(posts.c.text, cut.c.words).join(cut, cut.c.post_id == posts.c.id))
        assert sorted(tuple(row) for row in rows) == [
            ("as usual", "> as usual?"),
            ("with a picture", "> with a picture?"),
        ]


async def test_an_encrypted_mail_posts_nothing_and_is_answered(store: Store, intake: Intake) -> None:
    ids = await _settle_in(store, intake)
    message = replace(mail(HelpAddress(), subject="..."), door=PostingAddress(ids["ann"]), text="", sealed=True)
    accepted = await intake.take(message)
    assert "encrypted" in accepted.answer
    assert (await intake.take(replace(message, remote_id="<other>", automatic=True))).answer == ""
    async with store.reading() as reading:
        assert (await reading.execute(select(tables.posts.c.id))).all() == []
