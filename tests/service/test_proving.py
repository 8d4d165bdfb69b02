"""A number that was typed elsewhere is proven by its phone before the first update goes there, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain import reply
from gateway.domain.sms_text import segments
from gateway.domain.types import Channel
from gateway.service import joining, proving
from gateway.service.joining import HeldBy
from gateway.service.proving import Asked, NotAPhone, OptedOut, TooManyCodes, YoursAlready
from store import addresses, consents
from tests.service.conversing import Town

PHONE = "+15551230001"
"""The phone whose number is typed on the web."""


async def member(town: Town, name: str) -> int:
    """Somebody who signed up on the web, without a phone."""
    async with town.store.unit() as unit:
        added = await joining.add_user(unit, name, email=f"{name}@mail.example", now=town.now)
    assert isinstance(added, joining.Added)
    return added.account_id


async def text(town: Town, words: str) -> str:
    """The phone texts; what the answer is."""
    return await town._tell(Channel.SMS, PHONE, words, {})


async def ask(town: Town, account_id: int, typed: str | None = None) -> object:
    """They type a number on the web."""
    town.now += timedelta(seconds=10)
    async with town.store.unit() as unit:
        return await proving.ask(
            unit,
            town.site,
            account_id,
            typed or PHONE,
            how="web",
            now=town.now,
            new_code=lambda: town.code,
        )


async def ledger(town: Town) -> list[tuple[str, str, str]]:
    async with town.store.reading() as reading:
        return [(each.action, each.how, each.words) for each in await consents.of(reading, PHONE)]


async def test_until_the_code_comes_back_the_phone_gets_the_code_and_nothing_else(town: Town) -> None:
    await town.join("bob")
    alice = await member(town, "alice")
    asked = await ask(town, alice)
    assert isinstance(asked, Asked)
    assert (asked.phone, asked.expires_at) == (PHONE, town.now + timedelta(minutes=10))
    question = reply.prove_phone("Testville", "alice", town.code)
    assert await town.notices() == [question]
    assert segments(question) == 1
    for word in ("Msg&data rates", "HELP", "STOP"):
        assert word in question
    await town.text("bob", "@alice hello")
    assert await town.waiting(Channel.SMS) == 0
    assert (await town.account("alice")).phone_id is None

    assert await text(town, f" {town.code}. ") == reply.claimed("Testville", "alice")
    await town.text("bob", "@alice hello again")
    assert await town.waiting(Channel.SMS) == 1
    assert await ledger(town) == [("asked", "web", f"for {alice}"), ("given", "sms", f"{town.code}.")]
    assert await ask(town, alice) == YoursAlready()


async def test_the_number_may_be_typed_as_people_type_it(town: Town) -> None:
    alice = await member(town, "alice")
    for typed in (" ", "12", "alice", "+", "555-12", "+1555123456789012345"):
        assert await ask(town, alice, typed) == NotAPhone()
    assert await ask(town, alice, town.site.number) == NotAPhone()  # ours: it would be told its own code
    asked = await ask(town, alice, "(555) 123-4567")
    assert isinstance(asked, Asked)
    assert asked.phone == "+15551234567"


async def test_a_code_serves_once_from_that_phone_alone_and_not_for_ever(town: Town) -> None:
    alice = await member(town, "alice")
    await ask(town, alice)
    assert "JOIN" in await town.text("other", town.code)
    town.now += timedelta(minutes=11)
    assert "JOIN" in await text(town, town.code)
    await ask(town, alice)
    assert await text(town, town.code) == reply.claimed("Testville", "alice")
    await text(town, "SIGNOUT")
    assert "JOIN" in await text(town, town.code)


async def test_guesses_are_counted(town: Town) -> None:
    alice = await member(town, "alice")
    await ask(town, alice)
    answers = [await text(town, f"000{n}") for n in range(5)]
    assert answers == [reply.wrong_code()] * 4 + [reply.too_many_tries()]
    assert "JOIN" in await text(town, town.code)
    assert (await town.account("alice")).phone_id is None


async def test_a_later_question_voids_the_earlier_one(town: Town) -> None:
    alice, carol = await member(town, "alice"), await member(town, "carol")
    await ask(town, alice)
    town.code = "7777"
    await ask(town, carol)
    assert await text(town, "4821") == reply.wrong_code()
    assert await text(town, "7777") == reply.claimed("Testville", "carol")


async def test_nobody_can_make_a_phone_ring_all_day(town: Town) -> None:
    alice, carol = await member(town, "alice"), await member(town, "carol")
    assert all([isinstance(await ask(town, alice), Asked) for _ in range(5)])
    assert await ask(town, alice) == TooManyCodes()
    assert await ask(town, carol) == TooManyCodes()
    assert await ask(town, alice, "+15551234567") == TooManyCodes()
    assert isinstance(await ask(town, carol, "+15551234567"), Asked)
    town.now += timedelta(days=1)
    assert isinstance(await ask(town, alice), Asked)


async def test_a_phone_that_opted_out_is_not_asked_and_stop_ends_the_asking(town: Town) -> None:
    alice = await member(town, "alice")
    await ask(town, alice)
    await text(town, "STOP")
    assert await town.notices() == []
    assert await ask(town, alice) == OptedOut()
    assert await text(town, town.code) == ""
    await text(town, "START")
    assert await text(town, town.code) == reply.claimed("Testville", "alice")


async def test_a_phone_of_somebody_else_stays_theirs(town: Town) -> None:
    alice = await member(town, "alice")
    await ask(town, alice)
    assert "you are dora" in await text(town, "JOIN dora")
    assert await text(town, town.code) == reply.sign_out_first("dora")
    assert await ask(town, alice) == HeldBy("dora")
    assert (await town.account("dora")).phone_id is not None


async def test_a_phone_that_only_follows_brings_what_it_follows(town: Town) -> None:
    await town.join("bob")
    await text(town, "FOLLOW bob")
    alice = await member(town, "alice")
    await ask(town, alice)
    assert await text(town, town.code) == reply.claimed("Testville", "alice")
    assert "bob" in await text(town, "FOLLOWING")


@pytest.mark.parametrize(
    ("typed", "sender"), [("+493012345678", "+15550009999"), ("+15551234567", "+15550009998"), ("+4471838750", None)]
)
async def test_a_phone_is_asked_from_the_number_that_serves_its_country(
    town: Town, typed: str, sender: str | None
) -> None:
    senders = (("+15550009998", frozenset({"US"})), ("+15550009999", frozenset({"DE"})))
    town.site = replace(town.site, number="+15550009998", senders=senders)
    await ask(town, await member(town, "alice"), typed)
    async with town.store.reading() as reading:
        row = await addresses.find(reading, "sms", typed)
    assert row is not None
    assert row.route == {"+15550009998": 1, "+15550009999": 2, None: 1}[sender]
