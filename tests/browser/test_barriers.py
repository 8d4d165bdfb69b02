"""Every page, at two widths, light and dark: nothing keeps anybody out (WCAG 2.2 AA by axe-core), nothing overflows."""

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import NARROW, WIDE, barriers, log_in_by_mail, visitor
from tests.test_walk import ALICE, BOB, World, give_mailbox

FOR_ALL = ["/", "/login", "/signup", "/help", "/directory", "/search?q=harbour", "/@alice", "/@bob", "/tags/lunch"]
FOR_ALL += ["/wall/lunch", "/groups", "/nothing/here"]
FOR_MEMBERS = ["/home", "/mentions", "/messages", "/messages/carol", "/requests", "/settings", "/settings/delete"]
FOR_MEMBERS += [
    "/polls/new",
    "/groups",
    "/groups/garden",
    "/lists",
    "/tracks",
    "/@carol",
    "/@carol/report",
    "/@alice/followers",
]


@pytest.mark.timeout(300)
async def test_nothing_keeps_anybody_out(birdwire: World, chromium: Browser, axe: str) -> None:
    carol = "+15550001003"
    for phone, words in (
        (ALICE, "JOIN alice"),
        (BOB, "JOIN bob"),
        (carol, "JOIN carol"),
        (BOB, "PROTECT"),
        (carol, "FOLLOW alice"),
        (ALICE, "FOLLOW carol"),
        (ALICE, "Lunch at the harbour, who is coming? #lunch"),
        (carol, "R me, keep a chair"),
        (ALICE, "POLL Where? / inside / outside"),
        (carol, "D alice see you there"),
        (ALICE, "JOIN !garden"),
    ):
        await birdwire.text(phone, words)
    await birdwire.shows(ALICE, "see you there")
    await give_mailbox(birdwire.config, "alice", "alice@home.example")
    found: list[str] = []
    for size, scheme in ((NARROW, "light"), (WIDE, "dark")):
        stranger = await visitor(chromium, birdwire, size=size)
        member = await visitor(chromium, birdwire, size=size)
        await log_in_by_mail(member, birdwire, "alice@home.example")
        hrefs = await member.page.eval_on_selector_all("a[href*='/@alice/']", "all => all.map(a => a.pathname)")
        own = sorted(each for each in hrefs if each.count("/") == 2)
        for who, paths in ((stranger, [*FOR_ALL, *own]), (member, [*FOR_MEMBERS, *own, f"{own[0]}/delivery"])):
            await who.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for path in paths:
                await who.open(path)
                found += [f"{path} at {size['width']} {scheme}: {each}" for each in await barriers(who.page, axe)]
                if not await who.page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                    found.append(f"{path} at {size['width']}: overflows")
            assert who.complaints == []
    assert not found, "\n".join(found)


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
