"""Every page, in every state that it can be in, held to the rules of HTML by a program that others wrote."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.service.site import Site
from store.unit import Store
from tests import kept, node
from tests.web.browsing import Browser, visited
from tests.web.furnished import Furnished, furnish, with_everything
from tests.web.test_export import exported
from tests.web.village import Village

CHECKER = """
const {HtmlValidate} = require("html-validate");
const off = ["require-sri", "long-title", "doctype-style", "void-style", "no-trailing-whitespace", "no-redundant-for",
             "attribute-boolean-style", "attribute-empty-style", "no-implicit-input-type",
             "prefer-native-element", "meta-refresh"];
const rules = Object.fromEntries(off.map((name) => [name, "off"]));
const checker = new HtmlValidate({extends: ["html-validate:recommended"], rules: rules});
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = given.map((html) => {
  const report = checker.validateStringSync(html);
  return report.results.flatMap((result) => result.messages.map(
    (each) => `${each.ruleId}: ${each.message} (${html.split("\\n")[each.line - 1].slice(0, 160)})`));
});
process.stdout.write(JSON.stringify(found));
"""
"""What is off there is how something is written, or about files from elsewhere, of which there are none; and live pages
come anew by themselves where no script is run."""


@pytest.fixture
def full_site(site: Site) -> Site:
    return with_everything(site)


@asynccontextmanager
async def furnished(store: Store, site: Site) -> AsyncIterator[tuple[Browser, Browser, Furnished]]:
    """A stranger and alice before a village that has everything."""
    there = await furnish(Village(store), site)
    async with visited(store, site) as session:
        alice = Browser(session)
        alice.cookies["__Host-birdwire"] = there.secret
        yield Browser(session), alice, there


async def test_every_page_is_valid_html(store: Store, full_site: Site) -> None:
    pages: dict[str, str] = {}

    def keep(browser: Browser, what: str) -> None:
        assert browser.status < 500, what
        pages[f"{what} ({browser.status})"] = browser.html

    async with furnished(store, full_site) as (stranger, alice, there):
        for path in there.paths_for_everybody():
            await stranger.open(path)
            keep(stranger, path)
        for path in (*there.paths_for_members(), *there.paths_for_administrators()):
            assert (await alice.open(path), alice.path) == (200, path.partition("?")[0]), path
            keep(alice, f"alice {path}")
        # Pages that only forms lead to.
        await stranger.open("/login")
        await stranger.submit("/login", who="bob")
        keep(stranger, "code")
        await stranger.submit("/login/code", code="000000")
        keep(stranger, "wrong code")
        await stranger.open("/login")
        await stranger.submit("/login", who="")
        keep(stranger, "log in, nobody")
        await stranger.open("/signup")
        await stranger.submit("/signup", name="far too long for a name", address="x")
        keep(stranger, "sign up, refused")
        post = there.posts["long"]
        for page, action, fields in (
            ("/home", "/posts", {"text": " "}),
            ("/settings", "/settings/pin", {"pin": "x"}),
            ("/settings", "/settings/password", {"new": "x"}),
            ("/settings", "/settings/claim", {}),
            ("/settings/delete", "/settings/delete", {"name": "nobody"}),
            ("/polls/new", "/polls/new", {"question": "x"}),
            ("/groups", "/groups", {"name": "no name"}),
            ("/lists", "/lists", {"title": " "}),
            (f"/lists/{there.friends}", f"/lists/{there.friends}/put", {"name": "nobody"}),
            ("/tracks", "/tracks", {"word": " "}),
            ("/messages/bob", "/messages/bob", {"text": " "}),
            ("/invites", "/invites", {"note": "x" * 141}),
            ("/invites", "/invites", {"note": "for Ida"}),
            ("/@bob/report", "/@bob/report", {"words": "x"}),
            ("/@bob", "/@bob/texts", {}),
            (f"/@alice/{post}", f"/posts/{post}/delete", {}),
            ("/admin/joining", "/admin/joining/invite", {"uses": "0"}),
            ("/admin/joining", "/admin/joining/invite", {}),
            ("/admin/joining", "/admin/joining/follow", {"name": "nobody"}),
            (f"/admin/posts/{post}", f"/admin/posts/{post}/remove", {"why": ""}),
            (f"/admin/members/{there.members['alice']}", f"/admin/members/{there.members['alice']}/suspend", {}),
            ("/admin/queue", "/admin/queue/hold", {}),
        ):
            await alice.open(page)
            await alice.submit(action, **fields)
            keep(alice, f"{page} -> {action} {fields}")
        file = await exported(Village(store), full_site)
        pages |= {f"exported {name}": html for name, html in file.pages.items()}
    kept.keep(pages)
    folder = node.installed("html-validate")
    found = node.run(CHECKER, folder, list(pages.values()))
    faults: dict[str, list[str]] = {}
    for what, each in zip(pages, found, strict=True):
        for fault in each:
            faults.setdefault(fault, []).append(what)
    assert not faults, "\n".join(f"{fault}\n    on {where[:3]}" for fault, where in faults.items())


async def test_a_private_site_is_valid_html_too(store: Store, full_site: Site) -> None:
    async with visited(store, replace(full_site, private=True, registration="closed")) as session:
        stranger = Browser(session)
        pages = []
        for path in ("/", "/login", "/signup", "/help"):
            await stranger.open(path)
            pages.append(stranger.html)
    assert node.run(CHECKER, node.installed("html-validate"), pages) == [[] for _ in pages]
