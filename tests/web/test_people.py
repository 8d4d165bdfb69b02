"""The directory, the search, following and its end, requests, and direct messages, in a browser without scripts."""

import pytest

from gateway.domain.types import PostKind
from gateway.web import people as web_people
from store import accounts, people, reports
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import Village


@pytest.fixture
async def alice(village: Village, someone: Browser) -> Browser:
    """Alice, logged in."""
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    return someone


async def names(browser: Browser) -> list[str]:
    return [each.text for each in browser.find("//li[@class='listed']//p[@class='who']/a")]


async def test_the_directory_has_everybody_public_in_three_orders(village: Village, someone: Browser) -> None:
    for name in ("carol", "bob", "dan"):
        await village.person(name)
    await village.person("shy", protected=True)
    await village.follows("carol", "bob")
    await village.follows("dan", "bob")
    await village.follows("bob", "dan")
    for order, expected in (
        ("followers", ["bob", "dan", "carol"]),
        ("name", ["bob", "carol", "dan"]),
        ("newest", ["dan", "bob", "carol"]),
    ):
        assert await someone.open(f"/directory?by={order}") == 200
        assert await names(someone) == expected
    assert "2 followers" in someone.text
    assert await someone.open("/directory?by=shoe-size") == 404


@pytest.mark.parametrize("order", ["followers", "newest", "name"])
async def test_the_directory_can_be_read_to_its_end_in_each_order_though_people_come_and_go(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(web_people, "PAGE", 7)
    everybody = [f"p{(7 * number) % 60:02}" for number in range(60)]
    for name in everybody:
        await village.person(name)
    for number, followed in enumerate(("p33", "p33", "p50", "p50", "p21")):
        await village.follows(f"p{number:02}", followed)
    expected = {
        "followers": ["p33", "p50", "p21", *(each for each in everybody if each not in {"p50", "p33", "p21"})],
        "newest": everybody[::-1],
        "name": sorted(everybody),
    }[order]
    await someone.open(f"/directory?by={order}")
    seen, pages = await names(someone), 1
    while more := someone.find("//a[@rel='next']"):
        if pages == 3:  # the last one shown goes, and somebody comes who belongs to a page that was read
            await village.is_suspended(seen[-1])
            await village.person({"name": "a", "newest": "z", "followers": "z"}[order])
        await someone.open(more[0].get("href"))
        seen += await names(someone)
        pages += 1
    assert [each for each in seen if each != "z"] == expected, "whoever came last may be counted already"
    assert pages == 9


@pytest.mark.parametrize("order", ["followers", "newest", "name"])
async def test_whoever_comes_behind_the_last_one_is_not_told_that_there_is_nobody(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(web_people, "PAGE", 1)
    for name in ("ann", "bob"):
        await village.person(name)
    await someone.open(f"/directory?by={order}")
    (further,) = someone.find("//a[@rel='next']/@href")
    await village.becomes_protected({"ann": "bob", "bob": "ann"}[(await names(someone))[0]])
    await someone.open(further)
    assert await names(someone) == []
    assert "Nobody else is listed here." in someone.text


@pytest.mark.parametrize("order", ["followers", "newest", "name"])
@pytest.mark.parametrize("place", ["", "x", "-", "1-", "9" * 30, "no name", "%F0%9F%98%80", "-1-2", "0x1"])
async def test_a_place_in_the_directory_that_is_none_is_its_beginning(
    village: Village, someone: Browser, order: str, place: str
) -> None:
    await village.person("zoe")
    assert await someone.open(f"/directory?by={order}&after={place}") == 200
    assert await names(someone) == ["zoe"]


async def test_a_search_finds_posts_and_people(village: Village, someone: Browser) -> None:
    await village.person("gardener")
    await village.person("bob")
    await village.person("g_rden")
    await village.says("bob", "the Gärten are open", words="the garten are open")
    await someone.open("/search")
    await someone.submit("/search", q="garten")
    assert "are open" in someone.text
    await someone.submit("/search", q="gard")
    assert await names(someone) == ["gardener"]
    await someone.submit("/search", q="g_")
    assert await names(someone) == ["g_rden"], "an underscore is a letter here, and no wildcard"
    await someone.submit("/search", q="<b>nothing</b>")
    assert "No post has all of these words" in someone.text


async def test_following_and_leaving(alice: Browser, village: Village) -> None:
    await village.person("bob")
    await alice.open("/@bob")
    await alice.submit("/@bob/follow")
    assert alice.path == "/@bob"
    await alice.open("/@bob/followers")
    assert await names(alice) == ["alice"]
    await alice.open("/@alice/following")
    assert await names(alice) == ["bob"]
    await alice.open("/@bob")
    await alice.submit("/@bob/leave")
    await alice.open("/@bob/followers")
    assert await names(alice) == []


async def test_texts_need_a_phone_and_mails_can_be_stopped(alice: Browser, village: Village) -> None:
    bob = await village.person("bob")
    await village.follows("alice", "bob")
    await alice.open("/@bob")
    assert await alice.submit("/@bob/texts") == 422
    assert "Texts need a phone that wants them: add yours in the settings." in alice.text
    assert "Or text ON from it to +1 555-000-9999, and START first if it has said STOP." in alice.text
    assert alice.find("//main//p/a/@href") == ["/settings#addresses", "sms:+15550009999?&body=ON", "/@bob"]
    await alice.open("/@bob")
    await alice.submit("/@bob/nomail")
    async with village.store.reading() as reading:
        assert (await people.between(reading, village.ids["alice"], bob)).mail is False
    await alice.submit("/@bob/mail")
    async with village.store.reading() as reading:
        assert (await people.between(reading, village.ids["alice"], bob)).mail is None


async def test_asking_a_protected_account_and_being_let_in(alice: Browser, village: Village) -> None:
    await with_mail(village, "carol")
    await village.becomes_protected("carol")
    await alice.open("/@carol")
    assert alice.status == 404
    await alice.submit("/@carol/follow")
    assert "You have asked to follow" in alice.text
    carol = Browser(alice._session)
    await log_in(village, carol, "carol")
    await carol.open("/requests")
    assert "alice" in carol.text
    await carol.submit("/requests", button="answer=accept")
    assert "Nobody is asking" in carol.text
    assert await alice.open("/@carol") == 200


async def test_denying_a_request_says_nothing(alice: Browser, village: Village) -> None:
    await with_mail(village, "carol")
    await village.becomes_protected("carol")
    await alice.open("/@carol")
    await alice.submit("/@carol/follow")
    carol = Browser(alice._session)
    await log_in(village, carol, "carol")
    await carol.open("/requests")
    await carol.submit("/requests", button="answer=deny")
    assert await alice.open("/@carol") == 404


async def test_muting_and_blocking(alice: Browser, village: Village) -> None:
    await village.person("bob")
    await village.says("bob", "noise")
    await alice.open("/@bob")
    await alice.submit("/@bob/mute")
    await alice.open("/")
    assert "noise" not in alice.text
    await alice.open("/@bob")
    await alice.submit("/@bob/unmute")
    await alice.submit("/@bob/block")
    assert await alice.open("/directory") == 200
    assert "bob" not in await names(alice)
    await alice.open("/@bob")
    await alice.submit("/@bob/unblock")
    await alice.open("/directory")
    assert "bob" in await names(alice)


async def test_direct_messages_go_to_followers_alone_and_stand_in_a_thread(alice: Browser, village: Village) -> None:
    await with_mail(village, "bob")
    assert await alice.open("/messages/bob") == 200
    assert "does not follow you" in alice.text
    word = alice.find("//input[@name='csrf']")[0].get("value")
    assert await alice.post("/messages/bob", csrf=word, text="psst") == 422
    await village.follows("bob", "alice")
    await alice.open("/messages/bob")
    await alice.submit("/messages/bob", text="psst\r\nbob")
    assert "psst bob" in alice.text
    assert await alice.submit("/messages/bob", text=" ") == 422
    bob = Browser(alice._session)
    await log_in(village, bob, "bob")
    await bob.open("/messages")
    assert "alice" in bob.text
    assert "psst" in bob.text
    stranger = Browser(alice._session)
    await stranger.open("/messages/alice")
    assert stranger.path == "/login"
    assert await alice.open("/messages/nobody") == 404
    assert await alice.open("/messages/alice") == 404


async def test_letters_are_counted_as_the_phone_gets_them_and_refused_with_the_words(
    alice: Browser, village: Village
) -> None:
    await village.person("bob")
    await village.follows("bob", "alice")
    await alice.open("/messages/bob")
    dear = "x" * 70 + " \N{GRINNING FACE}"
    assert await alice.submit("/messages/bob", button="act=count", text=dear) == 200
    assert "2 text messages" in alice.text
    assert "to each follower" not in alice.find("//*[@data-count='segments']")[0].text
    assert await alice.submit("/messages/bob", button="act=plain", text=dear) == 200
    assert alice.find("//textarea")[0].text == "x" * 70
    word = alice.find("//input[@name='csrf']")[0].get("value")
    assert await alice.post_with_file("/messages/bob", csrf=word, text="look") == 422
    assert "Pictures cannot be sent by text" in alice.text
    assert alice.find("//textarea")[0].text == "look"
    await alice.open("/messages")
    assert "No messages yet." in alice.text


async def test_a_conversation_is_begun_by_a_name_and_all_of_them_are_reached(alice: Browser, village: Village) -> None:
    await alice.open("/messages")
    assert await alice.submit("/messages", name="nobody") == 422
    assert "Nobody here is called that" in alice.text
    everybody = [f"p{number:02}" for number in range(60)]
    for name in everybody:
        await village.person(name)
        await village.says(name, f"psst {name}", kind=PostKind.DIRECT, to_account_id=village.ids["alice"])
    await alice.submit("/messages", name="@P07")
    assert alice.path == "/messages/p07"
    await alice.open("/messages")
    seen = await names(alice)
    while more := alice.find("//a[@rel='next']"):
        await alice.open(more[0].get("href"))
        seen += await names(alice)
    assert seen == everybody[::-1]


async def test_all_requests_are_reached_and_all_are_let_in_at_once(alice: Browser, village: Village) -> None:
    await village.becomes_protected("alice")
    everybody = [f"p{number:02}" for number in range(60)]
    for name in everybody:
        await village.person(name)
        await village.follows(name, "alice", state="requested")
    await alice.open("/home")
    assert "60 people ask to follow you" in alice.text
    await alice.open("/requests")
    seen = await names(alice)
    await alice.open(alice.find("//a[@rel='next']")[0].get("href"))
    assert seen + await names(alice) == everybody
    assert not alice.find("//a[@rel='next']")
    await alice.open("/requests")
    await alice.submit("/requests", button="answer=all")
    assert "Nobody is asking" in alice.text
    async with village.store.reading() as reading:
        assert len(await people.followers(reading, 0, village.ids["alice"], most=100)) == 60


async def test_a_report_reaches_the_operator(alice: Browser, village: Village) -> None:
    await village.person("bob")
    await alice.open("/@bob/report")
    await alice.submit("/@bob/report", words="spam")
    assert "Thank you" in alice.text


async def test_words_of_a_report_that_are_too_many_are_given_back_whole(alice: Browser, village: Village) -> None:
    await village.person("bob")
    meant = await village.says("bob", "cheap watches")
    await alice.open(f"/@bob/report?post={meant}")
    assert "Up to 1,000 characters." in alice.text
    long = "He sells \N{WATCH}s.\n" * 60 + "x" * 221
    assert await alice.submit("/@bob/report", words=long + "\r\n") == 422
    assert "That is 1 character too many." in alice.text
    field = alice.find("//textarea[@name='words']")[0]
    assert field.text.strip().replace("\r\n", "\n") == long
    assert field.get("aria-invalid") == "true"
    assert alice.find("//input[@name='post']/@value") == [str(meant)]
    async with village.store.reading() as reading:
        assert await reports.newest(reading, most=10) == []
    assert await alice.submit("/@bob/report", words=long[:-1]) == 200
    async with village.store.reading() as reading:
        [told] = await reports.newest(reading, most=10)
    assert told.words == long[:-1]
    assert len(told.words) == 1000


async def test_whoever_is_not_logged_in_is_shown_nobody_who_is_protected(alice: Browser, village: Village) -> None:
    await village.person("shy", protected=True)
    await village.person("shyam")
    await village.person("bob")
    for name in ("shy", "shyam"):
        await village.follows(name, "bob")
        await village.follows("bob", name)
    stranger = Browser(alice._session)
    for path in ("/search?q=shy", "/@bob/followers", "/@bob/following", "/directory?by=name"):
        await stranger.open(path)
        shown = await names(stranger)
        assert "shyam" in shown
        assert "shy" not in shown
        await alice.open(path)
        assert ("shy" in await names(alice)) is ("directory" not in path)


async def test_lists_of_a_protected_account_are_for_its_followers(village: Village, someone: Browser) -> None:
    await village.person("shy", protected=True)
    assert await someone.open("/@shy/followers") == 404
    assert await someone.open("/@shy/following") == 404
    assert await someone.open("/@nobody/followers") == 404


async def test_a_suspended_account_is_in_no_list(village: Village, someone: Browser) -> None:
    await village.person("bob")
    await village.person("ann")
    await village.follows("bob", "ann")
    await village.is_suspended("bob")
    await someone.open("/directory")
    assert await names(someone) == ["ann"]
    await someone.open("/@ann/followers")
    assert await names(someone) == []
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "bob")
