"""A member's own pages: reading, writing, and what is done to posts."""

from dataclasses import replace

import pytest

from gateway.domain.types import Channel, Overflow
from gateway.service import acting, joining
from gateway.service import reading as reading_service
from gateway.service.site import Site
from store import accounts, posts
from tests.web.browsing import Browser, log_in, visited, with_mail
from tests.web.village import NOW, Village


@pytest.fixture
async def alice(village: Village, someone: Browser) -> Browser:
    """Alice, logged in."""
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    return someone


@pytest.mark.parametrize("path", ["/home", "/mentions", "/home?before=12"])
async def test_whoever_is_not_logged_in_is_asked_to_and_led_back(someone: Browser, path: str) -> None:
    await someone.open(path)
    assert someone.path == "/login"
    assert someone.find("//input[@name='next']")[0].get("value") == path


async def test_a_post_is_written_on_the_page_and_stands_there(alice: Browser, village: Village) -> None:
    await alice.open("/home")
    await alice.submit("/posts", text="  Grüße vom Berg\r\nzweite Zeile ")
    assert alice.status == 200
    assert "Posted." in alice.text
    assert "Grüße vom Berg zweite Zeile" in alice.text
    async with village.store.reading() as reading:
        newest = await posts.latest_post(reading, village.ids["alice"])
        assert newest
        found = await posts.by_id(reading, newest)
    assert found
    assert found.text == "Grüße vom Berg\nzweite Zeile"
    assert "on the web" in alice.text


@pytest.mark.parametrize("words", ["D bob see you at eight", "dm @bob: at eight", '"D bob at eight"', "D bob"])
async def test_what_begins_like_a_text_to_one_person_is_not_posted_unasked(
    alice: Browser, village: Village, words: str
) -> None:
    await alice.open("/home")
    assert await alice.submit("/posts", text=words) == 422
    assert "That begins like a text to bob alone, so it was not posted." in alice.text
    assert alice.find("//textarea")[0].text == words, "nothing is lost"
    assert alice.find("//p[@id='problem']/a/@href") == ["/messages"]
    assert await village.posted("alice") == 0
    await alice.submit("/posts", text="D-day was in June")
    assert await village.posted("alice") == 1
    await alice.submit("/posts", text=words, button="act=post")
    assert await village.posted("alice") == 2, "whoever means it has said so"


async def test_whoever_is_protected_is_not_asked_to_post_for_everybody(alice: Browser, village: Village) -> None:
    for protected, button in ((False, "Post it for everybody"), (True, "Post it for your followers")):
        async with village.store.unit() as unit:
            await accounts.set_protected(unit, village.ids["alice"], protected)
        await alice.open("/home")
        await alice.submit("/posts", text="D bob see you")
        assert [each.text for each in alice.find("//button[@value='post']")] == [button]


async def test_an_answer_begins_with_a_name_that_is_counted(alice: Browser, village: Village) -> None:
    await village.person("bob")
    post = await village.says("bob", "who is there?")
    await alice.open(f"/@bob/{post}")
    assert alice.find("//textarea")[0].text == "@bob "
    assert "4 of 140" in alice.text
    await alice.submit("/posts", text="@bob me", button="act=count")
    assert "7 of 140" in alice.text


async def test_a_newcomer_is_shown_where_people_are_and_how_posts_come_by_text(
    alice: Browser, village: Village, site: Site
) -> None:
    await alice.open("/home")
    assert alice.find("//p[@class='empty']/a/@href") == ["/directory", "/search"]
    assert "text ON" not in alice.text
    async with village.store.unit() as unit:
        me = village.ids["alice"]
        await joining.give_address(unit, me, Channel.SMS, "+15550001234", how="operator", now=NOW)
        await accounts.set_texts_on(unit, me, texts_on=False)
    await alice.open("/home")
    assert "To get posts by text, text ON to +1 555-000-9999." in alice.text
    assert alice.find("//p[@class='empty']/a/@href")[2] == f"sms:{site.number}?&body=ON"
    await village.says("alice", "here I am")
    await alice.open("/home")
    assert not alice.find("//p[@class='empty']")


async def test_what_is_refused_comes_back_with_the_words(village: Village, site: Site) -> None:
    await with_mail(village, "alice")
    async with visited(village.store, replace(site, overflow=Overflow.REFUSE)) as session:
        alice = Browser(session)
        await log_in(village, alice, "alice")
        await alice.open("/home")
        assert await alice.submit("/posts", text="x" * 141) == 422
        assert "1 character too many" in alice.text
        assert alice.find("//textarea")[0].text == "x" * 141
        assert alice.find("//textarea")[0].get("aria-describedby") == "counts problem"
        assert await alice.submit("/posts", text="  ") == 422
        assert "Write something first" in alice.text
        await alice.submit("/posts", text="once")
        assert await alice.submit("/posts", text="once") == 422
        assert "stand once" in alice.text


