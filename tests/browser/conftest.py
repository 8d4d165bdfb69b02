"""A real browser, Debian's Chromium, before a real daemon with a carrier and a mailbox around it.

Without Chromium these tests are skipped; where ``CHROMIUM_IS_NEEDED`` is set, as in CI, they fail. Pictures of the
pages are kept where ``SCREENSHOTS`` says, else with the other files of the test run.
"""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from store.unit import Store
from tests.node import installed
from tests.test_walk import World, world
from tests.web.furnished import Furnished, furnish, with_everything
from tests.web.village import NOW, Nobody, Village
from tests.wiring import free_port

NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


@pytest.fixture
async def birdwire(tmp_path: Path) -> AsyncIterator[World]:
    """Everything running on SQLite: what a browser sees does not depend on the database."""
    async with world(tmp_path, f"sqlite:///{tmp_path}/birdwire.db") as running:
        yield running


@dataclass(frozen=True, slots=True)
class Place:
    """A furnished village behind an address."""

    url: str
    there: Furnished


@pytest.fixture
async def place(tmp_path: Path, sqlite_template: Path, site: Site) -> AsyncIterator[Place]:
    """What a browser sees does not depend on the database."""
    store = Store(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'birdwire.db')}")
    port = free_port()
    full = replace(with_everything(site), public_url=f"http://127.0.0.1:{port}")
    there = await furnish(Village(store), full)
    nobody = Nobody()
    app = build_app(WebDeps(store, full, nobody, nobody.record, lambda: NOW))
    async with listening(app, "127.0.0.1", port):
        yield Place(full.public_url, there)
    await store.close()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """The browser, without a window."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CHROMIUM_IS_NEEDED"):
            pytest.fail("chromium is not installed (chromium on Debian)")
        pytest.skip("chromium is not installed (chromium on Debian)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The program that looks for barriers (axe-core)."""
    return (installed("axe-core") / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures of pages go."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Visitor:
    """Somebody before a browser of their own. What the pages complain of in its console fails the test."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))

    def _hear(self, kind: str, words: str) -> None:
        if kind in {"error", "warning"} and "status of 4" not in words:  # pages that say no are asked for on purpose
            self.complaints.append(words)

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def words(self) -> str:
        return " ".join((await self.page.inner_text("body")).split())

    async def press(self, name: str, *, role: Any = "button") -> None:
        """Press the first button, or link, with this name."""
        await self.page.get_by_role(role, name=name, exact=True).first.click()


async def visitor(chromium: Browser, birdwire: World, *, scripts: bool = True, size: Any = None) -> Visitor:
    """A fresh browser."""
    context = await chromium.new_context(
        java_script_enabled=scripts, viewport=size or WIDE, reduced_motion="reduce", locale="en-GB"
    )
    context.set_default_timeout(45_000)
    return Visitor(context, await context.new_page(), birdwire.url)


async def log_in_by_mail(who: Visitor, birdwire: World, address: str) -> None:
    """Log somebody in by the link that is mailed to them."""
    before = len(birdwire.mailbox.mails)
    await who.open("/login")
    await who.page.fill("#who", address)
    await who.press("Send me a link or a code")
    await birdwire.mailbox.wait_until(lambda: len(birdwire.mailbox.mails) > before)
    await who.page.goto(link_in(birdwire, address, "/login/"))
    await who.press("Log in")


def link_in(birdwire: World, address: str, path: str) -> str:
    """The newest link to a path in the mails to an address."""
    for mail in reversed(birdwire.mailbox.mails):
        if address in mail.recipients:
            found = re.search(rf"{re.escape(birdwire.url)}{path}[\w-]+", mail.text)
            if found:
                return found[0]
    raise AssertionError(f"no link to {path} was mailed to {address}")


async def barriers(page: Page, axe: str) -> list[str]:
    """What keeps people out of this page, by WCAG 2.2 A and AA, in words."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe)
    found = await page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(tags)}}})")
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for each in found["violations"]
        for node in each["nodes"]
    ]
