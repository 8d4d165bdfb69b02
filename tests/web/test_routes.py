"""Every route of the site, one after the other: none is forgotten, none fails, no form goes without its word."""

import re

import pytest
from lxml import html as parser

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service import login
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from store import accounts, groups, lists
from store.unit import Store
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import NOW, Nobody, Village

STREAMS = {"/wall/{tag}/events", "/@{name}/{post}/delivery/events"}
"""They do not end by themselves; tests/web/test_watching.py listens to them."""

MACHINES = ("/hooks/", "/unsubscribe/")
"""Who posts here proves otherwise who they are."""


def routes(store: Store, site: Site) -> list[tuple[str, str]]:
    """(method, pattern) of every route."""
    nobody = Nobody()
    app = build_app(WebDeps(store, site, nobody, nobody.record, lambda: NOW))
    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    return sorted((method, pattern) for method, pattern in found if method in {"GET", "POST"})


class World:
    """Whatever a pattern may ask for is there."""

    def __init__(self, village: Village, site: Site, post: int, link: str, listed: int) -> None:
        self.site = site
        delivery = token.make(site.key, Purpose.UNSUBSCRIBE, 1)
        feed = token.make(site.key, Purpose.FEED, village.ids["alice"], 0)
        self.values = {
            "name": "alice",
            "post": str(post),
            "tag": "talk",
            "group": "garden",
            "list": str(listed),
            "end": "followers",
            "act": "follow",
            "word": "join",
            "file": "birdwire.css",
            "secret": link.rpartition("/")[2],
            "token": delivery,
            "feed": feed,
            "format": "rss",
            "ext": "rss",
            "member": str(village.ids["bob"]),
            "state": "waiting",
        }

    def path(self, pattern: str) -> str:
        """A path that fits the pattern."""
        if pattern.startswith("/feeds/"):
            pattern = pattern.replace("{token}", self.values["feed"]).replace("{secret}", self.values["feed"])
        return re.sub(r"\{(\w+)\}", lambda found: self.values[found[1]], pattern)


@pytest.fixture
async def world(village: Village, site: Site) -> World:
    await with_mail(village, "alice")
    await village.person("bob")
    post = await village.says("alice", "hello #talk")
    async with village.store.unit() as unit:
        await accounts.set_admin(unit, village.ids["alice"], admin=True)
        await groups.add(unit, "garden", founder_id=village.ids["bob"], now=NOW)
        listed = await lists.add(unit, village.ids["alice"], "friends", now=NOW)
        link = await login.new_link(unit, site, village.ids["bob"], now=NOW)
    return World(village, site, post, link, listed)


@pytest.fixture
async def alice(village: Village, world: World, someone: Browser) -> Browser:
    await log_in(village, someone, "alice")
    return someone


async def test_every_page_can_be_shown_to_a_member_and_each_form_on_it_has_its_word(
    alice: Browser, world: World, village: Village
) -> None:
    forms = 0
    for method, pattern in routes(village.store, world.site):
        if method == "POST" or pattern in STREAMS:
            continue
        path = world.path(pattern)
        async with alice._session.get(
            path, headers={"Cookie": "; ".join(f"{k}={v}" for k, v in alice.cookies.items())}, allow_redirects=False
        ) as answer:
            assert answer.status < 500, (path, answer.status)
            assert answer.status not in {403, 405}, (path, answer.status)
            if answer.content_type != "text/html":
                continue
            page = await answer.text()
        assert len(page) < 50_000, path
        for form in parser.fromstring(page).forms:
            if form.method == "POST":
                forms += 1
                assert form.xpath(".//input[@name='csrf']/@value"), (path, form.action)
    assert forms > 20


async def test_every_page_can_be_asked_for_by_a_stranger(world: World, village: Village, someone: Browser) -> None:
    for method, pattern in routes(village.store, world.site):
        if method == "GET" and pattern not in STREAMS:
            async with someone._session.get(world.path(pattern), allow_redirects=False) as answer:
                assert answer.status < 500, (pattern, answer.status)


async def test_no_form_is_taken_without_its_word(alice: Browser, world: World, village: Village) -> None:
    asked = 0
    for method, pattern in routes(village.store, world.site):
        if method == "POST" and not pattern.startswith(MACHINES):
            asked += 1
            assert await alice.post(world.path(pattern), sure="yes", text="forged", name="alice") == 403, pattern
    assert asked > 30
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "alice")


async def test_no_page_says_more_to_a_stranger_about_a_protected_post_than_about_none(
    village: Village, someone: Browser, world: World
) -> None:
    await village.person("shy", protected=True)
    secret = await village.says("shy", "between us #quiet")
    pages = []
    for post in (secret, secret + 1000):
        assert await someone.open(f"/@shy/{post}") == 404
        pages.append(someone.html)
    assert pages[0] == pages[1]
    for path in ("/", "/search?q=between", "/tags/quiet", "/wall/quiet", "/directory", "/public.rss", "/sitemap.xml"):
        await someone.open(path)
        assert "between us" not in someone.html, path
        assert "shy" not in someone.html, path
