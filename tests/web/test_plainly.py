"""Every page as browsers without style sheets show it, and as it is read aloud."""

from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from lxml import html as parser

from gateway.service.site import Site
from store.unit import Store
from tests.web.browsing import Browser, visited
from tests.web.furnished import furnish, with_everything
from tests.web.village import Village

HEADINGS = ("h1", "h2", "h3", "h4")
ROWS = {"about", "acts", "below", "ends", "row"}
"""Rows whose pieces only a style sheet keeps apart."""


@pytest.fixture
async def pages(store: Store, site: Site) -> AsyncIterator[dict[str, Any]]:
    """Every page, by its address and who looks."""
    full = with_everything(site)
    there = await furnish(Village(store), full)
    found: dict[str, Any] = {}
    async with visited(store, full) as session:
        alice, stranger = Browser(session), Browser(session)
        alice.cookies["__Host-birdwire"] = there.secret
        for name, browser, paths in (
            ("stranger", stranger, there.paths_for_everybody()),
            ("alice", alice, ["/", *there.paths_for_members(), *there.paths_for_administrators()]),
        ):
            for path in paths:
                await browser.open(path)
                found[f"{name} {path}"] = parser.fromstring(browser.html)
        yield found


def _name(element: Any) -> str:
    """What a button or link is called when it is heard alone."""
    return str(element.get("aria-label") or " ".join(element.text_content().split()))


async def test_pages_read_well_without_style_sheets(pages: dict[str, Any]) -> None:
    faults = []
    for where, page in pages.items():
        faults += [
            f"{where}: hidden, and yet has words: {each.text_content().strip()!r}"
            for each in page.xpath("//*[@hidden]")
            if each.text_content().strip()
        ]
        faults += [
            f"{where}: nothing stands between {before.text_content()!r} and {each.text_content()!r}"
            for row in page.iter("div", "p")
            if ROWS & set(row.classes)
            for before, each in pairwise(row)
            if {before.tag, each.tag} <= {"a", "span"} and not before.tail
        ]
    assert not faults, "\n".join(faults)


async def test_each_page_has_one_first_heading_and_skips_no_level(pages: dict[str, Any]) -> None:
    faults = []
    for where, page in pages.items():
        levels = [int(each.tag[1]) for each in page.iter(*HEADINGS)]
        if levels.count(1) != 1 or levels[0] != 1:
            faults.append(f"{where}: {levels}")
        faults += [f"{where}: {levels}" for one, other in pairwise(levels) if other > one + 1]
    assert not faults, "\n".join(faults)


async def test_each_button_says_by_itself_what_it_is_about(pages: dict[str, Any]) -> None:
    faults = []
    for where, page in pages.items():
        outside = Counter(_name(each) for each in page.xpath("//button[not(ancestor::article)]"))
        faults += [f"{where}: {times} buttons are called {name}" for name, times in outside.items() if times > 1]
        for post in page.xpath("//article[.//*[contains(@class, 'p-nickname')]]"):
            author = post.xpath(".//*[contains(@class, 'p-nickname')]")[0].text_content()
            faults += [
                f"{where}: {_name(each)}"  # "Delete, alice" would sound as if alice were deleted
                for each in post.iter("button")
                if not _name(each).endswith(f", post by {author}")
            ]
        faults += [
            f"{where}: {each.get('aria-label')} is not what is seen: {each.text_content()}"
            for each in page.xpath("//button[@aria-label]")
            if not each.get("aria-label").startswith(each.text_content())
        ]
    assert not faults, "\n".join(faults)
