"""Words, tags and groups, by text and by mail."""

from dataclasses import replace

import pytest

from gateway.domain import reply, reply_listening, reply_people, reply_posts
from gateway.domain.types import Lane
from gateway.service import fanout
from gateway.service.site import Limits
from store import accounts, groups, listeners
from tests.service.conversing import Town
from tests.service.test_by_mail import with_mail


async def fan_out(town: Town) -> None:
    while True:
        async with town.store.unit() as unit:
            if await fanout.step(unit, now=town.now) is None:
                return


async def test_a_tracked_word_comes_by_text_and_no_longer_after_untrack(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("bob", "TRACK WiFi!") == reply_listening.tracked("wifi")
    assert await town.text("bob", "track WIFI") == reply_listening.tracked_already("wifi")
    await town.text("alice", "the Wi-Fi is down")
    await town.text("alice", "the WIFI is down")
    await fan_out(town)
    assert await town.queued("bob") == [("sms", Lane.FIRST, "the WIFI is down")]
    assert await town.text("bob", "UNTRACK wifi") == reply_listening.untracked("wifi")
    assert await town.text("bob", "UNTRACK wifi") == reply_listening.not_tracked("wifi")
    await town.text("alice", "wifi again")
    await fan_out(town)
    assert len(await town.queued("bob")) == 1


async def test_what_is_no_word_is_not_tracked_and_not_posted(town: Town) -> None:
    await town.join("bob")
    for words in ("TRACK wi-fi", "TRACK ?", "TRACK #", "TRACK #1", "TRACK http://x.org"):
        assert await town.text("bob", words) == reply_listening.not_one_word()
    assert await town.text("bob", "UNTRACK ?") == reply_listening.not_tracked("that")
    assert await town.posts() == []


async def test_a_tag_is_followed_left_and_listed(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("bob", "FOLLOW #Lunch") == reply_listening.tag_followed("lunch")
    assert await town.text("bob", "F #lunch.") == reply_listening.tag_followed_already("lunch")
    await town.text("bob", "FOLLOW alice")
    assert await town.text("bob", "FOLLOWING") == "You follow 2: alice, #lunch"
    assert await town.text("bob", "TRACKS") == "You track 1: #lunch"
    assert await town.text("bob", "L #lunch") == reply_listening.tag_left("lunch")
    assert await town.text("bob", "L #lunch") == reply_listening.tag_not_followed("lunch")
    assert await town.text("bob", "FOLLOWING") == "You follow 1: alice"


@pytest.mark.parametrize("stop", ["STOP", "unsubscribe"])
async def test_a_stop_with_a_tag_or_a_group_leaves_it_and_is_a_post_of_whoever_has_neither(
    town: Town, stop: str
) -> None:
    await town.join("bob")
    await town.text("bob", "FOLLOW #Lunch")
    await town.text("bob", "JOIN !team")
    assert await town.text("bob", f"{stop} #lunch!") == reply_listening.tag_left("lunch")
    assert await town.text("bob", f"{stop} !Team") == reply_listening.group_left("team")
    assert await town.posts() == []
    assert await town.text("bob", f"{stop} #lunch!") == ""
    assert await town.posts() == [f"{stop} #lunch!"]


async def test_texts_for_a_tag_or_a_group_go_off_and_on_and_it_is_still_listened_to(town: Town) -> None:
    await town.join("alice", "bob")
    for wish, key in (("FOLLOW #lunch", "#lunch"), ("JOIN !team", "!team")):
        assert await town.text("bob", f"OFF {key}") in (
            reply_listening.tag_not_followed("lunch"),
            reply_listening.not_in_group("team"),
        )
        await town.text("bob", wish)
        assert await town.text("bob", f"OFF {key}") == reply_listening.texts_of_key(key, on=False)
    await town.text("alice", "JOIN !team")
    await town.text("alice", "!team #lunch at one")
    await fan_out(town)
    assert await town.queued("bob") == []
    assert await town.text("bob", "FOLLOWING") == "You follow 1: #lunch"
    assert await town.text("bob", "On #Lunch.") == reply_listening.texts_of_key("#lunch", on=True)
    await town.text("alice", "#lunch at two")
    await fan_out(town)
    assert await town.queued("bob") == [("sms", Lane.FIRST, "#lunch at two")]
    assert await town.posts() == ["!team #lunch at one", "#lunch at two"]


async def test_off_and_on_with_a_tag_are_about_mails_for_who_has_no_phone(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    await town.text("bob", "SIGNOUT")
    await town.mail("bob", "FOLLOW #lunch")
    assert await town.mail("bob", "OFF #lunch") == reply_listening.unsubscribed_from("#lunch")
    await town.text("alice", "#lunch at one")
    await fan_out(town)
    assert await town.mail("bob", "ON #lunch") == reply_listening.mails_of_key("#lunch")
    await town.text("alice", "#lunch at two")
    await fan_out(town)
    assert await town.queued("bob") == [("email", Lane.FIRST, "#lunch at two")]


async def test_tracking_has_a_limit_and_all_of_it_can_end(town: Town) -> None:
    await town.join("bob")
    town.site = replace(town.site, limits=Limits(tracks=2))
    await town.text("bob", "JOIN !team")
    await town.text("bob", "TRACK one")
    await town.text("bob", "TRACK #two")
    assert await town.text("bob", "TRACK three") == reply_listening.too_many_tracks(2)
    assert await town.text("bob", "FOLLOW #three") == reply_listening.too_many_tracks(2)
    assert await town.text("bob", "TRACK ONE") == reply_listening.tracked_already("one")
    assert await town.text("bob", "UNTRACK ALL") == reply_listening.untracked_all(2)
    assert await town.text("bob", "TRACKS") == reply_listening.no_tracks()
    assert await town.text("bob", "UNTRACK ALL") == reply_listening.no_tracks()
    assert await town.text("bob", "GROUPS") == "You are in 1 group: !team"


async def test_a_wish_by_mail_comes_by_mail(town: Town) -> None:
    await with_mail(town, "alice", "bob")
    assert await town.mail("bob", "TRACK wifi") == reply_listening.tracked("wifi")
    assert await town.mail("bob", "JOIN !team") == reply_listening.group_founded("team")
    await town.text("alice", "JOIN !team")
    await town.text("alice", "wifi?")
    await town.mail("alice", "!team by mail")
    await fan_out(town)
    assert await town.queued("bob") == [("email", Lane.FIRST, "wifi?"), ("email", Lane.FIRST, "!team by mail")]


async def test_who_deletes_the_account_listens_no_longer(town: Town) -> None:
    await town.join("bob")
    bob = await town.account("bob")
    await town.text("bob", "TRACK wifi")
    await town.text("bob", "JOIN !team")
    await town.text("bob", "DELETE ME")
    await town.text("bob", "4821")
    async with town.store.reading() as reading:
        assert await listeners.of_account(reading, bob.id) == []


# ---- groups


async def test_a_text_to_a_group_reaches_its_members_and_the_followers_once(town: Town) -> None:
    await town.join("alice", "bob", "carol", "dave")
    assert await town.text("alice", "JOIN !Team") == reply_listening.group_founded("team")
    assert await town.text("bob", "JOIN !team") == reply_listening.group_joined("team", 2)
    assert await town.text("bob", "JOIN !team") == reply_listening.already_in_group("team")
    await town.text("bob", "FOLLOW alice")
    await town.text("carol", "FOLLOW alice")
    assert await town.text("alice", "!team we start at nine") == reply_listening.written_to_group(
        "team", 1, protected=False
    )
    await fan_out(town)
    for name in ("bob", "carol"):
        assert await town.queued(name) == [("sms", Lane.FIRST, "!team we start at nine")]
    assert await town.queued("alice") == await town.queued("dave") == []
    assert await town.text("bob", "GROUPS") == "You are in 1 group: !team"
    assert await town.text("bob", "LEAVE !team") == reply_listening.group_left("team")
    assert await town.text("bob", "LEAVE !team") == reply_listening.not_in_group("team")
    assert await town.text("bob", "GROUPS") == reply_listening.no_groups()
    assert await town.text("alice", "!team and bring water") == reply_listening.written_to_group(
        "team", 0, protected=False
    )


async def test_who_is_no_member_cannot_write_to_a_group(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "JOIN !team")
    assert await town.text("bob", "!team buy this") == reply_listening.join_group_first("team")
    assert await town.posts() == []
    await town.text("bob", "POST !team buy this")
    await fan_out(town)
    assert await town.queued("alice") == []


async def test_words_that_only_look_like_a_text_to_a_group_are_offered_to_be_posted(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "!important we moved") == reply_listening.no_group_offer("important", 10)
    assert await town.posts() == []
    assert await town.text("alice", "Y") == reply_posts.posted()
    assert await town.posts() == ["!important we moved"]


async def test_where_groups_are_the_operators_nobody_founds_one(town: Town) -> None:
    await town.join("alice")
    town.site = replace(town.site, new_groups=False)
    assert await town.text("alice", "JOIN !team") == reply_listening.no_such_group("team", "ops@birds.example")
    async with town.store.unit() as unit:
        assert await groups.add(unit, "team", founder_id=None, now=town.now)
    assert await town.text("alice", "JOIN !team") == reply_listening.group_joined("team", 1)
    town.site = replace(town.site, new_groups=True, limits=Limits(groups=1))
    assert await town.text("alice", "JOIN !other") == reply_listening.too_many_groups(1)


async def test_a_phone_that_only_follows_tracks_but_writes_to_no_group(town: Town) -> None:
    await town.join("alice")
    await town.text("zoe", "FOLLOW alice")
    assert await town.text("zoe", "TRACK wifi") == reply_listening.tracked("wifi")
    assert await town.text("zoe", "JOIN !team") == reply.name_first("")
    await town.text("alice", "JOIN bob")
    assert await town.text("zoe", "JOIN zoe") == reply.named("zoe")
    assert await town.text("zoe", "TRACKS") == "You track 1: wifi"


async def test_what_a_phone_tracked_comes_along_when_it_is_claimed(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("device", "FOLLOW alice")
    await town.text("device", "TRACK wifi")
    await town.second_phone("bob", "device")
    assert await town.text("bob", "TRACKS") == "You track 1: wifi"


async def test_a_suspended_account_may_end_what_it_tracks(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "TRACK wifi")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        await accounts.set_suspended(unit, alice.id, town.now)
    assert await town.text("alice", "TRACK more") == reply.suspended("ops@birds.example")
    assert await town.text("alice", "UNTRACK ALL") == reply_listening.untracked_all(1)


@pytest.mark.parametrize("words", ["TRACKS", "GROUPS"])
async def test_what_somebody_listens_to_is_told_to_nobody_else(town: Town, words: str) -> None:
    await with_mail(town, "alice")
    alice = await town.account("alice")
    assert await town.mail("mallory", words, account_id=alice.id) == reply.only_to_your_own()
    assert await town.mail("alice", words) in (reply_listening.no_tracks(), reply_listening.no_groups())


async def test_a_block_ends_what_a_word_would_bring(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("bob", "TRACK wifi")
    assert await town.text("alice", "BLOCK bob") == reply_people.blocked("bob")
    await town.text("alice", "wifi?")
    await fan_out(town)
    assert await town.queued("bob") == []


async def test_a_protected_author_is_told_that_a_group_gets_it_only_as_far_as_it_follows(town: Town) -> None:
    await town.join("alice", "bob")
    for name in ("alice", "bob"):
        await town.text(name, "JOIN !team")
    await town.text("alice", "PROTECT")
    said = await town.text("alice", "!team two")
    assert said == reply_listening.written_to_group("team", 1, protected=True)
    assert "Sent to !team" not in said
    await fan_out(town)
    assert await town.queued("bob") == []
