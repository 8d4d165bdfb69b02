"""A newcomer's first day on the site, with a phone and a mailbox, in a real browser; once more without scripts."""

import asyncio
import json
import re
import zipfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route

from tests.browser.conftest import NARROW, Visitor, link_in, log_in_by_mail, visitor
from tests.test_walk import ALICE, BOB, World, give_mailbox

DORA = "+15550001003"


@pytest.fixture
async def town(birdwire: World) -> World:
    """Alice, who is public and writes; bob, who is protected. Both text."""
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.text(BOB, "JOIN bob")
    await birdwire.shows(ALICE, "you are alice")
    await birdwire.shows(BOB, "you are bob")
    await birdwire.text(BOB, "PROTECT")
    await birdwire.text(ALICE, "Lunch at the harbour, who is coming? #lunch")
    return birdwire


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_newcomer_lives_on_the_site(town: World, chromium: Browser, scripts: bool) -> None:
    dora = await visitor(chromium, town, scripts=scripts, size=NARROW)

    # She signs up with her phone: the code comes through the carrier.
    await dora.open("/signup")
    await dora.page.fill("#name", "dora")
    await dora.page.fill("#address", DORA)
    await dora.press("Send me the code or link")
    text = await town.shows(DORA, "is your code to join as dora")
    code = re.search(r"\d{6}", text.body)
    assert code
    await dora.page.fill("#code", code[0])
    await dora.press("Join")
    await dora.page.wait_for_url("**/home")
    await town.shows(DORA, "Reply ON to get posts by text")

    # She adds a mailbox, and proves it by the link.
    await dora.open("/settings")
    await dora.page.fill("#address", "dora@home.example")
    await dora.press("Send a code or link there")
    assert "A link was mailed there" in await dora.words()
    await town.mailbox.wait_for(lambda mail: "dora@home.example" in mail.recipients)
    await dora.page.goto(link_in(town, "dora@home.example", "/settings/mailbox/"))
    await dora.press("Add it")
    assert "The mailbox is yours" in await dora.words()

    # She finds alice in the directory, follows her, and asks bob.
    await dora.open("/directory")
    await dora.press("alice", role="link")
    await dora.press("Follow")
    assert "Following. Leave" in await dora.words()
    await dora.open("/@bob")
    await dora.press("Follow")
    assert "You have asked to follow" in await dora.words()
    await town.shows(BOB, "dora")
    await town.text(BOB, "ACCEPT dora")
    await town.mailbox.wait_for(lambda mail: "dora@home.example" in mail.recipients and "bob" in mail.text)

    # She posts; alice follows her by text and gets it on her phone; dora sees the delivery move.
    await town.text(ALICE, "FOLLOW dora")
    await town.shows(ALICE, "dora")
    await dora.open("/home")
    await dora.page.fill("#text", "My first post, from a phone on the bus")
    await dora.press("Post")
    assert "Posted." in await dora.words()
    await town.shows(ALICE, "dora: My first post")
    await dora.press("Delivery", role="link")
    await _shows_delivered(dora, scripts)

    # Alice writes; dora gets it by mail and answers the mail.
    await town.text(ALICE, "Who brings chairs?")
    mail = await town.mailbox.wait_for(lambda each: "dora@home.example" in each.recipients and "chairs" in each.text)
    await town.mail(str(mail.message["Reply-To"]).strip("<>"), "I do", message_id="<chairs@home.example>")
    await town.shows(ALICE, "dora: @alice I do")

    # She accepts a request of her own once she is protected, and sets quiet hours.
    await dora.open("/settings")
    await dora.page.check("#protected")
    await dora.press("Save, You")
    eve = "+15550001004"
    await town.text(eve, "JOIN eve")
    await town.shows(eve, "you are eve")
    await town.text(eve, "FOLLOW dora")
    await town.shows(eve, "ask")
    await dora.open("/requests")
    await dora.page.get_by_role("button", name="Accept eve").click()
    assert "Nobody is asking" in await dora.words()
    await dora.open("/settings")
    await dora.page.fill("#start", "22:00")
    await dora.page.fill("#until", "07:00")
    await dora.page.locator("section[aria-labelledby=quiet] button").click()
    assert await dora.page.input_value("#start") == "22:00"

    # She takes everything with her, and leaves.
    response = await dora.context.request.get(f"{town.url}/settings/export")
    assert response.ok
    with zipfile.ZipFile(BytesIO(await response.body())) as archive:
        assert "index.html" in archive.namelist()
        everything = " ".join(archive.read(name).decode() for name in archive.namelist())
    assert "My first post, from a phone on the bus" in everything
    assert json
    await dora.open("/settings/delete")
    await dora.page.fill("#name", "dora")
    await dora.press("Delete everything")
    assert "It is deleted" in await dora.words()
    await dora.open("/@dora")
    assert "Nothing here" in await dora.words()
    assert dora.complaints == []


