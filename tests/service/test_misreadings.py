"""What people and their phones text that looks like a post and is meant otherwise: nothing of it becomes public."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain import reply, reply_mail, reply_people, reply_posts, reply_quiet, reply_site, reply_together
from gateway.domain.types import Lane
from gateway.languages import languages
from gateway.service import notify
from store import fanouts
from store.schema import deliveries
from tests.service.conversing import Town


@pytest.fixture
async def pair(town: Town) -> Town:
    """bob follows alice, and got her last post by text."""
    await town.join("alice", "bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "“Good” morning, all of you")
    await town.receives("bob", "alice")
    return town


# ---- a mute is lifted in private


async def test_a_mute_is_lifted_without_a_word_in_public(pair: Town) -> None:
    await pair.text("bob", "MUTE alice")
    assert await pair.text("bob", "UNMUTE alice") == reply_people.unmuted("alice")
    assert await pair.text("bob", "Unmute @Alice.") == reply_people.not_muted("alice")
    assert await pair.text("bob", "unmute noone") == reply_people.nobody_offer("noone", 10)
    assert len(await pair.posts()) == 1


@pytest.mark.parametrize("words", ["STOP alice", "Stop @Alice!", "unsubscribe alice"])
async def test_a_stop_with_a_name_leaves_that_person_and_is_not_posted(pair: Town, words: str) -> None:
    assert await pair.text("bob", words) == reply_people.left("alice")
    assert await pair.text("bob", "LEAVE alice") == reply_people.not_following("alice")
    assert len(await pair.posts()) == 1


async def test_a_stop_with_a_word_that_is_nobodys_name_is_a_post(pair: Town) -> None:
    assert await pair.text("bob", "Stop it!") == ""
    assert (await pair.posts())[1:] == ["Stop it!"]


# ---- an answer to a question of ours


@pytest.mark.parametrize("words", ["N", "no", "No."])
async def test_no_leaves_what_was_offered_and_is_a_post_where_nothing_was(pair: Town, words: str) -> None:
    assert "Reply Y" in await pair.text("bob", "get milk")
    assert await pair.text("bob", words) == reply_posts.declined()
    assert await pair.text("bob", "Y") == reply_posts.nothing_offered()
    assert await pair.text("bob", words) == ""
    assert (await pair.posts())[1:] == [words]


async def test_no_to_a_code_leaves_what_it_was_for(pair: Town) -> None:
    await pair.text("bob", "DELETE ME")
    assert await pair.text("bob", "no") == reply_posts.declined()
    await pair.text("bob", pair.code)
    assert (await pair.account("bob")).name == "bob"


async def test_no_is_too_late_when_the_offer_is(pair: Town) -> None:
    await pair.text("bob", "get milk")
    pair.now += timedelta(minutes=11)
    await pair.text("bob", "no")
    assert (await pair.posts())[1:] == ["no"]


async def test_a_no_and_a_number_by_mail_are_what_they_are(pair: Town) -> None:
    for words in ("No", "2"):
        await pair.mail("bob", words)
    assert (await pair.posts())[1:] == ["No", "2"]


# ---- a poll that has just come


async def test_a_number_alone_is_a_vote_where_a_poll_has_just_come(pair: Town) -> None:
    await pair.text("alice", "POLL Lunch? / pizza / soup")
    await pair.receives("bob", "alice")
    assert (await pair.text("bob", "2")).startswith("You chose soup.")
    assert await pair.text("bob", "7") == reply_together.no_such_option(7, 2)
    assert len(await pair.posts()) == 2
    await pair.text("alice", "POLL CLOSE")
    assert await pair.text("bob", "1") == ""
    assert (await pair.posts())[2:] == ["1"]


async def test_a_number_alone_is_a_post_where_something_else_came_last(pair: Town) -> None:
    assert await pair.text("bob", "3") == ""
    assert (await pair.posts())[1:] == ["3"]


# ---- reactions, as phones write them


@pytest.mark.parametrize(
    "words",
    [
        "Liked “alice: “Good” morning, all of you”",
        'Loved "alice: "Good" morning, all of you"',
        "\u200b👍\u200b to “alice: “Good” morning, all of…”",
    ],
)
async def test_a_heart_on_the_last_post_marks_it_and_is_not_posted(pair: Town, words: str) -> None:
    assert await pair.text("bob", words) == reply_posts.favoured("alice")
    assert len(await pair.posts()) == 1


@pytest.mark.parametrize(
    "words",
    [
        "Laughed at “alice: “Good” morning, all of you”",
        "Removed a heart from “alice: “Good” morning, all of you”",
        "Liked “alice: what she said last year”",
    ],
)
async def test_any_other_reaction_to_a_text_of_ours_is_not_posted_either(pair: Town, words: str) -> None:
    assert await pair.text("bob", words) == reply_posts.only_the_last_by_reaction("alice")
    assert len(await pair.posts()) == 1


async def test_a_heart_on_a_direct_message_is_between_the_two(pair: Town) -> None:
    await pair.text("alice", "D bob only for you")
    await pair.receives("bob", "alice")
    answer = await pair.text("bob", "Loved “D alice: only for you”")
    assert answer == reply_posts.only_the_last_by_reaction("alice")
    assert [words for words in await pair.posts() if "Loved" in words] == []


async def test_a_heart_on_an_answer_of_ours_says_nothing(pair: Town) -> None:
    answer = await pair.text("bob", "FOLLOWERS")
    assert await pair.text("bob", f"Liked “{answer}”") == ""
    assert len(await pair.posts()) == 1


async def test_a_heart_on_an_answer_of_which_the_end_is_missing_says_nothing_either(pair: Town) -> None:
    answer = await pair.text("bob", "HELP")
    assert await pair.text("bob", f"Liked “{answer[:40].rstrip()}…”") == ""
    assert await pair.text("bob", f"Liked “{answer[:3]}”") == ""
    assert (await pair.posts())[1:] == [f"Liked “{answer[:3]}”"]


async def test_a_heart_on_a_code_to_log_in_does_not_publish_it(pair: Town) -> None:
    words = reply_site.login_code(pair.site.name, "482913")
    assert await pair.text("bob", f"Loved “{words}”") == ""
    assert len(await pair.posts()) == 1


async def test_a_heart_on_the_words_of_who_is_hidden_since_does_not_publish_them(pair: Town) -> None:
    await pair.text("alice", "D bob only for you")
    async with pair.store.unit() as unit:
        await unit.execute(deliveries.update().values(state="sent"))
    await pair.text("alice", "BLOCK bob")
    assert await pair.text("bob", "Loved “D alice: only for you”") == reply_posts.declined()
    assert await pair.text("bob", "Loved “alice: “Good” morning, all of you”") == reply_posts.declined()
    assert await pair.text("bob", "Loved “D rob: as I was called then”") == reply_posts.declined()
    assert not [words for words in await pair.posts() if "Loved" in words]


async def test_a_heart_tells_nobody_who_hides_from_whom(pair: Town) -> None:
    await pair.join("carl")
    await pair.text("carl", "BLOCK bob")
    await pair.text("bob", "Loved “carl: hello”")
    await pair.text("bob", "Loved “zoe: hello”")
    assert (await pair.posts())[1:] == ["Loved “carl: hello”", "Loved “zoe: hello”"]


async def test_a_heart_from_who_only_follows_marks_nothing(pair: Town) -> None:
    await pair.text("zoe", "FOLLOW alice")
    answer = await pair.text("zoe", "Liked “alice: “Good” morning, all of you”")
    assert answer == await pair.text("zoe", "hello all")
    assert len(await pair.posts()) == 1


@pytest.mark.parametrize(
    "words",
    ["Gefällt: „alice: “Good” morning, all of you“", "„alice: “Good” morning, all of you“ ein Herz hinzugefügt"],
)
async def test_a_heart_is_understood_in_the_words_of_a_phone_in_another_language(pair: Town, words: str) -> None:
    assert await pair.text("bob", words) == reply_posts.favoured("alice")
    assert len(await pair.posts()) == 1


async def texted(town: Town, who: str) -> None:
    """The last post of alice goes out to ``who`` by text."""
    post_id, reader = await town.receives(who, "alice"), await town.account(who)
    async with town.store.unit() as unit:
        await fanouts.queue_for(unit, post_id, [reader.id], lane=Lane.FIRST, now=town.now)


@pytest.mark.parametrize("frame", ["Vindt “{}” leuk", "Polubił “{}”", "Ha messo un cuore a “{}”", "Gostou de “{}”"])
async def test_words_that_are_not_known_around_a_text_of_ours_are_not_posted(pair: Town, frame: str) -> None:
    await texted(pair, "bob")
    nothing = reply_posts.only_quotes_a_text("alice")
    assert await pair.text("bob", frame.format("alice: “Good” morning, all of you")) == nothing
    assert await pair.text("bob", frame.format("alice: “Good” morning…")) == nothing
    assert len(await pair.posts()) == 1
    await pair.text("alice", "UNDO")
    assert await pair.text("bob", frame.format("alice: “Good” morning, all of you")) == nothing
    assert await pair.posts() == []


@pytest.mark.parametrize(
    "words", ["She said “see you at seven”", "Vindt “alice: something else” leuk", "“alice: so it begins” she wrote"]
)
async def test_words_around_any_other_quotation_are_a_post(pair: Town, words: str) -> None:
    await texted(pair, "bob")
    assert await pair.text("bob", words) == ""
    assert (await pair.posts())[1:] == [words]


async def test_whoever_quotes_a_text_by_hand_hears_why_that_is_no_post_and_how_it_becomes_one(pair: Town) -> None:
    await texted(pair, "bob")
    words = "My mother said “alice: “Good” morning, all of you”"
    answer = await pair.text("bob", words)
    assert answer.startswith("Nothing was posted: that quotes a text you got")
    assert answer.endswith("POST and your words posts it.")
    assert await pair.text("bob", f"POST {words}") == reply_posts.posted()
    assert (await pair.posts())[1:] == [words]


@pytest.mark.parametrize("frame", ["Loved “{}”", "„{}“ ein Herz hinzugefügt", "Vindt “{}” leuk"])
async def test_a_heart_on_a_request_or_a_nudge_is_not_posted(pair: Town, frame: str) -> None:
    for told in (reply_people.asks_to_follow("carol"), reply_together.nudge("carol")):
        assert await pair.text("bob", frame.format(told)) in ("", reply_posts.only_quotes_a_text(""))
        assert await pair.text("bob", frame.format(f"{told[:24]}…")) in ("", reply_posts.only_quotes_a_text(""))
    assert len(await pair.posts()) == 1


async def test_a_heart_on_a_request_is_understood_in_the_language_in_which_it_came(pair: Town) -> None:
    pair.site = replace(pair.site, languages=languages())
    with pair.site.languages.speaking("de"):
        told = reply_people.asks_to_follow("carol")
    assert told != reply_people.asks_to_follow("carol")
    assert await pair.text("bob", f"Loved “{told}”") == ""
    assert len(await pair.posts()) == 1


async def test_a_heart_on_anything_else_that_we_told_is_not_posted(pair: Town) -> None:
    bob = await pair.account("bob")
    async with pair.store.unit() as unit:
        words = reply_quiet.slept_through(7, "https://birds.example/")
        assert await notify.tell_account(unit, pair.site, bob.id, lambda: words, now=pair.now)
    assert await pair.text("bob", f"Loved “{words}”") == ""
    assert await pair.text("bob", f"Vindt “{words}” leuk") == reply_posts.only_quotes_a_text("")
    assert len(await pair.posts()) == 1


@pytest.mark.parametrize("words", ["Liked “Dune”", "Loved “Dune: part two”", "Liked “zoe: hello”"])
async def test_whoever_likes_something_else_says_so_in_a_post(pair: Town, words: str) -> None:
    assert await pair.text("bob", words) == ""
    assert (await pair.posts())[1:] == [words]


# ---- numbers, addresses and names that are not for the public


@pytest.mark.parametrize("words", ["INVITE +1 555 123 4567", "invite 555-123-4567", "Invite (0151) 1234567."])
async def test_the_phone_number_of_somebody_invited_is_not_posted(pair: Town, words: str) -> None:
    assert "Pass this on" in await pair.text("bob", words)
    assert len(await pair.posts()) == 1


async def test_a_mail_address_behind_email_is_not_posted(pair: Town) -> None:
    assert await pair.text("bob", "EMAIL bob@mail.example") == reply_mail.how_a_mailbox_comes()
    assert len(await pair.posts()) == 1


@pytest.mark.parametrize(
    "words", ['"D bob secret"', "“D bob: secret”", "D.bob secret", "D/bob secret", "D.. bob secret"]
)
async def test_a_private_word_in_quotation_marks_or_behind_a_stop_stays_private(pair: Town, words: str) -> None:
    assert await pair.text("alice", words) == reply_posts.direct_sent("bob")
    assert await pair.text("bob", "INBOX") == "alice: secret"


async def test_an_answer_behind_a_colon_is_an_answer(pair: Town) -> None:
    await pair.text("alice", "D bob only for you")
    await pair.text("alice", "FOLLOW bob")
    await pair.receives("bob", "alice")
    assert await pair.text("bob", "R: at eight then") == reply_posts.direct_sent("alice")
    assert "at eight" in await pair.text("alice", "INBOX")


@pytest.mark.parametrize("name", ["yourname", "YOURNAME", "name", "newname"])
async def test_nobody_is_called_as_our_own_examples_say(town: Town, name: str) -> None:
    assert await town.text("carl", f"JOIN {name}") == reply.name_taken(name.lower())


async def test_help_with_a_question_mark_is_help(pair: Town) -> None:
    assert await pair.text("bob", "Help?") == await pair.text("bob", "HELP")
    assert len(await pair.posts()) == 1