async def test_pictures_are_refused_politely_and_the_words_kept(alice: Browser) -> None:
    await alice.open("/home")
    word = alice.find("//input[@name='csrf']")[0].get("value")
    assert await alice.post_with_file("/posts", csrf=word, text="look at this") == 422
    assert "Pictures cannot be sent by text" in alice.text
    assert alice.find("//textarea")[0].text == "look at this"


async def test_one_letter_that_makes_a_text_dear_can_be_made_plain(alice: Browser) -> None:
    await alice.open("/home")
    quoted = "“A text with curly quotes is made plain by itself, since that keeps it in one segment”"
    assert await alice.submit("/posts", button="act=count", text=quoted) == 200
    assert "1 text message to each follower" in alice.text
    dear = quoted + " \N{GRINNING FACE}"
    assert await alice.submit("/posts", button="act=count", text=dear) == 200
    assert "2 text messages to each follower" in alice.text
    assert await alice.submit("/posts", button="act=plain", text=dear) == 200
    assert alice.find("//textarea")[0].text.startswith('"')
    assert "1 text message to each follower" in alice.text


async def test_letters_that_cannot_be_made_plain_are_no_promise(alice: Browser) -> None:
    await alice.open("/home")
    assert (
        await alice.submit("/posts", button="act=count", text="Добрый день всем, кто сегодня придёт в гости к нам " * 2)
        == 200
    )
    assert "Not in the plain alphabet" in alice.text
    assert alice.find("//b[@data-count='signs']")[0].text == "Д о б"
    assert not alice.find("//button[@value='plain']"), "there would be nothing left"


async def test_many_plain_characters_are_many_and_not_dear(alice: Browser) -> None:
    await alice.open("/home")
    await alice.submit("/posts", button="act=count", text="[a] " * 35)
    assert "2 text messages to each follower" in alice.text
    assert alice.find("//*[@data-count='dear']")[0].get("hidden") is not None


@pytest.mark.parametrize(
    ("overflow", "words"),
    [("link", "a link to the whole"), ("split", "up to three"), ("refuse", "you get it back")],
)
async def test_what_becomes_of_a_post_that_is_too_long_is_said_before(
    alice: Browser, overflow: str, words: str
) -> None:
    await alice.open("/settings")
    await alice.submit("/settings/profile", overflow=overflow)
    await alice.open("/home")
    await alice.submit("/posts", button="act=count", text="word " * 40)
    [said] = alice.find("//*[@data-count='over']")
    assert said.get("hidden") is None
    assert words in said.text


async def test_what_was_just_done_is_not_said_again_after_the_next_click(alice: Browser, village: Village) -> None:
    await alice.open("/home")
    await alice.submit("/posts", text="hello")
    assert "Posted." in alice.text
    [post] = alice.find("//article")
    number = post.get("id").removeprefix("p")
    assert alice.find(f"//a[@href='/@alice/{number}/delivery']")
    await alice.submit(f"/posts/{number}/favourite")
    assert alice.path == f"/home#p{number}"
    assert "1 favourite" in alice.text
    assert "Posted." not in alice.text


async def test_a_page_that_is_open_hears_how_many_posts_are_new(alice: Browser, village: Village) -> None:
    await village.person("bob")
    await village.follows("alice", "bob")
    await village.says("bob", "old")
    for page in ("/home", "/"):
        await alice.open(page)
        [address] = alice.find("//@data-fresh")
        assert await alice.open(address) == 204
        for number in range(2):
            await village.says("bob", f"new {number} {page}")
        assert await alice.open(address) == 200
        assert alice.find("//a")[0].get("href") == page
        assert alice.text == "2 new posts"
    for number in range(30):
        await village.says("bob", f"many {number}")
    assert await alice.open(address) == 200
    assert alice.text == "More than 20 new posts"
    stranger = Browser(alice._session)
    assert await stranger.open("/home/new?after=0") == 204, "nobody's home has nothing new"
    assert await stranger.open("/new?after=x") == 200


async def test_an_answer_names_whom_it_answers_and_stands_in_the_thread(alice: Browser, village: Village) -> None:
    await village.person("bob")
    post = await village.says("bob", "who is here?")
    await alice.open(f"/@bob/{post}")
    assert alice.find("//textarea")[0].text == "@bob "
    await alice.submit("/posts", text="me")
    assert "@bob me" in alice.text
    assert "who is here?" in alice.text


