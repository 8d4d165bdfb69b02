"""Whole conversations: what people text, what they hear, and what became of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain import reply, reply_listening, reply_people, reply_posts, reply_reading
from gateway.domain.command_table import TABLE
from gateway.domain.pace import Pace
from gateway.domain.sms_text import segments
from gateway.domain.types import Overflow
from gateway.service import claiming, joining
from gateway.service.site import Limits
from store import accounts, relations, routes
from store.schema import deliveries
from tests.service.conversing import OTHER_NUMBER, OURS, Town

# ---- signing up


async def test_joining_is_answered_with_what_carriers_ask_for(town: Town) -> None:
    answer = await town.text("alice", "Join @Alice.")
    assert answer == reply.joined("Testville", "alice")
    for part in ("Testville", "alice", "Msg frequency varies", "Msg&data rates may apply", "HELP", "STOP"):
        assert part in answer
    assert segments(answer) == 1
    alice = await town.account("alice")
    assert alice.phone_id is not None
    assert alice.sms_route == 2


async def test_an_unknown_phone_posts_nothing_and_learns_how_to_join(town: Town) -> None:
    for words in ("hello all", "get milk", "POST hi", "D bob hi", "Y", "", "UNDO", "4821"):
        assert "JOIN yourname" in await town.text("stranger", words)
    assert await town.posts() == []


async def test_a_taken_a_reserved_and_an_own_name_are_told_apart(town: Town) -> None:
    await town.join("alice")
    assert await town.text("bob", "JOIN Alice") == reply.name_taken("alice")
    assert await town.text("bob", "JOIN admin") == reply.name_taken("admin")
    assert await town.text("alice", "JOIN bob") == reply_posts.or_post(reply.already_named("alice"), 10)


async def test_a_word_that_cannot_be_meant_is_answered_with_what_would_do_and_never_posted(town: Town) -> None:
    assert await town.text("alice", "JOIN averyveryverylongname") == reply.not_a_name()
    assert await town.text("alice", "CLAIM abcdef") == reply.what_a_claim_is()
    await town.join("alice")
    for words, answer in (
        ("NAME averyveryverylongname", reply.not_a_name()),
        ("JOIN averyveryverylongname", reply.already_named("alice")),
        ("CLAIM abcdef", reply.what_a_claim_is()),
        ("JOIN !a-b", reply_listening.not_a_group()),
        ("LEAVE !averyveryverylongname", reply_listening.not_a_group()),
    ):
        assert await town.text("alice", words) == reply_posts.or_post(answer, 10)
        assert await town.mail("alice", words) == reply_posts.or_post(answer, 10)
    assert await town.text("alice", "GROUPS") == reply_listening.no_groups()
    assert await town.posts() == []
    assert await town.text("alice", "Join us!") == reply_posts.or_post(reply.already_named("alice"), 10)
    assert await town.text("alice", "Y") == reply_posts.posted()
    for words in ("track two words", "name the dog", "join us tonight"):
        assert await town.text("alice", words) == ""
    assert await town.posts() == ["Join us!", "track two words", "name the dog", "join us tonight"]


async def test_a_code_may_be_written_in_groups(town: Town) -> None:
    await town.join("alice")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        code = await joining.new_claim_code(unit, town.site, alice.id, now=town.now, new_code=lambda: town.code)
    assert code == "48214821"
    assert await town.text("phone", "claim 4821 4821") == reply.claimed("Testville", "alice")


async def test_a_site_that_is_not_open_says_so(town: Town) -> None:
    for mode in ("invite", "domains", "closed"):
        town.site = replace(town.site, registration=mode)
        assert await town.text("alice", "JOIN alice") == reply.registration_closed(
            mode, "ops@birds.example", "https://birds.example"
        )
        for words in ("hello", "FOLLOW carol", "START"):
            assert "JOIN" not in await town.text("alice", words)
    town.site = replace(town.site, private=True)
    assert await town.text("alice", "FOLLOW bob") == reply.registration_closed(
        "closed", "ops@birds.example", "https://birds.example"
    )
    town.site = replace(town.site, registration="open")
    assert await town.text("alice", "FOLLOW bob") == reply.join_first("Testville", "")


# ---- posting


async def test_a_plain_post_is_answered_by_silence(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", " hello everyone ") == ""
    assert await town.posts() == ["hello everyone"]


async def test_what_went_differently_is_told(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "hello")
    assert await town.text("alice", "hello") == reply_posts.duplicate()
    assert await town.text("alice", " \n ") == reply_posts.empty()
    assert await town.text("alice", "", dropped=1) == reply_posts.only_attachments(1)
    assert (await town.text("alice", "look", dropped=2)).startswith("2 attachments were left out")
    assert "link to the whole. https://birds.example/@alice/" in await town.text("alice", "many words " * 20)
    assert len(await town.posts()) == 3


async def test_a_site_that_refuses_long_text_gives_it_back(town: Town) -> None:
    await town.join("alice")
    town.site = replace(town.site, overflow=type(town.site.overflow).REFUSE)
    long = "x" * 141
    assert await town.text("alice", long) == f"That is 1 character over 140. Nothing was posted. Your text: {long}"
    assert await town.posts() == []


async def test_a_site_that_splits_says_in_how_many(town: Town) -> None:
    await town.join("alice")
    town.site = replace(town.site, overflow=type(town.site.overflow).SPLIT)
    assert await town.text("alice", "many words " * 20) == reply_posts.posted_split(2)


async def test_post_posts_whatever_it_looks_like_and_undo_takes_it_back(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "POST get milk") == reply_posts.posted()
    assert await town.posts() == ["get milk"]
    assert await town.text("alice", "undo!") == "Deleted: get milk"
    assert await town.text("alice", "UNDO") == reply_posts.nothing_to_undo()
    assert await town.posts() == []


async def test_any_characters_get_a_clean_answer(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "a\x00b\ud800c") == ""
    assert await town.posts() == ["abc"]
    assert "Reply Y" in await town.text("alice", "get\x00 milk\udfff")
    assert await town.text("alice", "\x00\ud800") == reply_posts.empty()
    assert await town.text("alice", "STOP\x00\ud800") == reply.stopped("Testville")


# ---- a form that fits and a name that nobody bears


@pytest.mark.parametrize("yes", ["Y", "y.", "YES", "yes!"])
async def test_words_that_only_look_like_a_command_are_posted_after_a_yes(town: Town, yes: str) -> None:
    await town.join("alice")
    written = ["get milk", "follow bbo", "Block party!", "on fire", "mute button", "w bbq", "R @nobody x", "LEAVE town"]
    for count, words in enumerate(written):
        answer = await town.text("alice", words)
        assert "Nobody here is called" in answer
        assert "Reply Y" in answer
        assert segments(answer) == 1
        assert await town.posts() == written[:count]
        assert await town.text("alice", yes) == reply_posts.posted()
        assert await town.posts() == written[: count + 1]
        assert await town.text("alice", "Y") == reply_posts.nothing_offered()
    assert await town.posts() == written


async def test_a_yes_after_ten_minutes_posts_nothing(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "get milk")
    town.now += timedelta(minutes=10)
    assert await town.text("alice", "Y") == reply_posts.nothing_offered()
    assert await town.posts() == []


async def test_an_offer_belongs_to_the_phone_it_was_made_to(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "get milk")
    assert await town.text("bob", "Y") == reply_posts.nothing_offered()
    assert await town.posts() == []


# ---- following


async def test_following_from_a_phone_switches_texts_on(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("bob", "F @Alice") == reply_people.following("alice", texts=True)
    assert await town.text("bob", "FOLLOW alice") == reply_people.already_following("alice")
    assert await town.text("bob", "follow bob") == reply_people.not_oneself()
    assert await town.text("bob", "following") == "You follow 1: alice"
    assert await town.text("alice", "followers") == "1 follower: bob"
    assert await town.text("bob", "OFF alice") == reply.texts_of("alice", on=False)
    assert await town.text("bob", "ON alice") == reply.texts_of("alice", on=True)
    assert await town.text("bob", "UNSUB alice") == reply_people.left("alice")
    assert await town.text("bob", "L alice") == reply_people.not_following("alice")
    assert await town.text("bob", "ON alice") == reply_people.not_following("alice")


async def test_a_protected_account_is_asked_and_answers(town: Town) -> None:
    await town.join("alice", "bob", "carol", "dave")
    assert await town.text("alice", "PROTECT") == reply_people.protected()
    await town.text("alice", "my secret")
    for who in ("bob", "carol", "dave"):
        assert await town.text(who, "FOLLOW alice") == reply_people.requested("alice")
    assert await town.text("bob", "FOLLOW alice") == reply_people.already_requested("alice")
    assert await town.text("bob", "GET alice") == reply_people.protected_from_you("alice")
    assert await town.text("bob", "FAV alice") == reply_posts.no_posts("alice")
    assert (await town.notices())[0] == reply_people.asks_to_follow("bob")
    assert (
        await town.text("alice", "REQUESTS") == "Asking to follow you (ACCEPT or DENY name, or ALL): bob, carol, dave"
    )
    assert await town.text("alice", "ACCEPT bob") == reply_people.accepted("bob")
    assert await town.text("alice", "ACCEPT bob") == reply_people.no_request("bob")
    assert (await town.notices())[-1] == reply_people.was_accepted("alice")
    assert await town.text("bob", "GET alice") == "alice: my secret"
    assert await town.text("bob", "RT alice") == reply_posts.cannot_repost("alice")
    assert await town.text("alice", "DENY carol") == reply_people.denied("carol")
    assert await town.text("alice", "ACCEPT all") == reply_people.accepted_all(1)
    assert await town.text("alice", "DENY ALL") == reply_people.no_requests()
    assert await town.text("alice", "LOSE bob") == reply_people.lost("bob")
    assert await town.text("alice", "LOSE bob") == reply_people.does_not_follow("bob")
    assert await town.text("bob", "GET alice") == reply_people.protected_from_you("alice")


async def test_an_unknown_phone_may_follow_and_sign_up_later(town: Town) -> None:
    await town.join("alice", "carol")
    await town.text("carol", "PROTECT")
    answer = await town.text("reader", "FOLLOW alice")
    assert answer == reply.joined_by_following("Testville", "alice", can_join=True)
    assert segments(answer) == 1
    assert await town.text("reader", "FOLLOW carol") == reply_people.protected_join_first("carol", "")
    assert await town.text("reader", "hello") == reply.name_first("")
    assert await town.text("reader", "FOLLOWING") == "You follow 1: alice"
    assert await town.text("alice", "FOLLOWERS") == "1 follower, by phone only."
    assert await town.posts() == []
    assert await town.text("reader", "JOIN rita") == reply.named("rita")
    assert await town.text("alice", "FOLLOWERS") == "1 follower: rita"


@pytest.mark.parametrize("name", ["nobody_here", "carol"])
async def test_an_unknown_phone_gets_no_account_by_following_nobody_or_a_protected_one(town: Town, name: str) -> None:
    await town.join("carol")
    await town.text("carol", "PROTECT")
    await town.text("reader", f"FOLLOW {name}")
    assert "JOIN" in await town.text("reader", "hello")


async def test_only_so_many_followings_a_day(town: Town) -> None:
    await town.join("alice", "bob", "carol")
    town.site = replace(town.site, limits=Limits(follows_per_day=1))
    await town.text("alice", "FOLLOW bob")
    assert await town.text("alice", "FOLLOW carol") == reply_people.too_many_follows(1)
    town.now += timedelta(days=1)
    assert await town.text("alice", "FOLLOW carol") == reply_people.following("carol", texts=True)


# ---- blocks


async def test_a_block_ends_following_both_ways_and_is_never_told(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "FOLLOW bob")
    await town.text("bob", "FOLLOW alice")
    assert await town.text("alice", "BLOCK bob") == reply_people.blocked("bob")
    assert await town.text("bob", "FOLLOWING") == reply_people.follows_nobody()
    assert await town.text("alice", "FOLLOWERS") == reply_people.nobody_follows()
    as_nobody = reply_people.nobody_offer("alice", 10)
    for words in ("FOLLOW alice", "GET alice", "WHOIS alice", "RT alice", "FAV alice", "R @alice hi"):
        assert await town.text("bob", words) == as_nobody
    assert await town.text("bob", "D alice hi") == reply_posts.direct_to_nobody("alice")
    assert await town.text("alice", "FOLLOW bob") == reply_people.you_block("bob")
    await town.text("bob", "hello")
    await town.receives("alice", "bob")
    for words in ("GET bob", "WHOIS bob", "RT bob", "FAV bob", "R bob hi", "R hi", "RT", "FAV", "D bob hi", "D bob"):
        assert await town.text("alice", words) == reply_people.you_block("bob"), words
    assert await town.text("alice", "UNBLOCK bob") == reply_people.unblocked("bob")
    assert await town.text("alice", "UNBLOCK bob") == reply_people.not_blocked("bob")
    assert await town.text("bob", "FOLLOW alice") == reply_people.following("alice", texts=True)
    assert await town.posts() == ["hello"]


async def test_a_mute_is_lifted_by_on(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "FOLLOW bob")
    assert await town.text("alice", "MUTE bob") == reply_people.muted("bob")
    assert await town.text("alice", "ON bob") == reply.texts_of("bob", on=True)


async def test_what_a_muted_person_writes_in_private_rings_nowhere_and_stands_in_inbox(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "FOLLOW bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("bob", "D alice before")
    assert await town.text("alice", "MUTE bob") == reply_people.muted("bob")
    assert await town.text("bob", "D alice are you there?") == reply_posts.direct_sent("alice")
    assert await going_out(town) == []
    assert "are you there?" in await town.text("alice", "INBOX")
    assert await town.text("alice", "D bob not now") == reply_posts.direct_sent("bob", muted=True)
    assert await going_out(town) == ["D alice: not now"]
    await town.text("alice", "ON bob")
    await town.text("bob", "D alice and now?")
    assert await going_out(town) == ["D bob: and now?"]


async def going_out(town: Town) -> list[str]:
    """The texts that go out now."""
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[2]
        lease = timedelta(minutes=2)
        return [
            each.text
            for each in (await claiming.claim(unit, route, Pace(), most=50, lease=lease, now=town.now)).deliveries
        ]


async def test_following_means_that_texts_come(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "FOLLOW bob")
    await town.text("alice", "MUTE bob")
    assert await town.text("alice", "FOLLOW bob") == reply_people.no_longer_muted("bob")
    assert await town.text("alice", "FOLLOW bob") == reply_people.already_following("bob")
    await town.text("alice", "OFF bob")
    assert await town.text("alice", "FOLLOW bob") == reply.texts_of("bob", on=True)
    await town.text("alice", "MUTE bob")
    await town.text("alice", "LEAVE bob")
    assert await town.text("alice", "FOLLOW bob") == reply_people.following("bob", texts=True)
    async with town.store.unit() as unit:
        assert not await relations.unmute(unit, (await town.account("alice")).id, (await town.account("bob")).id)


# ---- direct messages and answers


async def test_a_direct_message_goes_only_to_a_follower_and_never_becomes_a_post(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("alice", "D bob the code is 42") == reply_posts.direct_refused("bob")
    assert await town.text("alice", "D bbo the code is 42") == reply_posts.direct_to_nobody("bbo")
    assert await town.text("alice", "D bob") == reply_posts.direct_without_text("bob")
    assert await town.text("alice", "D alice hi") == reply_people.not_oneself()
    assert await town.posts() == []
    assert await town.text("alice", "Y") == reply_posts.nothing_offered()
    await town.text("bob", "FOLLOW alice")
    assert await town.text("alice", "D bob the code is 42") == reply_posts.direct_sent("bob")
    assert await town.text("bob", "INBOX") == "alice: the code is 42"
    assert await town.text("bob", "GET alice") == reply_posts.no_posts("alice")
    await town.receives("bob", "alice")
    assert await town.text("bob", "RT") == reply_posts.not_a_direct()
    assert await town.text("bob", "R thanks") == reply_posts.direct_refused("alice")
    await town.text("alice", "FOLLOW bob")
    assert await town.text("bob", "R thanks") == reply_posts.direct_sent("alice")
    assert await town.text("alice", "INBOX") == "bob: thanks"


@pytest.mark.parametrize("words", ["D josé hi", "D: bob hi", "DM bob's hi", "d - hi", "D abcdefghijklmnopq hi"])
async def test_a_mistyped_direct_message_is_answered_and_never_posted(town: Town, words: str) -> None:
    await town.join("alice")
    answer = await town.text("alice", words)
    assert answer.startswith("Nobody here is called")
    assert "Nothing was sent" in answer
    assert await town.text("alice", "Y") == reply_posts.nothing_offered()
    assert await town.posts() == []


async def test_a_long_direct_message_is_split_for_its_reader_and_never_cut(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    long = " ".join(f"word{i}" for i in range(30))
    assert await town.text("alice", f"D bob {long}") == "Sent to bob alone, in 2 parts."
    assert await town.text("alice", f"D bob {long}") == reply_posts.direct_twice("bob")
    parts = await town.posts()
    assert [part[:6] for part in parts] == ["(1/2) ", "(2/2) "]
    assert " ".join(part[6:] for part in parts) == long
    assert await town.queued("bob") == [("sms", 0, parts[0]), ("sms", 0, parts[1])]
    giant = "x" * 500
    answer = await town.text("alice", f"D bob {giant}")
    assert answer == f"That is 360 characters over 140. Nothing was sent. Your text: {giant}"
    assert await town.posts() == parts


async def test_a_long_post_that_no_page_shows_is_split_or_refused(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "PROTECT")
    assert await town.text("alice", "many words " * 20) == reply_posts.posted_split(2)
    assert await town.text("alice", "many words " * 20) == reply_posts.duplicate()
    assert "over 140. Nothing was posted. Your text: " in await town.text("alice", "x" * 500)
    assert len(await town.posts()) == 2
    town.site = replace(town.site, private=True)
    assert await town.text("bob", "many words " * 20) == reply_posts.posted_split(2)


async def test_who_is_named_in_a_later_part_gets_all_parts_in_order(town: Town) -> None:
    await town.join("alice", "bob", "carol")
    await town.text("bob", "FOLLOW alice")
    town.site = replace(town.site, overflow=Overflow.SPLIT)
    await town.text("alice", "word " * 40 + "says @bob to @carol")
    parts = await town.posts()
    for who in ("bob", "carol"):
        assert await town.queued(who) == [("sms", 1, part) for part in parts], who


async def test_a_direct_message_that_reaches_no_device_says_where_it_is_found(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("bob", "OFF")
    answer = await town.text("alice", "D bob hi")
    assert answer == "Sent to bob alone. bob gets no texts or mails now and finds it with INBOX."
    assert await town.text("bob", "INBOX") == "alice: hi"


async def test_too_many_direct_messages_are_told_as_what_they_are(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    town.site = replace(town.site, limits=Limits(direct_per_hour=1))
    await town.text("alice", "D bob one")
    assert await town.text("alice", "D bob two") == reply_posts.too_many_directs(1)


async def test_undo_says_that_a_direct_message_had_gone_out(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "D bob one")
    assert await town.text("alice", "UNDO") == "Deleted: one"
    await town.text("alice", "D bob two")
    async with town.store.unit() as unit:
        await unit.execute(deliveries.update().where(deliveries.c.state == "queued").values(state="sent"))
    assert await town.text("alice", "UNDO") == "It had gone out to bob already. Deleted here: two"
    assert await town.text("bob", "INBOX") == reply_reading.no_directs()


async def test_an_answer_goes_to_the_last_post_received_or_to_a_name(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("bob", "R hello there") == reply_posts.nothing_to_answer()
    assert await town.text("bob", "Y") == reply_posts.nothing_offered()
    assert await town.text("bob", "R @hello there") == reply_people.nobody_offer("hello", 10)
    assert await town.text("bob", "R hello") == reply_posts.nothing_to_answer()
    await town.text("alice", "lunch?")
    await town.receives("bob", "alice")
    assert await town.text("bob", "R yes please") == reply_posts.answered("alice")
    assert await town.text("bob", "REPLY alice and soup") == reply_posts.answered("alice")
    assert await town.text("bob", "R @alice") == reply_posts.reply_without_text()
    assert await town.text("alice", "R bob fine") == reply_posts.answered("bob")
    assert await town.posts() == ["lunch?", "@alice yes please", "@alice and soup", "@bob fine"]


async def test_repost_and_favourite_mean_the_last_post_received(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("bob", "RT") == reply_posts.nothing_to_mark()
    assert await town.text("bob", "RT alice") == reply_posts.no_posts("alice")
    await town.text("alice", "lunch?")
    await town.receives("bob", "alice")
    assert await town.text("bob", "FAV") == reply_posts.favoured("alice")
    assert await town.text("bob", "fav alice") == reply_posts.favoured("alice")
    assert await town.text("bob", "RT") == reply_posts.reposted("alice")
    assert await town.text("bob", "RT alice") == reply_posts.already_reposted("alice")
    assert await town.text("alice", "RT alice") == reply_people.not_oneself()
    assert await town.text("bob", "UNDO") == reply_posts.undone("")
    await town.text("alice", "UNDO")
    assert await town.text("bob", "R yes") == reply_posts.nothing_to_answer()


# ---- reading


async def test_reading_by_text(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "one")
    await town.text("alice", "two")
    await town.text("bob", "FOLLOW alice")
    assert await town.text("bob", "G alice") == "alice: two"
    assert await town.text("bob", "whois alice") == "alice: 2 posts, 1 follower. https://birds.example/@alice"
    assert await town.text("alice", "STATS") == "alice: 2 posts, 1 follower, following 0."
    assert await town.text("alice", "INBOX") == reply_reading.no_directs()


# ---- who is heard at all


async def test_a_suspended_account_is_told_and_may_only_leave(town: Town) -> None:
    await town.join("alice", "bob")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        await accounts.set_suspended(unit, alice.id, town.now)
    for words in ("hello", "FOLLOW bob", "POST x", "4821", "Y"):
        assert await town.text("alice", words) == reply.suspended("ops@birds.example")
    assert await town.posts() == []
    assert await town.text("bob", "FOLLOW alice") == reply_people.nobody_offer("alice", 10)
    assert await town.text("alice", "OFF") == reply.texts_off()


async def test_a_flood_is_answered_once_and_read_no_more(town: Town) -> None:
    await town.join("alice")
    town.now += timedelta(minutes=2)
    town.site = replace(town.site, limits=Limits(texts_per_minute=2))
    assert [await town.text("alice", f"words {i}") for i in range(5)] == ["", "", reply.slow_down(2), "", ""]
    assert await town.posts() == ["words 0", "words 1"]
    assert await town.text("alice", "STOP") == reply.stopped("Testville")
    town.now += timedelta(minutes=2)
    await town.text("alice", "START")
    assert await town.text("alice", "words 9") == ""
    assert await town.posts() == ["words 0", "words 1", "words 9"]


@pytest.mark.parametrize("word", ["START", "YES"])
async def test_a_machine_that_answers_yes_to_everything_is_not_answered_for_ever(town: Town, word: str) -> None:
    await town.join("alice")
    town.now += timedelta(minutes=2)
    town.site = replace(town.site, limits=Limits(texts_per_minute=2))
    assert [bool(await town.text("alice", word)) for _ in range(5)] == [True, True, False, False, False]
    assert await town.text("alice", "STOP") == reply.stopped("Testville")
    assert await town.text("alice", word) == ""
    town.now += timedelta(minutes=2)
    assert await town.text("alice", "STATS")


@pytest.mark.parametrize("who", ["stranger", "follower", "suspended", "locked"])
async def test_a_machine_that_answers_each_of_our_texts_slowly_is_not_answered_for_ever(town: Town, who: str) -> None:
    await town.join("alice", "suspended", "locked")
    await town.text("locked", "PIN 4821")
    await town.text("follower", "FOLLOW alice")
    suspended = await town.account("suspended")
    async with town.store.unit() as unit:
        await accounts.set_suspended(unit, suspended.id, town.now)
    answers = [await town.text(who, "I am driving and will call you back.") for _ in range(14)]
    assert set(answers[:9]) == {answers[0]}
    assert answers[9:] == [f"{answers[0]} This is not said again today."] + [""] * 4
    assert "STOP" in await town.text(who, "HELP")
    assert await town.text(who, "WHOIS alice")
    town.now += timedelta(days=1)
    assert await town.text(who, "hello?") == answers[0] != ""
    assert await town.posts() == []


async def test_every_form_of_the_table_is_answered_and_only_posting_posts(town: Town) -> None:
    for i, row in enumerate(TABLE):
        await town.join(f"p{i}")
        assert await town.text(f"p{i}", row.example), row.example
        assert len(await town.posts()) == (row.form in ("POST text", "POLL question / a / b")), row.example
        if await town.posts():
            await town.text(f"p{i}", "UNDO")
