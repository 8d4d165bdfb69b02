"""Long answers: the count, the first few, and MORE; and SEARCH, whose answers are such lists."""

from datetime import timedelta
from string import ascii_letters

import pytest
from sqlalchemy import select, text

from gateway.domain import reply_people, reply_reading, reply_together
from gateway.domain.sms_text import segments
from gateway.service import reading
from store import continuations
from store.schema import posts
from tests.service.conversing import Town
from tests.service.test_by_mail import with_mail


async def told(town: Town, words: str, to: str = "bob") -> list[str]:
    """All that this list answers by text, MORE after MORE."""
    answers = [await town.text(to, words)]
    while answers[-1].endswith("MORE"):
        answers.append(await town.text(to, "more"))
    return answers


def lines(answers: list[str]) -> list[str]:
    """What stands in these answers, each entry on a line of its own."""
    return [line for answer in answers for line in answer.split("\n") if not line.startswith("...")]


async def test_more_goes_on_until_every_name_was_told_once(town: Town) -> None:
    names = [f"{i:04}somebody" for i in range(45)]
    await town.join("bob", *names)
    for name in names:
        await town.text("bob", f"FOLLOW {name}")
        await town.text(name, "FOLLOW bob")
    await town.text("bob", "FOLLOW #lunch")
    await town.text("zoe", "FOLLOW bob")
    for words, start, expected in (
        ("FOLLOWING", "You follow 46: ", [*names, "#lunch"]),
        ("FOLLOWERS", "46 followers: ", names),
    ):
        answers = await told(town, words)
        assert answers[0].startswith(start)
        assert all(segments(answer) == 1 for answer in answers)
        found = ", ".join(answer.removeprefix(start).removesuffix(", ... MORE") for answer in answers)
        assert found.split(", ") == expected
    assert await town.text("bob", "MORE") == reply_together.nothing_more()


async def test_more_goes_on_with_messages_tracks_and_groups(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "FOLLOW bob")
    await town.text("bob", "FOLLOW alice")
    messages = [f"message {i} {'x' * 50}" for i in range(6)]
    for message in messages:
        await town.text("alice", f"D bob {message}")
    answers = await told(town, "INBOX")
    assert answers[0].endswith("\n... 6 in all, MORE")
    assert lines(answers) == [f"alice: {message}" for message in reversed(messages)]
    words = [f"{letter * 20}" for letter in "abcdefghijkl"]
    for word in words:
        await town.text("bob", f"TRACK {word}")
        await town.text("bob", f"JOIN !{word[:9]}")
    assert (
        ", ".join(a.removesuffix(", ... MORE") for a in await told(town, "TRACKS"))
        == f"You track 12: {', '.join(words)}"
    )
    assert len(await told(town, "GROUPS")) == 2


async def test_more_reads_short_entries_to_the_end_too(town: Town) -> None:
    """So many fit into one SMS that it is not its room that ends an answer."""
    names = [f"{letter}{digit}" for letter in "abcde" for digit in range(1, 10)]
    signs = ascii_letters[:45]
    await town.join("z", *names)
    for name in names:
        await town.text("z", f"FOLLOW {name}")
        await town.text(name, "FOLLOW z")
        await town.text("z", f"TRACK {name}")
    await town.text("z", "PROTECT")
    asking = [f"{name}_" for name in names]
    await town.join(*asking)
    for name in asking:
        await town.text(name, "FOLLOW z")
    for sign in signs:
        await town.text("a1", f"D z {sign}")
    for words, start, expected in (
        ("FOLLOWING", "You follow 45: ", names),
        ("FOLLOWERS", "45 followers: ", names),
        ("REQUESTS", reply_people.request_list(), asking),
        ("TRACKS", "You track 45: ", names),
    ):
        answers = [answer.removesuffix(", ... MORE") for answer in await told(town, words, "z")]
        assert ", ".join(answers).removeprefix(start).split(", ") == expected, words
    assert lines(await told(town, "INBOX", "z")) == [f"a1: {sign}" for sign in reversed(signs)]
    await town.text("z", "PUBLIC")
    await town.text("z", "4821")
    for sign in signs:
        await town.text("z", f"x {sign}")
    assert lines(await told(town, "SEARCH x", "z")) == [f"z: x {sign}" for sign in reversed(signs)]


async def test_more_is_over_after_an_hour_and_belongs_to_one_phone(town: Town) -> None:
    await town.join("alice", "bob")
    for i in range(12):
        await town.text("bob", f"TRACK {str(i) * 30}")
    assert (await town.text("bob", "TRACKS")).endswith("MORE")
    assert await town.text("alice", "MORE") == reply_together.nothing_more()
    town.now += timedelta(hours=2)
    assert await town.text("bob", "MORE") == reply_together.nothing_more()
    async with town.store.unit() as unit:
        assert await continuations.prune(unit, now=town.now) == 1
    assert await town.posts() == []