async def test_what_somebody_does_to_a_post_shows_and_can_be_undone(alice: Browser, village: Village) -> None:
    await village.person("bob")
    post = await village.says("bob", "well said")
    await village.follows("alice", "bob")
    await alice.open("/home")
    await alice.submit(f"/posts/{post}/favourite")
    assert alice.path == f"/home#p{post}"
    assert "1 favourite" in alice.text
    await alice.submit(f"/posts/{post}/unfavourite")
    assert "1 favourite" not in alice.text
    await alice.submit(f"/posts/{post}/repost")
    assert "1 repost" in alice.text
    assert "You passed it on" in alice.text


async def test_deleting_is_asked_first(alice: Browser, village: Village) -> None:
    post = await village.says("alice", "a slip")
    await alice.open(f"/@alice/{post}")
    await alice.submit(f"/posts/{post}/delete")
    assert "Delete this post?" in alice.text
    await alice.submit(f"/posts/{post}/delete")
    assert alice.path == "/home"
    assert await alice.open(f"/@alice/{post}") == 410


async def test_nobody_deletes_or_touches_what_they_may_not_see(alice: Browser, village: Village) -> None:
    await village.person("carol", protected=True)
    await village.person("bob")
    secret = await village.says("carol", "for friends")
    public = await village.says("bob", "for all")
    await alice.open("/home")
    word = alice.find("//input[@name='csrf']")[0].get("value")
    for act in ("favourite", "repost"):
        assert await alice.post(f"/posts/{secret}/{act}", csrf=word, next="/home") == 404
    assert await alice.post(f"/posts/{public}/delete", csrf=word, sure="yes") == 404
    assert await alice.post("/posts", csrf=word, text="hello", reply_to=str(secret)) == 422
    assert "gone" in alice.text
    async with village.store.reading() as reading:
        assert await acting.subject(reading, village.ids["alice"], secret) is None


async def test_a_follower_sees_a_protected_post_and_others_see_nothing(
    alice: Browser, village: Village, site_open: object
) -> None:
    await village.person("carol", protected=True)
    secret = await village.says("carol", "for friends #quiet")
    assert await alice.open(f"/@carol/{secret}") == 404
    await village.follows("alice", "carol")
    assert await alice.open(f"/@carol/{secret}") == 200
    assert "for friends" in alice.text
    assert alice.find("//meta[@name='robots']")
    assert not alice.find("//meta[@property='og:description']")
    assert await alice.open("/tags/quiet") == 200
    assert "for friends" in alice.text
    stranger = Browser(alice._session)
    assert await stranger.open(f"/@carol/{secret}") == 404
    assert await stranger.open("/tags/quiet") == 200
    assert "for friends" not in stranger.text


async def test_who_blocks_a_member_is_nobody_to_them(alice: Browser, village: Village) -> None:
    await village.person("bob")
    post = await village.says("bob", "hello all")
    await village.blocks("bob", "alice")
    assert await alice.open("/@bob") == 404
    assert await alice.open(f"/@bob/{post}") == 404
    await alice.open("/")
    assert "hello all" not in alice.text


async def test_mentions_stand_on_a_page_of_their_own(alice: Browser, village: Village) -> None:
    await village.person("bob")
    await village.says("bob", "ask @alice about it")
    await village.says("bob", "something else")
    await alice.open("/mentions")
    assert "ask @alice about it" in alice.text
    assert "something else" not in alice.text


async def test_favourites_by_nobody_in_particular(village: Village) -> None:
    await village.person("bob")
    await village.person("alice")
    post = await village.says("bob", "x")
    async with village.store.unit() as unit:
        assert await acting.favourite(unit, village.ids["alice"], post, now=NOW)
        assert await acting.favourite(unit, village.ids["alice"], post, now=NOW)
        assert await acting.unfavourite(unit, village.ids["alice"], post)
        assert not await acting.unfavourite(unit, village.ids["alice"], post)


async def test_a_mute_hides_nothing_that_is_looked_at_by_itself(alice: Browser, village: Village) -> None:
    await village.person("bob")
    post = await village.says("bob", "still here")
    await village.mutes("alice", "bob")
    await alice.open("/")
    assert "still here" not in alice.text
    assert await alice.open(f"/@bob/{post}") == 200
    assert "still here" in alice.text
    await alice.submit(f"/posts/{post}/favourite")
    async with village.store.reading() as reading:
        found = await reading_service.marks(reading, village.ids["alice"], await reading_service.posts(reading, [post]))
    assert found.favourites == {post}