async def _shows_delivered(dora: Visitor, scripts: bool) -> None:
    """The delivery page tells that the text arrived; with scripts by itself."""
    row = dora.page.locator("tbody tr").first
    if scripts:
        await row.locator("td").nth(2).filter(has_text="1").wait_for()
        return
    for _ in range(50):
        if await row.locator("td").nth(2).inner_text() == "1":
            return
        await dora.press("Look again", role="link")
    raise AssertionError(await dora.words())


async def test_a_wall_fills_by_itself_and_can_be_paused(town: World, chromium: Browser) -> None:
    wall = await visitor(chromium, town)
    await wall.open("/wall/talk")
    assert "Nobody has used this tag yet" in await wall.words()
    await town.text(ALICE, "What about the tides? #talk")
    await wall.page.get_by_text("What about the tides?").wait_for()
    await wall.press("Pause")
    await town.text(BOB, "this is protected #talk")
    await town.text(ALICE, "And the moon? #talk")
    await wall.page.get_by_role("button", name="Go on").wait_for()
    assert "And the moon?" not in await wall.words()
    await wall.press("Go on")
    await wall.page.get_by_text("And the moon?").wait_for()
    assert "protected" not in await wall.words()
    await _hide(wall, True)
    await town.text(ALICE, "Nobody looks #talk")
    await town.carrier.wait_for(lambda text: "Nobody looks" in text.body)
    await _hide(wall, False)
    await wall.page.get_by_text("Nobody looks").wait_for()
    assert wall.complaints == []


async def _hide(who: Visitor, hidden: bool) -> None:
    """Put another window before somebody's page, or take it away."""
    await who.page.evaluate(
        f"Object.defineProperty(document, 'hidden', {{ configurable: true, value: {str(hidden).lower()} }});"
        " document.dispatchEvent(new Event('visibilitychange'))"
    )


async def test_a_wall_loses_what_is_deleted_even_while_it_is_paused(town: World, chromium: Browser) -> None:
    wall = await visitor(chromium, town)
    await wall.open("/wall/talk")
    await town.text(ALICE, "A slip of the thumb #talk")
    await wall.page.get_by_text("A slip of the thumb").wait_for()
    await wall.press("Pause")
    await town.text(ALICE, "Another slip #talk")
    await wall.page.get_by_role("button", name="Go on (1)").wait_for()
    await town.text(ALICE, "UNDO")
    await wall.page.get_by_role("button", name="Go on", exact=True).wait_for()
    await town.text(ALICE, "UNDO")
    await wall.page.get_by_text("Nobody has used this tag yet").wait_for()
    await wall.press("Go on")
    assert "slip" not in await wall.words()
    assert wall.complaints == []


