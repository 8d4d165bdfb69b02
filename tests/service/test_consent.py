"""STOP, START, HELP, and what texts and mails an account gets."""

from dataclasses import replace

import pytest

from gateway.domain import reply, reply_people
from gateway.domain.delivery import Fault
from gateway.domain.sms_text import segments
from gateway.domain.types import Channel
from gateway.service import faults, notify
from store import addresses, consents
from tests.service.conversing import OURS, Town, number
from tests.service.test_by_mail import with_mail


@pytest.mark.parametrize("words", ["STOP", "Stop.", " quit! ", '"OptOut"'])
async def test_stop_stops_at_once_and_is_confirmed_once(town: Town, words: str) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "FOLLOW bob")
    answer = await town.text("alice", words)
    assert answer == reply.stopped("Testville")
    assert segments(answer) == 1
    assert await town.text("alice", words) == ""
    alice = await town.account("alice")
    assert alice.phone_id is None
    assert alice.sms_route is None


async def test_a_stopped_phone_hears_nothing_and_nothing_is_done_for_it(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "STOP")
    for words in ("FOLLOW bob", "still here", "get milk", "D bob hi", "JOIN x", "STATS", "SIGNOUT", ""):
        assert await town.text("alice", words) == ""
    assert await town.posts() == []
    assert await town.text("bob", "FOLLOWERS") == reply_people.nobody_follows()
    assert await town.text("alice", "YES") == reply.started("Testville", "", known=True)
    assert await town.posts() == []
    assert await town.text("alice", "back again") == ""
    assert await town.posts() == ["back again"]
    assert (await town.account("alice")).phone_id is not None


async def test_stop_drops_the_notices_that_wait(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "PROTECT")
    await town.text("bob", "FOLLOW alice")
    assert await town.notices() == [reply_people.asks_to_follow("bob")]
    await town.text("alice", "STOP")
    assert await town.notices() == []


@pytest.mark.parametrize("words", ["STOP", "SIGNOUT"])
async def test_what_waits_for_a_person_goes_to_the_phone_that_is_left(town: Town, words: str) -> None:
    await town.join("alice", "bob")
    await town.second_phone("alice", "tablet")
    await town.text("bob", "@alice are you there?")
    assert await town.waiting(Channel.SMS) == 1
    await town.text("tablet", words)
    assert await town.waiting(Channel.SMS) == 1
    await town.text("alice", words)
    assert await town.waiting(Channel.SMS) == 0


async def test_stop_drops_a_notice_that_waits_for_another_of_our_numbers(town: Town) -> None:
    await town.join("alice")
    async with town.store.unit() as unit:
        phone = await addresses.find_or_add(unit, "sms", number("alice"), now=town.now, route=1)
        await notify.tell(unit, phone.id, "hello there", now=town.now)
    await town.text("alice", "STOP")
    assert await town.notices() == []


async def test_an_unknown_phone_may_stop_ask_and_start(town: Town) -> None:
    assert await town.text("who", "HELP") == reply.help_("Testville", town.site.public_url, "ops@birds.example")
    assert await town.text("who", "STOP") == reply.stopped("Testville")
    assert await town.text("who", "JOIN who") == ""
    assert await town.text("who", "START") == reply.started("Testville", "", known=False)
    assert await town.text("who", "JOIN who") == reply.joined("Testville", "who")


async def test_where_the_provider_confirms_by_itself_we_are_silent(town: Town) -> None:
    town.site = replace(town.site, provider_handles_keywords=frozenset({OURS}))
    await town.join("alice")
    assert await town.text("alice", "STOP") == ""
    assert (await town.account("alice")).phone_id is None
    assert await town.text("alice", "START") == ""
    assert (await town.account("alice")).phone_id is not None
    assert "Testville" in await town.text("alice", "HELP")


@pytest.mark.parametrize("words", ["Stop.", "stop all", "'STOP'", "opt out", "STOP!"])
async def test_what_the_provider_does_not_know_as_a_keyword_we_confirm_ourselves(town: Town, words: str) -> None:
    town.site = replace(town.site, provider_handles_keywords=frozenset({OURS}))
    await town.join("alice")
    assert await town.text("alice", words) == reply.stopped("Testville")
    assert (await town.account("alice")).phone_id is None
    assert await town.text("alice", "Start.") == reply.started("Testville", "", known=True)


@pytest.mark.parametrize("words", ["stopall", " Quit ", "OPTOUT", "revoke"])
async def test_what_the_provider_confirms_we_do_not(town: Town, words: str) -> None:
    town.site = replace(town.site, provider_handles_keywords=frozenset({OURS}))
    await town.join("alice")
    assert await town.text("alice", words) == ""
    assert (await town.account("alice")).phone_id is None


async def test_consent_is_kept_in_the_ledger_with_its_words(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "Stop.")
    await town.text("alice", "START")
    async with town.store.reading() as reading:
        rows = await consents.of(reading, number("alice"))
    assert [(row.action, row.how, row.words) for row in rows] == [
        ("given", "sms", "JOIN alice"),
        ("refused", "sms", "Stop."),
        ("given", "sms", "START"),
    ]


