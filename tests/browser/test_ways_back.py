"""Going back, pressing twice, writing from right to left, large letters, paper: browsers differ in each of these."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route

from tests.browser.conftest import NARROW, WIDE, Place, log_in_by_mail, visitor
from tests.test_walk import ALICE, World, give_mailbox

OUTSIDE = """
() => [...document.querySelectorAll("body *:not(.skip)")].filter((each) => {
  const box = each.getBoundingClientRect(), scrolls = each.closest(".wide, .numbers-table");
  return box.width > 1 && !scrolls && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map((each) => `${each.tagName}.${each.className} ${each.textContent.trim().slice(0, 30)}`)
"""
"""What stands beyond the edge of the page."""


async def member(place: Place, chromium: Browser, **asked: object) -> tuple[BrowserContext, Page]:
    context = await chromium.new_context(locale="en-GB", **asked)  # type: ignore[arg-type]  # as Playwright names them
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    return context, await context.new_page()


async def test_a_page_that_was_kept_is_not_shown_to_whoever_comes_after_the_log_out(
    place: Place, chromium: Browser
) -> None:
    _, page = await member(place, chromium)
    for path in ("/home", "/@bob"):
        await page.goto(place.url + path)
        kept = await page.content()

    async def as_kept(route: Route) -> None:  # as a browser does which keeps what it was to ask for again
        await route.fulfill(body=kept, content_type="text/html")

    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url(place.url + "/")
    await page.route(re.compile("/@bob$"), as_kept, times=1)
    await page.go_back()
    await page.get_by_role("link", name="Log in").wait_for()
    assert await page.get_by_role("button", name="Log out").count() == 0


async def test_nor_is_one_that_was_kept_whole(place: Place, chromium: Browser) -> None:
    context, page = await member(place, chromium)
    await page.goto(place.url + "/home#p1")
    await page.fill("#text", "not yet")
    shown_again = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    await page.evaluate(shown_again)
    assert await page.input_value("#text") == "not yet", "nobody has logged out"
    other = await context.new_page()
    await other.goto(place.url + "/settings")
    await other.get_by_role("button", name="Log out", exact=True).last.click()
    await other.wait_for_url(place.url + "/")
    await page.evaluate(shown_again)
    await page.wait_for_url("**/login?next=/home")


async def test_a_kept_page_of_before_the_log_in_is_no_log_out(place: Place, chromium: Browser) -> None:
    context = await chromium.new_context(locale="en-GB")
    page = await context.new_page()
    await page.goto(place.url + "/help")
    kept = await page.content()

    async def as_kept(route: Route) -> None:
        await route.fulfill(body=kept, content_type="text/html")

    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    await page.goto(place.url + "/home")
    remembered = "localStorage.getItem('visit')"
    before = await page.evaluate(remembered)
    assert before
    await page.route(re.compile("/help$"), as_kept, times=1)
    await page.go_back()
    assert await page.get_by_role("button", name="Log out").count() == 0, "it is the kept one"
    assert await page.evaluate(remembered) == before, "so what she types at home is there when she goes on"


async def test_words_that_were_refused_since_the_session_had_ended_are_there_on_the_way_back(
    place: Place, chromium: Browser
) -> None:
    context, page = await member(place, chromium)
    await page.goto(place.url + "/home")
    await page.fill("#text", "long thought about")
    other = await context.new_page()
    await other.goto(place.url + "/home")
    await context.clear_cookies()
    await other.fill("#text", "something")
    await other.get_by_role("button", name="Post", exact=True).click()
    await other.get_by_text("go back, reload the page").wait_for()
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert await page.input_value("#text") == "long thought about"
    assert await page.locator("main").is_visible()


async def test_a_second_press_sends_nothing(birdwire: World, chromium: Browser) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.shows(ALICE, "you are alice")
    await give_mailbox(birdwire.config, "alice", "alice@home.example")
    alice = await visitor(chromium, birdwire)
    await log_in_by_mail(alice, birdwire, "alice@home.example")
    sent = []

    async def slowly(route: Route) -> None:
        sent.append(route.request.post_data)
        await alice.page.wait_for_timeout(300)
        await route.continue_()

    await alice.page.route(re.compile("/posts$"), slowly)
    await alice.page.fill("#text", "I press twice")
    await alice.page.get_by_role("button", name="Post", exact=True).dblclick(no_wait_after=True)
    await alice.page.get_by_text("Posted.").wait_for()
    assert len(sent) == 1


async def test_an_answer_in_hebrew_stands_from_right_to_left_though_it_begins_with_a_name(
    birdwire: World, chromium: Browser
) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.shows(ALICE, "you are alice")
    await give_mailbox(birdwire.config, "alice", "alice@home.example")
    alice = await visitor(chromium, birdwire)
    await log_in_by_mail(alice, birdwire, "alice@home.example")
    field = alice.page.locator("#text")
    directions = []
    for words in ("@alice שלום", "@alice hello", "שלום @alice", "hello שלום", "https://x.example/ مرحبا"):
        await field.fill(words)
        written = await field.evaluate("field => getComputedStyle(field).direction")
        await alice.press("Post")
        await alice.page.get_by_text("Posted.").wait_for()
        read = await alice.page.locator(".words").first.evaluate("words => getComputedStyle(words).direction")
        directions.append((written, read))
    assert directions == [("rtl", "rtl"), ("ltr", "ltr"), ("rtl", "rtl"), ("ltr", "ltr"), ("ltr", "rtl")]


@pytest.mark.timeout(300)
async def test_letters_twice_as_large_fit_a_phone(place: Place, chromium: Browser) -> None:
    """Half as wide a page has the same places as one with letters twice as large."""
    _, page = await member(place, chromium, viewport={"width": 180, "height": 370})
    found = []
    for path in (
        *place.there.paths_for_everybody(),
        *place.there.paths_for_members(),
        *place.there.paths_for_administrators(),
    ):
        await page.goto(place.url + path)
        await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found += [f"{path}: {each}" for each in await page.evaluate(OUTSIDE)]
        if not await page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append(f"{path} overflows")
    assert not found, "\n".join(found)
    name = await page.locator(".brand span").bounding_box()
    assert name
    assert name["height"] < 60, "the name of the site is not broken into its letters"


async def test_on_paper_there_are_the_words_and_nothing_to_press(place: Place, chromium: Browser) -> None:
    _, page = await member(place, chromium, viewport=WIDE, color_scheme="dark")
    await page.emulate_media(media="print", color_scheme="dark")
    await page.goto(place.url + "/home")
    assert await page.get_by_text("post 24 of many").first.is_visible()
    for what in ("button", "nav", "footer", "textarea"):
        assert not [each for each in await page.locator(what).all() if await each.is_visible()], what
    await page.goto(f"{place.url}/@bob/{place.there.posts['poll']}")
    for button in await page.locator(".poll li button").all():
        assert await button.is_visible(), "what can be chosen is words"
    ink = "getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(ink) == "rgb(0, 0, 0)rgb(255, 255, 255)"


async def test_no_field_is_so_small_that_a_phone_enlarges_the_page(place: Place, chromium: Browser) -> None:
    """Phones of Apple's do when a field that is written into has letters of less than 16 pixels."""
    _, page = await member(place, chromium, viewport=NARROW)
    small = []
    for path in (*place.there.paths_for_members(), *place.there.paths_for_administrators(), "/login", "/signup"):
        await page.goto(place.url + path)
        small += await page.evaluate(
            "[...document.querySelectorAll('input:not([type=checkbox], [type=hidden]), select, textarea')]"
            ".filter(each => parseFloat(getComputedStyle(each).fontSize) < 16).map(each => each.outerHTML)"
        )
    assert not small, "\n".join(small)