async def test_what_a_stream_says_twice_waits_once_on_a_wall_that_is_paused(town: World, chromium: Browser) -> None:
    wall, said = await visitor(chromium, town), [""]

    async def say(route: Route) -> None:
        await route.fulfill(content_type="text/event-stream", body=f"retry: 50\n\n{said[0]}")

    await wall.page.route(re.compile(r"/wall/talk/events"), say)
    await wall.open("/wall/talk")
    await wall.press("Pause")
    said[0] = 'id: 9\ndata: <article id="p9"><p>Said once</p></article>\n\n' * 2
    await wall.press("Go on (1)")
    await wall.press("Pause")
    assert await wall.page.get_by_text("Said once").count() == 1


async def test_a_wall_comes_back_after_the_site_was_away(town: World, chromium: Browser) -> None:
    wall, events = await visitor(chromium, town), re.compile(r"/wall/talk/events")
    await wall.page.clock.install()
    await wall.page.add_init_script(
        "globalThis.asked = []; globalThis.EventSource = class extends EventSource {"
        "  constructor(url) { asked.push(Date.now()); super(url); }"
        "};"
    )

    async def refuse(route: Route) -> None:
        await route.fulfill(status=502)

    await wall.page.route(events, refuse)
    await wall.open("/wall/talk")
    await wall.page.get_by_text("No connection").wait_for()
    asked: list[int] = []
    async with asyncio.timeout(30):
        while len(asked) < 4:
            await wall.page.clock.run_for(1_000)
            asked = await wall.page.evaluate("asked")
    waits = [after - before for before, after in pairwise(asked)]
    least = (5_000, 10_000, 20_000)
    assert all(wait >= enough for wait, enough in zip(waits, least, strict=True)), (
        f"it asks less and less often: {waits}"
    )
    await town.text(ALICE, "Said meanwhile #talk")
    await wall.page.unroute(events)
    async with asyncio.timeout(30):
        while not await wall.page.get_by_text("Said meanwhile").is_visible():
            await wall.page.clock.run_for(1_000)
    await wall.page.get_by_text("No connection").wait_for(state="hidden")


async def test_home_says_that_there_is_more_and_moves_nothing(town: World, chromium: Browser) -> None:
    await give_mailbox(town.config, "alice", "alice@home.example")
    alice = await visitor(chromium, town)
    await log_in_by_mail(alice, town, "alice@home.example")
    await alice.page.clock.install()
    await alice.open("/home")
    bar = alice.page.locator("[data-fresh]")
    assert await bar.is_hidden()
    await town.text(ALICE, "Said by phone meanwhile")
    await town.text(ALICE, "And once more")
    await alice.page.clock.run_for(31_000)
    await bar.get_by_text("2 new posts").wait_for()
    assert "Said by phone meanwhile" not in await alice.words()
    assert (await alice.page.title()).startswith("• ")
    await bar.get_by_role("link").click()
    await alice.page.get_by_text("Said by phone meanwhile").wait_for()
    assert await bar.is_hidden()
    assert alice.complaints == []


async def test_the_composer_says_what_makes_a_text_dear_and_takes_it_out(town: World, chromium: Browser) -> None:
    await give_mailbox(town.config, "alice", "alice@home.example")
    alice = await visitor(chromium, town)
    await log_in_by_mail(alice, town, "alice@home.example")
    await alice.open("/home")
    counts, offer = alice.page.locator("#counts"), alice.page.get_by_role("button", name="Leave out what")
    await alice.page.fill("#text", "x" * 100)
    assert "1 text message to each follower" in await counts.inner_text()
    assert await offer.is_hidden()
    await alice.page.fill("#text", "x" * 100 + " 😀")
    assert "2 text messages to each follower" in await counts.inner_text()
    assert "which makes it dearer: \N{GRINNING FACE}" in await counts.inner_text()
    await offer.click()
    assert await alice.page.input_value("#text") == "x" * 100
    await alice.page.fill("#text", "ж" * 100)
    assert "2 text messages" in await counts.inner_text()
    assert await offer.is_hidden(), "there would be nothing left"
    await alice.page.fill("#text", "x" * 141)
    assert "141 of 140" in await counts.inner_text()
    assert "a link to the whole" in await counts.inner_text()
    assert "text message" not in await counts.inner_text()
    await alice.page.fill("#text", "short enough")
    await alice.press("Post")
    assert "Posted." in await alice.words()
    await alice.page.reload()
    assert "Posted." not in await alice.words(), "it is said once"
    assert "short enough" in await alice.words()


