"""Polls, groups, and words and tags, in a browser without scripts."""

import pytest

from store import groups, listeners, polls
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import NOW, Village


@pytest.fixture
async def alice(village: Village, someone: Browser) -> Browser:
    """Alice, logged in."""
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    return someone


async def test_a_poll_is_asked_voted_in_and_closed(alice: Browser, village: Village) -> None:
    await alice.open("/polls/new")
    await alice.submit("/polls/new", question="Lunch?", option1="pizza", option2="soup")
    assert "0 votes" in alice.text
    page = alice.path
    await with_mail(village, "bob")
    bob = Browser(alice._session)
    await log_in(village, bob, "bob")
    await bob.open(page)
    assert bob.find("//section[@class='poll']//button")
    [vote] = [form.action for form in bob.find("//form") if form.action.endswith("/vote")]
    await bob.submit(vote, button="option=2")
    assert "1 vote." in bob.text
    await bob.submit(vote, button="option=1")
    assert "1 vote." in bob.text
    assert bob.find("//button[@aria-pressed='true']")[0].text == "pizza"
    assert await bob.submit(vote, button="option=9") == 404
    await bob.open(page)
    word = bob.find("//input[@name='csrf']")[0].get("value")
    assert await bob.post(vote.replace("/vote", "/close"), csrf=word) == 404
    await alice.open(page)
    await alice.submit(vote.replace("/vote", "/close"))
    assert "It is closed." in alice.text
    stranger = Browser(alice._session)
    await stranger.open(page)
    assert "pizza" in stranger.text
    assert not stranger.find("//section[@class='poll']//button")


async def test_all_polls_stand_on_one_page_for_whoever_may_see_them(alice: Browser, village: Village) -> None:
    await alice.open("/polls")
    assert alice.find("//p[@class='switch']/a/@href") == ["/polls/new"]
    assert "Nobody has asked anything yet." in alice.text
    for question in ("Lunch?", "Tea?"):
        await alice.open("/polls/new")
        await alice.submit("/polls/new", question=question, option1="yes", option2="no")
    await village.says("alice", "no poll at all")
    await village.person("shy", protected=True)
    post = await village.says("shy", "Whom to ask? 1 a 2 b")
    async with village.store.unit() as unit:
        await polls.add(unit, post, "Whom to ask?", ["a", "b"], closes_at=NOW)
    stranger = Browser(alice._session)
    assert await stranger.open("/polls") == 200
    shown = [each.text for each in stranger.find("//article//p[contains(@class, 'words')]")]
    assert shown == ["Tea? 1 yes 2 no (VOTE n)", "Lunch? 1 yes 2 no (VOTE n)"]
    assert not stranger.find("//p[@class='switch']/a")
    await village.follows("alice", "shy")
    await alice.open("/polls")
    assert "Whom to ask?" in alice.text
    assert "no poll at all" not in alice.text


@pytest.mark.parametrize(
    ("question", "first", "second", "words"),
    [
        ("Lunch?", "pizza", "", "at least two answers"),
        (" ", "pizza", "soup", "at least two answers"),
        ("x" * 139, "pizza", "soup", "characters too many"),
        ("Lunch?", "Pizza", " pizza ", "Two answers are the same"),
    ],
)
async def test_a_poll_that_is_wrong_comes_back(
    alice: Browser, question: str, first: str, second: str, words: str
) -> None:
    await alice.open("/polls/new")
    assert await alice.submit("/polls/new", question=question, option1=first, option2=second) == 422
    assert words in alice.text
    assert alice.find("//input[@name='option1']")[0].get("value") == first


async def test_a_poll_of_a_protected_account_takes_no_strangers_vote(alice: Browser, village: Village) -> None:
    await village.person("shy", protected=True)
    post = await village.says("shy", "Lunch? 1 a 2 b")
    await alice.open("/home")
    word = alice.find("//input[@name='csrf']")[0].get("value")
    assert await alice.post(f"/posts/{post}/vote", csrf=word, option="1") == 404


async def test_a_group_is_begun_written_to_and_left(alice: Browser, village: Village) -> None:
    await alice.open("/groups")
    assert await alice.submit("/groups", name="no spaces please") == 422
    assert alice.find("//input[@name='name']/@value") == ["no spaces please"], "what was typed stays, to be mended"
    assert alice.find("//input[@name='name']/@aria-invalid") == ["true"]
    await alice.submit("/groups", name="!Garden")
    assert alice.path == "/groups/garden"
    await alice.submit("/groups/garden", text="who waters on Sunday?")
    assert "who waters on Sunday?" in alice.text
    assert await alice.submit("/groups/garden", text=" ") == 422
    async with village.store.reading() as reading:
        assert await groups.there_is(reading, "garden")
        assert await listeners.listens(reading, "!garden", village.ids["alice"])
    await alice.submit("/groups/garden/leave")
    await alice.open("/groups/garden")
    assert not alice.find("//textarea")
    word = alice.find("//input[@name='csrf']")[0].get("value")
    assert await alice.post("/groups/garden", csrf=word, text="still here") == 404
    assert await alice.open("/groups/nothing") == 404


async def test_what_begins_like_a_text_to_one_person_is_not_written_to_a_group_unasked(
    alice: Browser, village: Village
) -> None:
    await alice.open("/groups")
    await alice.submit("/groups", name="garden")
    assert await alice.submit("/groups/garden", text="D bob the key is under the pot") == 422
    assert "alone, so it was not posted" in alice.text
    assert await village.posted("alice") == 0


async def test_strangers_read_what_was_written_to_a_group_in_public(village: Village, someone: Browser) -> None:
    await village.person("bob")
    await village.person("shy", protected=True)
    async with village.store.unit() as unit:
        await groups.add(unit, "garden", founder_id=village.ids["bob"], now=NOW)
    await village.says("bob", "roses", group_name="garden")
    await village.says("shy", "thorns", group_name="garden")
    await someone.open("/groups/garden")
    assert "roses" in someone.text
    assert "thorns" not in someone.text


async def test_words_and_tags_are_listened_for_and_no_more(alice: Browser, village: Village) -> None:
    await alice.open("/tracks")
    assert await alice.submit("/tracks", word="two words") == 422
    assert alice.find("//input[@name='word']/@value") == ["two words"]
    await alice.submit("/tracks", word="Wifi")
    await alice.submit("/tracks", word="#Lunch")
    assert alice.find("//li/a/@href") == ["/tags/lunch", "/search?q=wifi"]
    async with village.store.reading() as reading:
        assert await listeners.of_account(reading, village.ids["alice"]) == ["#lunch", "wifi"]
    await alice.submit("/tracks/end")
    await alice.submit("/tracks/end")
    async with village.store.reading() as reading:
        assert await listeners.of_account(reading, village.ids["alice"]) == []


async def test_a_tag_is_followed_on_its_page(alice: Browser, village: Village) -> None:
    await village.person("bob")
    await village.says("bob", "soup #lunch")
    await alice.open("/tags/lunch")
    await alice.submit("/tracks")
    assert "Follow this tag no longer" in alice.text
    await alice.submit("/tracks/end")
    assert "Follow this tag no longer" not in alice.text
