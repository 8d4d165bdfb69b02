"""Every page in every state that it can be in, at two widths, light and dark: nothing keeps anybody out (WCAG 2.2 AA by
axe-core) and nothing overflows. Pictures of all of them are kept."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import NARROW, WIDE, Place, barriers, visitor
from tests.test_walk import World


async def faults(page: Page, axe: str, pictures: Path, name: str) -> list[str]:
    """What is wrong with the page that is open, narrow and light, and wide and dark; pictures of both are kept. What is
    light and wide has the colours of the one and the places of the other."""
    found = []
    for size, scheme in ((NARROW, "light"), (WIDE, "dark")):
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found += [f"{name} at {size['width']} {scheme}: {each}" for each in await barriers(page, axe)]
        await page.screenshot(path=pictures / f"{name}-{size['width']}.png", full_page=True)
        if not await page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append(f"{name} at {size['width']}: overflows")
        if await page.evaluate(
            "[...document.querySelectorAll('.wide')].some((each) => each.scrollWidth > each.clientWidth)"
        ):
            found.append(f"{name} at {size['width']}: a table is wider than the page")
    return found


def named(path: str) -> str:
    """A page as a file is called."""
    return "".join(letter if letter.isalnum() else "-" for letter in path).strip("-") or "front"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", ["stranger", "member", "administrator"])
async def test_nothing_keeps_anybody_out_of_any_page(
    place: Place, chromium: Browser, axe: str, pictures: Path, who: str
) -> None:
    context = await chromium.new_context(reduced_motion="reduce", locale="en-GB")
    if who != "stranger":
        await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    page = await context.new_page()
    paths = {
        "stranger": place.there.paths_for_everybody(),
        "member": place.there.paths_for_members(),
        "administrator": place.there.paths_for_administrators(),
    }[who]
    found = []
    for path in paths:
        answer = await page.goto(place.url + path)
        assert answer is not None
        assert answer.status == 200 or who == "stranger", (path, answer.status)
        found += await faults(page, axe, pictures, f"{who}-{named(path)}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
async def test_below_admin_the_head_of_a_page_takes_little_of_a_small_screen(
    place: Place, chromium: Browser, locale: str
) -> None:
    context = await chromium.new_context(viewport=NARROW, locale=locale)
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    page = await context.new_page()
    await page.goto(place.url + "/admin/queue")
    await page.locator(".brand span").evaluate("name => { name.textContent = 'Birdwire demo'; }")
    for words, path, two_lines in ((".wire", "/settings", 95), (".rooms", "/admin/audit", 75)):
        box = await page.locator(words).bounding_box()
        assert box
        assert box["height"] < two_lines, words
        link = page.locator(f"{words} a[href='{path}']")
        assert await link.inner_text(), "heard, also where it is a picture"
        where = await link.bounding_box()
        assert where
        assert min(where["width"], where["height"]) >= 24, "large enough for a finger"


async def test_rows_below_each_other_are_still_heard_as_a_table(place: Place, chromium: Browser) -> None:
    context = await chromium.new_context(viewport=NARROW, locale="en-GB")
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    page = await context.new_page()
    await page.goto(place.url + "/admin/queue")
    table = page.get_by_role("table")
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="+1 555-000-9999"))
    assert await row.get_by_role("cell", name="Waiting 2").count() == 1
    assert await row.get_by_role("cell", name="The oldest 2 days").count() == 1
    assert await table.get_by_role("columnheader").count() == 0, "each heading is heard once"
    await page.set_viewport_size(WIDE)
    assert await table.get_by_role("columnheader").count() == 11
    assert await row.get_by_role("cell", name="2", exact=True).count() == 1


async def test_the_keyboard_reaches_everything_and_shows_where_it_is(birdwire: World, chromium: Browser) -> None:
    who = await visitor(chromium, birdwire)
    await who.open("/login")
    reached = []
    for _ in range(12):
        await who.page.keyboard.press("Tab")
        reached.append(
            await who.page.evaluate(
                "(() => { const e = document.activeElement, s = getComputedStyle(e);"
                " return [e.tagName, e.id || e.textContent.trim(), s.outlineStyle !== 'none']; })()"
            )
        )
    assert reached[0][1] == "Skip to the content"
    assert ["INPUT", "who", True] in reached
    assert all(shown for tag, _, shown in reached if tag != "BODY"), reached


async def test_each_field_of_the_settings_shows_that_it_is_written_into(place: Place, chromium: Browser) -> None:
    context = await chromium.new_context(viewport=NARROW, locale="en-GB")
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    page = await context.new_page()
    await page.goto(place.url + "/settings")
    shown = {}
    for _ in range(120):
        await page.keyboard.press("Tab")
        what, outline = await page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.id || e.name || e.tagName, s.outlineStyle + s.outlineWidth]; })()"
        )
        if what == "BODY":
            break
        shown[what] = outline
    assert {"bio", "language", "start", "until", "new-pin", "current"} <= shown.keys()
    assert {what for what, outline in shown.items() if outline != "solid3px"} == set()


async def test_a_field_that_is_wrong_is_seen_to_be(place: Place, chromium: Browser) -> None:
    context = await chromium.new_context(viewport=NARROW)
    page = await context.new_page()
    await page.goto(f"{place.url}/login")
    field = page.locator("#who")
    before = await border_of(page)
    await field.evaluate("field => field.required = false")
    await page.get_by_role("button", name="Send me a link or a code").click()
    await page.wait_for_selector("#who[aria-invalid=true]")
    assert await border_of(page) != before


async def border_of(page: Page) -> str:
    return str(await page.locator("#who").evaluate("field => getComputedStyle(field).border"))


async def test_buttons_below_each_other_do_not_touch(place: Place, chromium: Browser) -> None:
    context = await chromium.new_context(viewport=NARROW, locale="en-GB")
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    page = await context.new_page()
    await page.goto(place.url + "/home")
    await page.fill("#text", "x" * 100 + " \N{GRINNING FACE}")
    upper = await page.get_by_role("button", name="Post", exact=True).bounding_box()
    lower = await page.get_by_role("button", name="Leave out what makes it dearer").bounding_box()
    assert upper
    assert lower
    assert lower["y"] - (upper["y"] + upper["height"]) >= 8
