"""Posts below /admin: looked at because somebody reported them, removed, and their authors told why."""

import pytest

from gateway.domain.reply_form import SEGMENT
from gateway.domain.reply_together import post_removed
from gateway.domain.types import Channel, PostKind
from gateway.service import joining
from store import posts
from tests.web.admins import entries
from tests.web.browsing import Browser, letters, log_in, with_mail
from tests.web.village import NOW, Village

PHONE = "+15550001234"


@pytest.fixture
async def bob(ada: Browser, village: Village) -> Browser:
    """Bob, a member, logged in."""
    await with_mail(village, "bob")
    browser = Browser(ada._session)
    await log_in(village, browser, "bob")
    return browser


async def test_a_reported_post_is_removed_and_its_author_told_why(ada: Browser, bob: Browser, village: Village) -> None:
    carl = await with_mail(village, "carl")
    await village.person("dora")
    post = await village.says("carl", "buy this #talk")
    await village.says("carl", "something else")
    again = await village.repeats("dora", post)
    await bob.open(f"/@carl/{post}")
    await bob.open(bob.find("//a[text()='Report']")[0].get("href"))
    assert "buy this #talk" in bob.text
    await bob.submit("/@carl/report", words="he sells")
    await ada.open("/admin/reports")
    assert "buy this #talk" in ada.text, "the post that was reported, not the newest"
    await ada.open(ada.find("//a[starts-with(., 'Remove the post')]")[0].get("href"))
    assert await ada.submit(f"/admin/posts/{post}/remove", why="  ") == 422
    assert await ada.submit(f"/admin/posts/{post}/remove", why="x" * 141) == 422
    assert ada.find("//input[@name='why']")[0].get("value") == "x" * 141
    await ada.submit(f"/admin/posts/{post}/remove", why="No\nselling here, please")
    assert ada.path == "/admin/reports"
    assert "The post is removed, and its author is told." in ada.text
    assert "he sells" in ada.text, "the report waits until it is closed"
    assert "The post in question stands no more." in ada.text
    told = (await letters(village.store, "carl@mail.example"))[-1]
    assert told == 'Who looks after Testville removed your post "buy this #talk": No selling here, please'
    done = [(each.act, each.about, each.words) for each in await entries(village.store)]
    assert done == [("post.remove", "carl", f"post {post}: No selling here, please")]
    for path in (f"/@carl/{post}", f"/@dora/{again}"):
        assert await bob.open(path) == 410, path
    await bob.open("/tags/talk")
    assert "buy this" not in bob.text
    await ada.open(f"/admin/members/{carl}")
    assert "removed a post of carl" in ada.text


async def test_an_administrator_removes_a_post_that_they_see(ada: Browser, village: Village) -> None:
    carl = await with_mail(village, "carl")
    post = await village.says("carl", "rude words")
    await ada.open(f"/@carl/{post}")
    await ada.open(ada.find("//a[text()='Remove it']")[0].get("href"))
    await ada.submit(f"/admin/posts/{post}/remove", why="be kind")
    assert ada.path == f"/admin/members/{carl}"
    assert "The post is removed, and its author is told." in ada.text
    assert await ada.open(f"/admin/posts/{post}") == 404, "what is gone is not removed twice"
    assert await ada.post(f"/admin/posts/{post}/remove", csrf=word_of(ada), why="again") in {403, 404}
    assert len(await entries(village.store)) == 1


def word_of(browser: Browser) -> str:
    words = browser.find("//input[@name='csrf']/@value")
    return str(words[0]) if words else ""


async def test_what_was_not_written_to_everybody_is_no_business_of_an_administrators_until_it_is_reported(
    ada: Browser, bob: Browser, village: Village
) -> None:
    for name in ("shy", "eve"):
        await village.person(name, protected=name == "shy")
    await village.follows("bob", "shy")
    whisper = await village.says("shy", "between us")
    letter = await village.says("bob", "for eve", kind=PostKind.DIRECT, to_account_id=village.ids["eve"])
    for post in (whisper, letter):
        assert await ada.open(f"/admin/posts/{post}") == 404
        await ada.open("/admin/joining")
        assert await ada.post(f"/admin/posts/{post}/remove", csrf=word_of(ada), why="x") == 404
    await ada.open("/@shy/report")
    await ada.submit("/@shy/report", words="let me see")
    await ada.open("/admin/reports")
    assert "let me see" in ada.text
    assert "between us" not in ada.html, "a report shows nobody what its reporter does not see"
    assert await ada.open(f"/admin/posts/{whisper}") == 404
    await bob.open(f"/@shy/report?post={whisper}")
    await bob.submit("/@shy/report", words="look at this")
    await ada.open("/admin/reports")
    assert "between us" in ada.text
    assert await ada.open(f"/admin/posts/{whisper}") == 200
    await bob.open(f"/@eve/report?post={letter}")
    assert "for eve" not in bob.html
    async with village.store.reading() as reading:
        found = await posts.by_id(reading, letter)
    assert found is not None
    assert found.deleted_at is None


async def test_nobody_reports_a_post_as_somebody_elses(bob: Browser, village: Village) -> None:
    await village.person("carl")
    await village.person("dora")
    post = await village.says("carl", "mine")
    await bob.open(f"/@dora/report?post={post}")
    assert "mine" not in bob.text
    assert await bob.open("/@nobody/report") == 404
    assert await bob.open("/@bob/report") == 404


async def test_an_author_with_a_phone_is_told_there(ada: Browser, village: Village) -> None:
    carl = await village.person("carl")
    async with village.store.unit() as unit:
        await joining.give_address(unit, carl, Channel.SMS, PHONE, how="operator", now=NOW)
    post = await village.says("carl", "w" * 140)
    await ada.open(f"/admin/posts/{post}")
    await ada.submit(f"/admin/posts/{post}/remove", why="too loud")
    [told] = await letters(village.store, PHONE)
    assert told.endswith('w...": too loud')
    assert len(told) <= SEGMENT


def test_a_long_reason_leaves_enough_of_the_post_to_know_which_is_meant() -> None:
    assert "these are the wor" in post_removed("Testville", "these are the words of a post", "y" * 140)
