"""The same commands by mail, answers to delivered posts, and the end of one person's mails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain import reply, reply_people, reply_posts
from gateway.domain.types import Channel
from gateway.domain.unsubscribe import DeliverysMail
from gateway.service import joining, unsubscribing
from store import follows
from tests.service.conversing import Town


async def with_mail(town: Town, *names: str) -> None:
    """Sign these people up with a phone and a mail address."""
    await town.join(*names)
    for name in names:
        account = await town.account(name)
        async with town.store.unit() as unit:
            address = f"{name}@mail.example"
            await joining.give_address(unit, account.id, Channel.EMAIL, address, how="web", now=town.now)


async def test_a_mail_to_the_posting_address_is_a_post_or_a_command(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    assert await town.mail("alice", "hello by mail\nsecond line") == ""
    assert await town.posts() == ["hello by mail\nsecond line"]
    assert await town.mail("bob", "FOLLOW alice") == reply_people.following("alice", texts=False)
    async with town.store.reading() as reading:
        edge = await follows.edge(reading, (await town.account("alice")).id, (await town.account("bob")).id)
    assert edge is not None
    assert (edge.texts, edge.mail) == (False, None)
    assert "Reply Y" in await town.mail("alice", "get milk")
    assert await town.mail("alice", "Y") == reply_posts.posted()


async def test_attachments_left_behind_are_told(town: Town) -> None:
    await with_mail(town, "alice")
    assert (await town.mail("alice", "look", dropped=1)) == "The attachment was left out, as only text is taken."


async def test_a_leaked_posting_address_cannot_delete_or_rename(town: Town) -> None:
    await with_mail(town, "alice")
    account = await town.account("alice")
    for words in ("DELETE ME", "NAME other"):
        answer = await town.mail("mallory", words, account_id=account.id)
        assert answer == reply.only_from_your_own()
    assert await town.mail("alice", "DELETE ME") == reply.confirm_delete("alice", "4821")
    for words in ("SIGNOUT", "CLAIM 4821"):
        assert await town.mail("alice", words) == reply.only_by_phone()


async def test_a_mail_that_answers_a_delivered_post_answers_it(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "lunch?")
    delivery = await town.delivery("bob", "alice")
    assert await town.mail("bob", "yes please", answers_delivery=delivery) == reply_posts.answered("alice")
    assert await town.mail("bob", "FAV", answers_delivery=delivery) == reply_posts.favoured("alice")
    assert await town.posts() == ["lunch?", "@alice yes please"]


async def test_the_same_answer_by_mail_stands_twice_in_a_conversation_however_slowly_it_comes(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "lunch?")
    delivery = await town.delivery("bob", "alice")
    for told in (reply_posts.answered("alice"),) * 2 + (reply_posts.said_before(2),) * 2:
        town.now += timedelta(hours=1)
        assert await town.mail("bob", "I am away", answers_delivery=delivery) == told
    assert await town.mail("bob", "I am back", answers_delivery=delivery) == reply_posts.answered("alice")
    await town.text("alice", "coffee?")
    delivery = await town.delivery("bob", "alice")
    assert await town.mail("bob", "I am away", answers_delivery=delivery) == reply_posts.answered("alice")
    assert (await town.posts()).count("@alice I am away") == 3


async def test_two_friends_whose_letters_are_one_conversation_may_say_ok_again(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "lunch?")
    delivery = await town.delivery("bob", "alice")
    for words in ("ok", *map(str, range(5)), "ok", *map(str, range(5, 9)), "ok"):
        town.now += timedelta(hours=1)
        told = await town.mail("bob", f"{words}, Alice", answers_delivery=delivery)
        assert told == reply_posts.answered("alice"), words
    town.now += timedelta(hours=1)
    assert await town.mail("bob", "ok, Alice", answers_delivery=delivery) == reply_posts.said_before(2)


async def test_a_machine_whose_long_words_are_split_repeats_itself_as_well(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "FOLLOW bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "D bob lunch?")
    delivery = await town.delivery("bob", "alice")
    away = "I am away until Monday, and read no mail. " * 6
    for told in (reply_posts.direct_sent("alice", 2),) * 2 + (reply_posts.said_before(2),):
        town.now += timedelta(hours=1)
        assert await town.mail("bob", away, answers_delivery=delivery) == told


async def test_a_flood_of_answers_by_mail_is_answered_once_a_minute(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "lunch?")
    delivery = await town.delivery("bob", "alice")
    town.site = replace(town.site, limits=replace(town.site.limits, texts_per_minute=2))
    told = [await town.mail("bob", f"answer no. {n}", answers_delivery=delivery) for n in range(4)]
    assert told == [reply_posts.answered("alice")] * 2 + [reply.slow_down(2), ""]
    assert await town.mail("bob", "not an answer") == ""
    assert (await town.posts())[-1] == "not an answer"
    town.now += timedelta(minutes=2)
    assert await town.mail("bob", "later", answers_delivery=delivery) == reply_posts.answered("alice")


@pytest.mark.parametrize("words", ["INBOX", "FOLLOWERS", "FOLLOWING", "REQUESTS", "GET zoe", "GET alice"])
async def test_a_leaked_posting_address_tells_nothing_private(town: Town, words: str) -> None:
    await with_mail(town, "alice", "bob", "zoe")
    await town.text("zoe", "PROTECT")
    await town.text("alice", "PROTECT")
    await town.text("alice", "FOLLOW zoe")
    await town.text("zoe", "ACCEPT alice")
    await town.text("zoe", "a secret")
    alice = await town.account("alice")
    assert await town.mail("mallory", words, account_id=alice.id) == reply.only_to_your_own()
    assert await town.mail("alice", words) not in (reply.only_to_your_own(), "")
    await town.text("zoe", "FOLLOW alice")
    await town.text("alice", "ACCEPT zoe")
    await town.text("alice", "D zoe hush")
    assert await town.mail("mallory", "UNDO", account_id=alice.id) == reply_posts.undone_unsaid()


async def test_the_address_that_answers_a_post_takes_an_answer_from_anywhere_and_nothing_else(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "lunch?")
    delivery = await town.delivery("bob", "alice")
    for words in ("INBOX", "FOLLOW alice", "PROTECT", "FAV", "UNDO", "POST hello", "START", "DELETE ME", "D alice hi"):
        answer = await town.mail("mallory", words, answers_delivery=delivery)
        assert answer == reply.only_the_answer(), words
    assert await town.posts() == ["lunch?"]
    for words in ("yes please", "R alice too", "Yes", "1230", "Y"):
        assert await town.mail("mallory", words, answers_delivery=delivery) == reply_posts.answered("alice"), words
    answers = ["@alice yes please", "@alice alice too", "@alice Yes", "@alice 1230", "@alice Y"]
    assert await town.posts() == ["lunch?", *answers]
    assert await town.mail("bob", "yes!", answers_delivery=delivery) == reply_posts.answered("alice")
    assert await town.mail("bob", "GET alice", answers_delivery=delivery) == "alice: lunch?"
    assert await town.mail("mallory", "STOP", answers_delivery=delivery) == reply.mail_off()


async def test_a_mail_that_answers_a_direct_message_stays_private(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "FOLLOW bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "D bob secret")
    delivery = await town.delivery("bob", "alice")
    assert await town.mail("bob", "understood", answers_delivery=delivery) == reply_posts.direct_sent("alice")
    assert await town.text("alice", "INBOX") == "bob: understood"
    assert await town.text("alice", "GET bob") == reply_posts.no_posts("bob")


async def test_help_by_mail_speaks_of_mail_and_of_no_rates(town: Town) -> None:
    await with_mail(town, "alice")
    told = [
        await town.mail("alice", "HELP"),
        await town.mail("alice", "?", at_help=True),
        await town.mail("stranger", "what is this?", at_help=True),
    ]
    assert set(told) == {reply.help_by_mail("Testville", town.site.public_url, town.site.contact)}
    assert "rates" not in told[0]
    for words in ("EMAIL DAILY", "STOP", f"{town.site.public_url}/help", town.site.contact):
        assert words in told[0]
    assert "Msg&data rates may apply." in await town.text("alice", "HELP")


async def test_help_is_given_to_anyone_and_a_stranger_posts_nothing(town: Town) -> None:
    assert "Testville" in await town.mail("stranger", "what is this?", at_help=True)
    assert await town.mail("stranger", "hello") == reply.not_your_mail()
    assert await town.posts() == []


async def test_a_mail_with_a_forged_sender_changes_nothing(town: Town) -> None:
    await with_mail(town, "alice")
    for words in ("STOP", "DELETE ME", "hello"):
        assert "Testville" in await town.mail("alice", words, at_help=True)
        assert await town.mail("alice", words, account_id=None) == reply.not_your_mail()
    assert (await town.account("alice")).email_mode == "instant"
    assert await town.posts() == []


async def test_the_first_line_of_a_mail_may_be_a_command(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    assert await town.mail("bob", "FOLLOW alice\n\nKind regards,\nBob") == reply_people.following("alice", texts=False)
    assert await town.posts() == []


async def test_unsubscribing_stops_one_author_however_often_it_is_asked(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "hello")
    delivery = await town.delivery("bob", "alice")
    for _ in range(2):
        async with town.store.unit() as unit:
            done = await unsubscribing.unsubscribe(unit, town.site, DeliverysMail(delivery), now=town.now)
        assert done is not None
        assert done.words == reply.unsubscribed("alice")
    async with town.store.unit() as unit:
        assert await unsubscribing.unsubscribe(unit, town.site, DeliverysMail(999), now=town.now) is None
    bob = await town.account("bob")
    assert bob.email_mode == "instant"
    assert await town.mail("bob", "FOLLOW alice") == reply.mails_again("alice")
    async with town.store.reading() as reading:
        edge = await follows.edge(reading, (await town.account("alice")).id, bob.id)
    assert edge is not None
    assert edge.mail is None


async def test_unsubscribing_from_a_direct_message_stops_all_mail(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "D bob hello")
    delivery = await town.delivery("bob", "alice")
    async with town.store.unit() as unit:
        done = await unsubscribing.unsubscribe(unit, town.site, DeliverysMail(delivery), now=town.now)
    assert done is not None
    assert (done.words, done.is_all) == (reply.mail_off(), True)
