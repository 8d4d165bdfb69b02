"""Browsers from before 2021, and from before 2018: what they cannot read is skipped, and the pages stay usable."""

import re

import pytest
from playwright.async_api import Browser, Route

from tests.browser.conftest import NARROW, Place, log_in_by_mail, visitor
from tests.test_walk import ALICE, World, give_mailbox

UNKNOWN = re.compile(
    r"(?<=[{;])\s*"
    r"(?:(?:row-)?gap: [^;}]+|display: grid|overflow-wrap: anywhere|font-weight: 650|[\w-]+: [^;}]*clamp\([^;}]*)"
    r"(?=[;}])"
)
"""What a browser of 2016 skips in a style sheet."""
NEIGHBOURS = """
() => [...document.querySelectorAll("*")].flatMap((row) => {
  const style = getComputedStyle(row), inside = [...row.children].filter(
    (each) => each.getClientRects().length && getComputedStyle(each).position !== "absolute");
  if (!style.display.includes("flex") || style.flexDirection.startsWith("column")) return [];
  return inside.slice(1).flatMap((each, place) => {
    const [one, other] = [inside[place].getBoundingClientRect(), each.getBoundingClientRect()];
    if (one.bottom <= other.top || other.bottom <= one.top) return [];
    const apart = Math.max(other.left - one.right, one.left - other.right);
    const words = [inside[place], each].map((piece) => piece.textContent.trim()).join("|");
    return apart < 3 ? [`${row.className || row.tagName}: ${words}`] : [];
  });
})
"""
"""What stands beside each other in a row with less than three pixels between."""


async def _as_in_2016(route: Route) -> None:
    answer = await route.fetch()
    sheet = UNKNOWN.sub("", await answer.text())
    assert "gap: " not in sheet.replace("grid-gap: ", "")
    assert "clamp" not in sheet
    sheet, changed = re.subn(r"@supports not \(aspect-ratio: 1 / 1\)", "@supports (display: block)", sheet)
    assert changed == 1
    await route.fulfill(response=answer, body=sheet)


async def _unreadable(route: Route) -> None:
    await route.fulfill(content_type="text/javascript", body="async (new) => /\\p{L}/u;")


@pytest.mark.timeout(300)
async def test_nothing_runs_together_where_rows_have_no_gaps(place: Place, chromium: Browser) -> None:
    context = await chromium.new_context(viewport=NARROW, locale="en-GB")
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    await context.route(re.compile(r"birdwire\.css"), _as_in_2016)
    page = await context.new_page()
    found = []
    for path in (*place.there.paths_for_members(), *place.there.paths_for_administrators(), "/", "/wall/talk"):
        await page.goto(place.url + path)
        found += [f"{path} {each}" for each in await page.evaluate(NEIGHBOURS)]
        if not await page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append(f"{path} overflows")
    assert not found, "\n".join(found)


async def test_a_script_that_cannot_be_read_leaves_pages_as_they_are_without_scripts(
    birdwire: World, chromium: Browser
) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.shows(ALICE, "you are alice")
    await give_mailbox(birdwire.config, "alice", "alice@home.example")
    alice = await visitor(chromium, birdwire)
    await alice.page.route(re.compile(r"birdwire\.js"), _unreadable)
    await log_in_by_mail(alice, birdwire, "alice@home.example")
    await alice.page.fill("#text", "x" * 100 + " \N{GRINNING FACE}")
    await alice.press("Count")
    assert "2 text messages to each follower" in await alice.words()
    await alice.press("Leave out what makes it dearer")
    await alice.press("Post")
    assert "Posted." in await alice.words()


async def test_a_wall_comes_anew_where_its_script_cannot_be_read(birdwire: World, chromium: Browser) -> None:
    await birdwire.text(ALICE, "JOIN alice")
    await birdwire.shows(ALICE, "you are alice")
    wall = await visitor(chromium, birdwire)
    await wall.page.clock.install()
    await wall.page.route(re.compile(r"birdwire\.js"), _unreadable)
    await wall.open("/wall/talk")
    assert "Pause" not in await wall.words()
    await birdwire.text(ALICE, "Room change: hall 3 #talk")
    await birdwire.shows(ALICE, "alice")
    await wall.page.clock.run_for(16_000)
    await wall.page.get_by_text("Room change: hall 3").wait_for()


async def test_a_wall_whose_script_runs_does_not_come_anew(birdwire: World, chromium: Browser) -> None:
    wall = await visitor(chromium, birdwire)
    await wall.page.clock.install()
    await wall.open("/wall/talk")
    await wall.page.evaluate("globalThis.still = true")
    await wall.page.clock.run_for(60_000)
    assert await wall.page.evaluate("globalThis.still")
    assert wall.complaints == []


async def test_nor_does_the_page_of_a_delivery(place: Place, chromium: Browser) -> None:
    context = await chromium.new_context(locale="en-GB")
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"{place.url}/@alice/{place.there.posts['long']}/delivery")
    assert await page.locator("[data-again]").count(), "it may still change"
    await page.evaluate("globalThis.still = true")
    await page.clock.run_for(60_000)
    assert await page.evaluate("globalThis.still")