async def test_enter_in_the_field_of_a_password_logs_in_by_it(town: World, chromium: Browser) -> None:
    await give_mailbox(town.config, "alice", "alice@home.example")
    alice = await visitor(chromium, town)
    await log_in_by_mail(alice, town, "alice@home.example")
    await alice.open("/settings")
    await alice.page.fill("#new", "correct horse battery")
    await alice.press("Save, Password")
    await alice.press("Log out")
    await alice.open("/login")
    await alice.page.fill("#who", "alice")
    await alice.page.get_by_text("I have a password").click()
    await alice.page.fill("#password", "correct horse battery")
    await alice.page.press("#password", "Enter")
    await alice.page.wait_for_url("**/home")


async def test_a_field_says_how_much_is_in_it_and_near_its_end_says_so_aloud(town: World, chromium: Browser) -> None:
    await give_mailbox(town.config, "alice", "alice@home.example")
    alice = await visitor(chromium, town)
    await log_in_by_mail(alice, town, "alice@home.example")
    await alice.open("/@bob/report")
    counted = alice.page.locator("#words-hint .counted")
    assert await counted.is_hidden()
    for length, words, aloud, over in (
        (7, "7 so far.", "off", False),
        (1_000, "1,000 so far.", "polite", False),
        (1_001, "1,001 so far.", "polite", True),
    ):
        await alice.page.fill("#words", " " + "\N{GRINNING FACE}" * length + "\n")
        assert await counted.inner_text() == words
        assert await counted.get_attribute("aria-live") == aloud
        assert ("over" in (await counted.get_attribute("class") or "")) is over
    await alice.press("Report")
    assert "That is 1 character too many." in await alice.words()
    assert await counted.inner_text() == "1,001 so far.", "what was typed is given back"
    assert alice.complaints == []


async def test_the_composer_counts_as_the_server_does(town: World, chromium: Browser) -> None:
    await give_mailbox(town.config, "alice", "alice@home.example")
    alice = await visitor(chromium, town)
    await log_in_by_mail(alice, town, "alice@home.example")
    counted = []
    for words in (
        "hello",
        "“quoted” — and … dashed",
        "x" * 200,
        "é" * 100,
        "ж" * 80,
        "smile \N{GRINNING FACE} " + "y" * 80,
        "[brackets] {count} twice €" * 7,
        "Ǆ ő ū",
    ):
        await alice.open("/home")
        await alice.page.fill("#text", words)
        live = await alice.page.inner_text("#counts")
        await alice.page.evaluate("document.documentElement.classList.remove('scripted')")
        await alice.press("Count")
        served = await alice.page.evaluate("document.querySelector('#counts').innerText")
        counted.append((words[:20], re.findall(r"\d+", live), re.findall(r"\d+", served)))
    assert [live for _, live, _ in counted] == [served for _, _, served in counted], counted


async def test_the_pictures_of_the_readme(town: World, chromium: Browser, pictures: Path) -> None:
    await give_mailbox(town.config, "alice", "alice@home.example")
    await town.text(ALICE, "Room change: the talk on tides is in hall 3 now #talk")
    alice = await visitor(chromium, town, size=NARROW)
    await log_in_by_mail(alice, town, "alice@home.example")
    for name, path in (("home", "/home"), ("profile", "/@alice"), ("settings", "/settings"), ("wall", "/wall/talk")):
        for width in (360, 1280):
            await alice.page.set_viewport_size({"width": width, "height": 800})
            await alice.open(path)
            await alice.page.screenshot(path=pictures / f"{name}-{width}.png", full_page=True)
            assert await alice.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