async def test_help_names_the_programme_and_explains_single_commands(town: Town) -> None:
    await town.join("alice")
    for words in ("HELP", "info", "?"):
        answer = await town.text("alice", words)
        assert "Testville" in answer
        assert "ops@birds.example" in answer
        assert "STOP" in answer
        assert segments(answer) == 1
    answer = await town.text("alice", "HELP follow")
    assert "FOLLOW name" in answer
    assert answer.endswith(" https://birds.example/help")
    assert segments(answer) == 1


async def test_off_keeps_the_phone_and_stops_its_posts(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("alice", "OFF") == reply.texts_off()
    alice = await town.account("alice")
    assert alice.phone_id is not None
    assert alice.sms_route is None
    assert await town.text("alice", "FOLLOW bob") == reply_people.following("bob", texts=False)
    assert await town.text("alice", "ON") == reply.texts_on()
    assert (await town.account("alice")).sms_route == 2


async def test_mail_is_switched_by_text_and_by_mail(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "EMAIL ON") == reply.no_mail("ops@birds.example")
    assert await town.text("alice", "EMAIL OFF") == reply.mail_off()
    assert (await town.account("alice")).email_mode == "off"
    assert await town.mail("alice", "START") == reply.mail_on()
    assert (await town.account("alice")).email_mode == "instant"
    assert await town.mail("alice", "STOP") == reply.mail_off()
    assert (await town.account("alice")).email_mode == "off"
    assert (await town.account("alice")).phone_id is not None


@pytest.mark.parametrize("words", ["STOP", "stop texting me", "Please unsubscribe!\n\nAlice"])
async def test_a_stop_by_mail_tells_what_goes_on_and_how_it_ends(town: Town, words: str) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("alice", "FOLLOW bob")
    assert await town.mail("alice", words) == reply.mail_off_texts_on()
    alice = await town.account("alice")
    assert (alice.email_mode, alice.sms_route) == ("off", 2)
    assert await town.mail("alice", "OFF") == reply.texts_off()
    assert await town.mail("alice", words) == reply.mail_off()
    assert await town.text("alice", "ON") == reply.texts_on()
    assert await town.mail("alice", words) == reply.mail_off_texts_on()
    assert await town.text("alice", "STOP") == reply.stopped("Testville")
    assert await town.mail("alice", words) == reply.mail_off()
    async with town.store.reading() as reading:
        rows = await consents.of(reading, "alice@mail.example")
    assert [row.action for row in rows][-4:] == ["refused"] * 4


async def test_a_stop_by_mail_from_elsewhere_tells_nothing_of_phones(town: Town) -> None:
    await with_mail(town, "alice")
    alice = await town.account("alice")
    assert await town.mail("mallory", "STOP", account_id=alice.id) == reply.mail_off()


async def test_a_dead_phone_that_texts_is_alive(town: Town) -> None:
    await town.join("alice")
    async with town.store.unit() as unit:
        phone = await addresses.find(unit, "sms", number("alice"))
        assert phone is not None
        await addresses.mark_dead(unit, phone.id, "30005", now=town.now)
    assert (await town.account("alice")).phone_id is None
    await town.text("alice", "back again")
    assert (await town.account("alice")).phone_id == phone.id


@pytest.mark.parametrize("words", ["stop texting me", "Please unsubscribe!", "remove me", "ARRET"])
async def test_no_more_texts_in_any_words_is_a_stop(town: Town, words: str) -> None:
    await town.join("alice")
    assert await town.text("alice", words) == reply.stopped("Testville")
    assert await town.posts() == []
    async with town.store.reading() as reading:
        last = (await consents.of(reading, number("alice")))[-1]
    assert (last.action, last.how, last.words) == ("refused", "sms", words)


async def test_help_is_answered_after_a_stop_with_the_way_back(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "STOP")
    for words in ("HELP", "?", "help follow"):
        answer = await town.text("alice", words)
        assert answer == reply.help_after_stop("Testville", "https://birds.example", "ops@birds.example")
        assert "START" in answer
        assert segments(answer) == 1
    assert (await town.account("alice")).phone_id is None


async def test_help_after_a_stop_is_left_to_a_provider_that_would_refuse_ours(town: Town) -> None:
    town.site = replace(town.site, provider_handles_keywords=frozenset({OURS}))
    await town.join("alice")
    await town.text("alice", "STOP")
    assert await town.text("alice", "HELP") == ""


async def test_a_stopped_phone_that_asks_for_help_all_the_time_is_not_answered_all_the_time(town: Town) -> None:
    town.site = replace(town.site, limits=replace(town.site.limits, texts_per_minute=3))
    await town.join("alice")
    await town.text("alice", "STOP")
    assert [bool(await town.text("alice", "HELP")) for _ in range(5)] == [True, False, False, False, False]


async def test_an_opt_out_that_the_provider_tells_of_is_in_the_ledger_once(town: Town) -> None:
    await town.join("alice")
    for _ in range(2):
        async with town.store.unit() as unit:
            phone = await addresses.find(unit, "sms", number("alice"))
            assert phone is not None
            words = "the recipient has opted out at the provider (21610)"
            await faults.follow_up(unit, town.site, phone.id, Channel.SMS, Fault.OPTED_OUT, words, now=town.now)
    async with town.store.reading() as reading:
        entries = [(each.action, each.how) for each in await consents.of(reading, number("alice"))]
    assert entries == [("given", "sms"), ("refused", "provider")]
