"""The PIN: texts that do not begin with it are not heard, once one is set."""

from datetime import timedelta

import pytest

from gateway.domain import proof, reply, reply_people, reply_together
from gateway.domain.types import Channel
from gateway.service import commands
from gateway.service.commands import Said
from store import consents, recall
from tests.service.conversing import Town, number
from tests.service.test_by_mail import with_mail


async def test_with_a_pin_texts_must_begin_with_it(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("alice", "1357 people came") == ""
    assert await town.text("alice", "PIN 1357 hello") == reply_together.no_pin()
    assert await town.text("alice", "PIN OFF") == reply_together.no_pin()
    assert await town.text("alice", "PIN 1357") == reply_together.pin_set()
    for words in ("hello", "GET bob", "Y", "PIN OFF", "D bob hi", "UNDO", "1"):
        assert await town.text("alice", words) == reply_together.pin_first()
    assert await town.text("alice", "1358 hello") == reply_together.wrong_pin()
    assert await town.posts() == ["1357 people came"]
    assert await town.text("alice", "1357 hello there") == ""
    assert await town.text("alice", "PIN 1357 hello again") == ""
    assert await town.text("alice", "1357: FOLLOW bob") == reply_people.following("bob", texts=True)
    assert await town.posts() == ["1357 people came", "hello there", "hello again"]
    account = await town.account("alice")
    assert account.pin_hash == proof.digest(town.site.key, f"pin:{account.id}", "1357")


async def test_what_is_no_pin_is_answered_and_never_posted(town: Town) -> None:
    await town.join("alice")
    for words in ("PIN 123", "PIN 123456789", "PIN abc"):
        assert await town.text("alice", words) == reply_together.what_a_pin_is()
    await town.text("alice", "PIN 1357")
    assert await town.text("alice", "PIN 123") == reply_together.wrong_pin()
    assert await town.text("alice", "1357 PIN 123") == reply_together.what_a_pin_is()
    assert await town.posts() == []


async def test_a_pin_is_changed_and_ended_under_itself(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "PIN 1357")
    assert await town.text("alice", "PIN 2468") == reply_together.wrong_pin()
    assert await town.text("alice", "1357 PIN 2468") == reply_together.pin_set()
    assert await town.text("alice", "1357 hello") == reply_together.wrong_pin()
    assert await town.text("alice", "2468 PIN OFF") == reply_together.pin_off()
    assert await town.text("alice", "hello") == ""
    assert await town.posts() == ["hello"]


async def test_stop_start_help_and_echoed_codes_need_no_pin(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "PIN 1357")
    assert (await town.text("alice", "HELP")).startswith("Testville: text to post.")
    assert await town.text("alice", "1357 NAME anna") == reply.confirm_rename("anna", "4821")
    assert await town.text("alice", "4821") == reply.named("anna")
    assert await town.text("alice", "4821") == reply_together.wrong_pin()
    assert await town.text("alice", "STOP") == reply.stopped("Testville")
    assert (await town.text("alice", "START")).startswith("Testville: you are opted in")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("1357 STOP", "**** STOP"),
        ("1357 stop texting me", "**** stop texting me"),
        ("1357: Unsubscribe.", "**** Unsubscribe."),
        ("PIN 1357 STOP", "**** STOP"),
        ("0000 STOP", "**** STOP"),
        ("12 STOP", "**** STOP"),
    ],
)
async def test_a_stop_behind_a_pin_right_or_wrong_is_a_stop(town: Town, said: str, kept: str) -> None:
    await town.join("alice")
    await town.text("alice", "PIN 1357")
    for guess in range(5):
        await town.text("alice", f"{2000 + guess} hello")
    assert await town.text("alice", said) == reply.stopped("Testville")
    assert await town.text("alice", "1357 hello") == ""
    assert await town.posts() == []
    async with town.store.reading() as reading:
        assert (await consents.of(reading, number("alice")))[-1].words == kept


async def test_a_stop_behind_digits_is_a_post_of_one_without_a_pin_but_not_behind_the_word(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "2030 end") == ""
    assert await town.posts() == ["2030 end"]
    assert await town.text("zoe", "1357 STOP") == reply.stopped("Testville")
    assert await town.text("alice", "PIN 1357 STOP") == reply.stopped("Testville")


async def test_a_yes_takes_up_an_offer_only_behind_the_pin(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "PIN 1357")
    await town.text("alice", "1357 GET milk")
    assert (await town.text("alice", "YES")).startswith("Testville: you are opted in")
    assert await town.text("alice", "Y") == reply_together.pin_first()
    assert await town.posts() == []
    await town.text("alice", "1357 YES")
    assert await town.posts() == ["GET milk"]


async def test_wrong_pins_are_counted_all_day_long(town: Town) -> None:
    """Whoever was told ten times has no more guesses than before."""
    await town.join("alice")
    await town.text("alice", "PIN 1357")
    tries = town.site.limits.code_tries
    for window in range(4):
        guesses = [await town.text("alice", f"{2000 + 100 * window + n} hello") for n in range(tries)]
        assert guesses == [reply_together.wrong_pin()] * tries
        assert await town.text("alice", "1357 hello") == reply.too_many_tries()
        town.now += timedelta(minutes=town.site.limits.code_minutes)
    assert await town.posts() == []


async def test_wrong_pins_are_counted_and_then_nothing_is_heard_for_a_while(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "PIN 1357")
    for guess in range(5):
        assert await town.text("alice", f"{2000 + guess} hello") == reply_together.wrong_pin()
    assert await town.text("alice", "1357 hello") == reply.too_many_tries()
    town.now += timedelta(minutes=11)
    assert await town.text("alice", "1357 hello") == ""
    async with town.store.reading() as reading:
        told = await recall.told_since(
            reading, number("alice"), town.now - timedelta(days=1), reply_together.wrong_pin()
        )
    assert told == 5


async def test_a_plain_post_without_the_pin_does_not_slip_through_a_batch(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "PIN 1357")
    said = [Said(Channel.SMS, number(name), f"hello from {name}", route=2) for name in ("alice", "bob")]
    async with town.store.unit() as unit:
        heard = await commands.post_all(unit, town.site, said, now=town.now)
    assert [each is None for each in heard] == [True, False]
    assert await town.posts() == ["hello from bob"]


async def test_mail_needs_no_pin_and_only_ones_own_mailbox_sets_one(town: Town) -> None:
    await with_mail(town, "alice")
    alice = await town.account("alice")
    assert await town.mail("mallory", "PIN 1357", account_id=alice.id) == reply.only_from_your_own()
    assert await town.mail("alice", "PIN 1357") == reply_together.pin_set()
    assert await town.mail("alice", "hello by mail") == ""
    assert await town.text("alice", "hello") == reply_together.pin_first()
    assert await town.mail("mallory", "PIN OFF", account_id=alice.id) == reply.only_from_your_own()
    assert await town.mail("alice", "PIN OFF") == reply_together.pin_off()


async def test_every_phone_of_the_account_needs_it(town: Town) -> None:
    await town.join("alice")
    await town.second_phone("alice", "device")
    await town.text("alice", "PIN 1357")
    assert await town.text("device", "hello") == reply_together.pin_first()
    assert await town.text("device", "1357 hello") == ""
