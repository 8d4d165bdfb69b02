"""The link that stops mails, over real HTTP: asked first, one click, and what it says still comes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from html import unescape

import aiohttp
import pytest

from gateway.domain import token, unsubscribe
from gateway.domain.token import Purpose
from gateway.domain.unsubscribe import AllMail, AuthorsMail, DeliverysMail, Stop
from gateway.service.site import Site
from store import accounts, follows
from tests.web.conftest import Village, open_site

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Clicks:
    """Bob follows alice and carol; a browser clicks on what stands in his mails."""

    village: Village
    site: Site
    browser: aiohttp.ClientSession

    def path(self, stop: Stop | None = None) -> str:
        ids = self.village.ids
        return f"/unsubscribe/{unsubscribe.make(self.site.key, stop or AuthorsMail(ids['bob'], ids['alice']))}"

    async def get(self, path: str) -> tuple[int, str]:
        async with self.browser.get(path, allow_redirects=False) as answer:
            return answer.status, unescape(await answer.text())

    async def post(self, path: str, data: object = None, **more: object) -> tuple[int, str]:
        async with self.browser.post(path, data=data, allow_redirects=False, **more) as answer:  # type: ignore[arg-type]  # aiohttp's own names
            assert "Set-Cookie" not in answer.headers
            return answer.status, unescape(await answer.text())

    async def gets(self, author: str) -> bool:
        async with self.village.store.reading() as reading:
            edge = await follows.edge(reading, self.village.ids[author], self.village.ids["bob"])
            bob = await accounts.by_id(reading, self.village.ids["bob"])
        assert edge is not None
        assert bob is not None
        return edge.mail is not False and bob.email_mode != "off"


@pytest.fixture
async def clicks(village: Village, browser: aiohttp.ClientSession, site: Site) -> AsyncIterator[Clicks]:
    for name in ("alice", "bob", "carol"):
        await village.person(name)
    for name in ("alice", "carol"):
        await village.follows("bob", name)
    return Clicks(village, site, browser)


def form(*, multipart: bool) -> aiohttp.FormData:
    data = aiohttp.FormData(ONE_CLICK)
    data._is_multipart = multipart
    return data


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_click_of_a_mail_program_is_enough_and_may_come_twice(clicks: Clicks, multipart: bool) -> None:
    for _ in range(2):
        status, html = await clicks.post(clicks.path(), form(multipart=multipart))
        assert status == 200
        assert "You get no more mails of alice's posts." in html
        assert "You still get the posts of 1 person, direct messages and mentions by mail." in html
        assert f'<a href="{clicks.path()}/all"' in html
        assert (await clicks.gets("alice"), await clicks.gets("carol")) == (False, True)


@pytest.mark.parametrize(
    "body",
    [b"", b"List-Unsubscribe=One-Click", b"\xff\x00" * 1000, b"--x\r\nno end", b"x" * 200_000],
    ids=["empty", "plain", "bytes", "cut off", "large"],
)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
async def test_whatever_the_body_is_the_click_counts(clicks: Clicks, body: bytes, kind: str) -> None:
    status, _ = await clicks.post(clicks.path(), body, headers={"Content-Type": kind})
    assert status == 200
    assert not await clicks.gets("alice")


async def test_looking_at_the_link_stops_nothing_and_says_what_it_would(clicks: Clicks) -> None:
    for _ in range(3):
        status, html = await clicks.get(clicks.path())
        assert status == 200
        assert "Stop mails of alice's posts?" in html
        assert '<form method="post">' in html
        assert f'<a href="{clicks.path()}/all"' in html
        assert 'name="robots" content="noindex"' in html
    async with clicks.browser.head(clicks.path()) as answer:
        assert answer.status == 200
    status, html = await clicks.get(f"{clicks.path()}/all")
    assert (status, "Stop all mails?" in html) == (200, True)
    assert await clicks.gets("alice")


async def test_all_mails_are_stopped_from_there(clicks: Clicks) -> None:
    status, html = await clicks.post(f"{clicks.path()}/all")
    assert status == 200
    assert "No more posts by mail." in html
    assert f'{clicks.path()}/all"' not in html
    assert (await clicks.gets("alice"), await clicks.gets("carol")) == (False, False)


async def test_a_mail_that_has_no_switch_of_its_own_says_that_all_are_stopped(clicks: Clicks) -> None:
    path = clicks.path(AllMail(clicks.village.ids["bob"]))
    assert "Stop all mails?" in (await clicks.get(path))[1]
    assert (await clicks.post(path, ONE_CLICK))[0] == 200
    assert not await clicks.gets("carol")


async def test_a_link_that_is_not_ours_leads_nowhere(clicks: Clicks) -> None:
    for wrong in (token.make(clicks.site.key, Purpose.FEED, 7), "nonsense", clicks.path()[13:-1], "%00", "%ff"):
        for end in ("", "/all"):
            assert (await clicks.get(f"/unsubscribe/{wrong}{end}"))[0] == 404
            assert (await clicks.post(f"/unsubscribe/{wrong}{end}", ONE_CLICK))[0] == 404


async def test_a_link_of_an_earlier_release_whose_mail_is_forgotten_says_so(clicks: Clicks) -> None:
    path = clicks.path(DeliverysMail(999))
    for end in ("", "/all"):
        for status, html in (await clicks.get(f"{path}{end}"), await clicks.post(f"{path}{end}", ONE_CLICK)):
            assert status == 410
            assert "Use the link in a newer mail." in html


async def test_a_private_site_takes_the_click_too(clicks: Clicks) -> None:
    async with open_site(clicks.village.store, replace(clicks.site, private=True)) as browser:
        private = replace(clicks, browser=browser)
        assert (await private.get(private.path()))[0] == 200
        assert (await private.post(private.path(), ONE_CLICK))[0] == 200
    assert not await clicks.gets("alice")
