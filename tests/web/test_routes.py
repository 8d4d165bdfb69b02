"""Every route of the site, one after the other: none is forgotten, none fails, no form goes without its word."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from lxml import html as parser

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service import login, visiting
from gateway.service.site import Site
from gateway.web import look
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
        if pattern.startswith("/unsubscribe/"):
            pattern = pattern.replace("{secret}", self.values["token"])
        if pattern.endswith(("/report", "/{act}", "/messages/{name}")):
            pattern = pattern.replace("{name}", "bob")  # nobody does that to themselves
        if pattern.startswith("/search."):
            pattern += "?q=hello"
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


TEMPLATES = sorted(Path(look.__file__).parent.joinpath("templates").rglob("*.html"))

NOT_FOR_HER = {
    "/invites": 404,  # members make none on this site
    "/signup/{secret}": 303,  # whoever is logged in is let on
    "/settings/mailbox/{secret}": 410,  # a link to add a mailbox that is over says so
}
"""What a member is answered where it is no page for her."""


def forms_in_templates() -> list[tuple[str, str]]:
    """(template, the whole form) of every form that is posted, as it stands in the source: so none is missed that is
    shown in some states only."""
    return [
        (file.name, form)
        for file in TEMPLATES
        for form in re.findall(r"<form\b.*?</form>", file.read_text(), re.DOTALL)
        if 'method="post"' in form
    ]


def test_every_form_that_is_posted_carries_its_word() -> None:
    found = forms_in_templates()
    assert len(found) > 50
    for template, form in found:
        assert "{{ csrf() }}" in form, (template, form[:200])
    everything = "".join(file.read_text() for file in TEMPLATES)
    assert everything.count("<form") == len(re.findall(r"<form\b[^>]*method=\"(?:post|get)\"", everything)), (
        "a form without a method, or one that this test does not see"
    )


def test_every_address_that_takes_a_form_has_one(village: Village, site: Site, world: World) -> None:
    """And every form leads somewhere."""
    posted = [pattern for method, pattern in routes(village.store, site) if method == "POST"]
    posted = [pattern for pattern in posted if not pattern.startswith(MACHINES)]
    actions = {
        re.sub(r"\{\{.*?\}\}|(?<=[a-z]/)$", "…", found)  # what is put in, or behind it
        for file in TEMPLATES
        for found in re.findall(r"action=\"([^\"]*)\"", file.read_text())  # of forms, buttons, and of macros with forms
    }
    # The page that a form without an address stands on.
    actions |= {"/login/…", "/signup/…", "/settings/mailbox/…"}
    # Where a composer leads if its page does not say so.
    actions |= {"/posts"}
    # What macros put together: where to is their first word.
    actions |= {
        f"/admin/{to}"
        for file in TEMPLATES
        for to in re.findall(r"press\((?:path ~ )?\"(?:/admin)?/([\w/-]+)\"", file.read_text())
    }
    lead = {pattern: [each for each in actions if _fits(each, pattern)] for pattern in posted}
    assert not [pattern for pattern, found in lead.items() if not found]
    known = {pattern for _, pattern in routes(village.store, site)}
    assert not [each for each in actions if each.startswith("/") and not any(_fits(each, to) for to in known)]


def _fits(action: str, pattern: str) -> bool:
    """Whether a form's address may be one of a route's: what is put in on either side is any one part of it."""
    if action.startswith("…/"):  # the page's own address, and what is done there
        return pattern.endswith(action.removeprefix("…"))
    if pattern.startswith("/admin/members/{member}/") and action.count("/") == 2:  # a macro puts it together
        return action.rpartition("/")[2] == pattern.rpartition("/")[2]
    ours, theirs = pattern.split("/"), action.partition("?")[0].split("/")
    return len(ours) == len(theirs) and all(
        a == b or "…" in b or ("{" in a and b != "") for a, b in zip(ours, theirs, strict=True)
    )


async def test_every_page_can_be_shown_to_a_member_and_each_form_on_it_has_its_word(
    alice: Browser, world: World, village: Village
) -> None:
    forms, shown = 0, 0
    for method, pattern in routes(village.store, world.site):
        if method == "POST" or pattern in STREAMS:
            continue
        path = world.path(pattern)
        async with alice._session.get(path, headers=cookie_of(alice), allow_redirects=False) as answer:
            if pattern in NOT_FOR_HER:
                assert answer.status == NOT_FOR_HER[pattern], (path, answer.status)
            else:
                assert answer.status in {200, 301, 303}, (path, answer.status)
            if answer.content_type != "text/html" or answer.status != 200:
                continue
            page = await answer.text()
        shown += 1
        assert len(page) < 50_000, path
        for form in parser.fromstring(page).forms:
            if form.method == "POST":
                forms += 1
                assert form.xpath(".//input[@name='csrf']/@value"), (path, form.action)
    assert shown > 30
    assert forms > 60


async def test_every_page_can_be_asked_for_by_a_stranger_and_only_its_head_too(
    world: World, village: Village, someone: Browser
) -> None:
    for method, pattern in routes(village.store, world.site):
        if method == "GET" and pattern not in STREAMS:
            path = world.path(pattern)
            async with someone._session.get(path, allow_redirects=False) as answer:
                assert answer.status < 500, (pattern, answer.status)
                status = answer.status
            async with someone._session.head(path, allow_redirects=False) as answer:
                assert answer.status in {status, 405}, (pattern, answer.status)


async def test_no_form_is_taken_without_its_word_and_with_it_each_is(
    world: World, village: Village, site_open: aiohttp.ClientSession
) -> None:
    """Each by a member of its own, who looks after the site, as some of what is asked for ends a session."""
    posted = [pattern for method, pattern in routes(village.store, world.site) if method == "POST"]
    machines = [pattern for pattern in posted if pattern.startswith(MACHINES)]
    assert machines == ["/unsubscribe/{secret}", "/unsubscribe/{secret}/all"]
    other = await a_member(village, world.site, site_open, "other")
    await other.open("/help")
    [anothers] = set(other.find("//input[@name='csrf']/@value"))
    for number, pattern in enumerate(set(posted) - set(machines)):
        member = await a_member(village, world.site, site_open, f"m{number}")
        await member.open("/help")
        [word] = set(member.find("//input[@name='csrf']/@value"))
        fields = {"sure": "yes", "text": "forged", "name": f"m{number}", "which": "1", "next": "//evil.example/x"}
        path = world.path(pattern)
        for wrong in ({}, {"csrf": ""}, {"csrf": anothers}, {"csrf": f"{word}x"}):
            async with site_open.post(path, data=fields | wrong, headers=cookie_of(member)) as answer:
                assert answer.status == 403, (pattern, wrong)
        async with village.store.reading() as reading:
            assert await accounts.by_name(reading, f"m{number}"), pattern
        right = fields | {"csrf": word}
        async with site_open.post(path, data=right, headers=cookie_of(member), allow_redirects=False) as answer:
            assert answer.status not in {403, 405}, (pattern, answer.status)
            assert answer.status < 500, (pattern, answer.status)
            to = urlsplit(answer.headers.get("Location", "/"))
            assert (to.scheme, to.netloc) == ("", ""), (pattern, to)
    assert len(posted) > 60


async def a_member(village: Village, site: Site, session: aiohttp.ClientSession, name: str) -> Browser:
    """Somebody who looks after the site, logged in without a mail."""
    account_id = await village.person(name)
    async with village.store.unit() as unit:
        await accounts.set_admin(unit, account_id, True)
        await visiting.open_session(unit, site, account_id, secret=f"of-{name}", device="", now=NOW)
    browser = Browser(session)
    browser.cookies["__Host-birdwire"] = f"of-{name}"
    return browser


def cookie_of(browser: Browser) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


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