# ---- search


async def test_search_finds_the_newest_posts_with_all_words_whatever_case_and_accents(town: Town) -> None:
    await town.join("alice", "bob")
    for words in ("lost my keys", "Keys: LOST at the Café", "keys found", "kéys lõst twice, @bob"):
        await town.text("alice", words)
    assert await town.text("bob", "SEARCH lost keys") == (
        "alice: kéys lõst twice, @bob\nalice: Keys: LOST at the Café\nalice: lost my keys"
    )
    assert await town.text("bob", "SEARCH CAFE.") == "alice: Keys: LOST at the Café"
    assert await town.text("bob", "SEARCH los key") == reply_together.nothing_found()
    assert await town.text("bob", "SEARCH ?!") == reply_together.no_words()
    for odd in ("SEARCH \"a' OR b*", "SEARCH NEAR(lost) AND NOT keys", "SEARCH keys:*|&!()<-> \\"):
        await town.text("bob", odd)
    await town.text("alice", "UNDO")
    assert await town.text("bob", "SEARCH twice") == reply_together.nothing_found()


async def test_search_goes_on_and_finds_each_post_once(town: Town) -> None:
    await town.join("alice", "bob")
    said = [f"rain {i} {'x' * 40}" for i in range(70)]
    for words in said:
        await town.text("alice", words)
    assert lines(await told(town, "SEARCH rain")) == [f"alice: {words}" for words in reversed(said)]


async def test_search_shows_what_is_protected_to_followers_only_and_nothing_across_a_block(town: Town) -> None:
    await with_mail(town, "alice", "bob", "carol", "dave")
    await town.text("alice", "PROTECT")
    await town.text("bob", "FOLLOW alice")
    await town.text("carol", "FOLLOW alice")
    await town.text("alice", "ACCEPT bob")
    await town.text("bob", "FOLLOW dave")
    await town.text("dave", "FOLLOW bob")
    await town.text("alice", "a badger!")
    await town.text("alice", "D bob a badger in private")
    assert await town.text("bob", "SEARCH badger") == await town.text("alice", "SEARCH badger") == "alice: a badger!"
    assert await town.text("carol", "SEARCH badger") == reply_together.nothing_found()
    bob = await town.account("bob")
    assert await town.mail("mallory", "SEARCH badger", account_id=bob.id) == reply_together.nothing_found()
    assert await town.mail("bob", "SEARCH badger") == "alice: a badger!"
    await town.text("dave", "D bob secret otter")
    await town.text("dave", "an otter")
    await town.text("dave", "BLOCK carol")
    assert await town.text("bob", "SEARCH otter") == "dave: an otter"
    assert await town.text("carol", "SEARCH otter") == reply_together.nothing_found()
    async with town.store.reading() as store:
        everybody = await reading.search(store, "OTTER")
        assert [post.text for post in everybody.posts] == ["an otter"]
        assert (await reading.search(store, "badger")).posts == ()
    await town.text("dave", "DELETE ME")
    await town.text("dave", "4821")
    assert await town.text("bob", "SEARCH otter") == reply_together.nothing_found()


async def test_a_long_post_is_found_by_its_whole_text(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "many words " * 20 + "zebra")
    assert (await town.text("bob", "SEARCH zebra")).startswith("alice: many words many")


@pytest.mark.parametrize("words", ["FOLLOWING", "INBOX"])
async def test_more_by_mail_goes_on_with_what_the_mailbox_got(town: Town, words: str) -> None:
    await with_mail(town, "alice", "bob")
    names = [f"{i:04}somebody" for i in range(14)]
    await town.join(*names)
    await town.text("alice", "FOLLOW bob")
    await town.text("bob", "FOLLOW alice")
    for name in names:
        await town.text("bob", f"FOLLOW {name}")
        await town.text("alice", f"D bob {name} {'x' * 60}")
    assert (await town.mail("bob", words)).endswith("MORE")
    assert await town.text("bob", "MORE") == reply_together.nothing_more()
    assert await town.mail("bob", "MORE") not in (reply_together.nothing_more(), reply_reading.no_directs())


async def test_what_is_deleted_leaves_no_word_behind(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "a first otter")
    await town.text("alice", "UNDO")
    await town.text("bob", "a second otter")
    await town.text("bob", "DELETE ME")
    await town.text("bob", "4821")
    async with town.store.reading() as store:
        assert set((await store.execute(select(posts.c.words))).scalars()) == {""}
        if store.dialect == "sqlite":
            found = await store.execute(text("SELECT rowid FROM post_words WHERE post_words MATCH 'otter'"))
            assert found.all() == []
