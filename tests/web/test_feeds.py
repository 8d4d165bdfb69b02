"""The feeds over real HTTP: what is in them, who may read them, and what a reader that has them is told."""

import asyncio
import gzip
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import aiohttp
import feedparser
import pytest

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from gateway.web.packing import names_gzip
from store import accounts
from store.unit import Reading, Store
from tests.web.village import NOW, Nobody, Village, open_site


async def get(
    browser: aiohttp.ClientSession, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    async with browser.get(path, headers={"Accept-Encoding": "identity", **(headers or {})}) as answer:
        return answer.status, answer.headers, await answer.read()


def secret(site: Site, account_id: int, version: int = 0) -> str:
    return token.make(site.key, Purpose.FEED, account_id, version)


async def titles(browser: aiohttp.ClientSession, path: str) -> list[str]:
    status, _, body = await get(browser, path)
    assert status == 200, path
    return [item["title"] for item in json.loads(body)["items"]]


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [("rss", "application/rss+xml"), ("atom", "application/atom+xml"), ("json", "application/feed+json")],
)
@pytest.mark.parametrize("path", ["/public", "/@alice", "/tags/caf%C3%A9"])
async def test_every_feed_comes_in_three_formats(
    village: Village, browser: aiohttp.ClientSession, path: str, ending: str, media_type: str
) -> None:
    await village.person("alice")
    post = await village.says("alice", "see you at #café")
    status, headers, body = await get(browser, f"{path}.{ending}")
    assert status == 200
    assert headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert headers["Cache-Control"] == "public, max-age=60"
    assert headers["Vary"] == "Accept-Encoding"
    link = f"https://birds.example/@alice/{post}"
    if ending == "json":
        found = json.loads(body)
        assert [item["url"] for item in found["items"]] == [link]
        assert found["feed_url"] == f"https://birds.example{path}.json"
    else:
        parsed = feedparser.parse(body)
        assert not parsed.bozo
        assert [entry.link for entry in parsed.entries] == [link]
        assert any(where.href == f"https://birds.example{path}.{ending}" for where in parsed.feed.links)


async def test_a_title_is_the_words_and_names_the_author_only_where_several_write(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    await village.person("bob")
    post = await village.says("alice", "one\ntwo #x")
    await village.repeats("bob", post)
    await village.says("alice", "cut here… https://birds.example/@alice/3", full_text="cut here and on it goes")
    assert await titles(browser, "/@alice.json") == ["cut here…", "one two #x"]
    assert await titles(browser, "/@bob.json") == ["RT @alice: one two #x"]
    assert await titles(browser, "/tags/x.json") == ["alice: one two #x"]
    assert await titles(browser, "/public.json") == [
        "alice: cut here…",
        "bob: RT @alice: one two #x",
        "alice: one two #x",
    ]
    _, _, body = await get(browser, "/@alice.json?titles=0")
    assert all("title" not in item for item in json.loads(body)["items"])
    assert json.loads(body)["items"][0]["content_html"] == "cut here and on it goes"


async def test_answers_can_be_left_out(village: Village, browser: aiohttp.ClientSession) -> None:
    await village.person("alice")
    await village.person("bob")
    await village.says("alice", "hello")
    await village.says("alice", "@bob yes")
    assert await titles(browser, "/@alice.json") == ["@bob yes", "hello"]
    assert await titles(browser, "/@alice.json?replies=0") == ["hello"]


async def test_a_reader_that_has_the_feed_is_told_so(village: Village, browser: aiohttp.ClientSession) -> None:
    await village.person("alice")
    await village.says("alice", "hello")
    _, headers, body = await get(browser, "/@alice.atom")
    etag, modified = headers["ETag"], headers["Last-Modified"]
    for having in ({"If-None-Match": etag}, {"If-None-Match": f'"x", W/{etag}'}, {"If-Modified-Since": modified}):
        status, again, nothing = await get(browser, "/@alice.atom", having)
        assert (status, nothing) == (304, b"")
        assert (again["ETag"], again["Last-Modified"]) == (etag, modified)
        assert again["Cache-Control"] == headers["Cache-Control"]
        assert again["Vary"] == headers["Vary"]
    status, _, full = await get(browser, "/@alice.atom", {"If-None-Match": '"x"', "If-Modified-Since": modified})
    assert (status, full) == (200, body), "the ETag decides alone"
    await village.says("alice", "news")
    status, fresh, _ = await get(browser, "/@alice.atom", {"If-None-Match": etag})
    assert status == 200
    assert fresh["ETag"] != etag


async def test_a_deleted_post_vanishes_from_feeds_and_changes_their_etag(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    await village.says("alice", "stays")
    post = await village.says("alice", "goes")
    _, headers, _ = await get(browser, "/public.json")
    await village.deletes(post)
    status, _, body = await get(browser, "/public.json", {"If-None-Match": headers["ETag"]})
    assert status == 200
    assert [item["title"] for item in json.loads(body)["items"]] == ["alice: stays"]


async def test_a_feed_is_packed_only_for_who_asks_and_has_one_etag(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    await village.says("alice", "hello " * 20)
    _, plain, body = await get(browser, "/public.rss")
    _, packed, small = await get(browser, "/public.rss", {"Accept-Encoding": "deflate, gzip;q=0.5"})
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(small) == body
    assert plain["ETag"] == packed["ETag"]


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("br, GZIP", True),
        ("gzip;q=1.0", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("", False),
        ("deflate", False),
    ],
)
def test_gzip_is_for_those_who_name_it(header: str, taken: bool) -> None:
    assert names_gzip(header) is taken


@pytest.mark.parametrize("ending", ["rss", "atom", "json"])
async def test_protected_suspended_and_unknown_people_have_the_same_nothing(
    village: Village, browser: aiohttp.ClientSession, ending: str
) -> None:
    await village.person("prot", protected=True)
    await village.person("susp")
    await village.says("prot", "secret #x")
    await village.says("susp", "spam #x")
    await village.is_suspended("susp")
    answers = [await get(browser, f"/@{name}.{ending}") for name in ("prot", "susp", "nobody")]
    assert {(status, body) for status, _, body in answers} == {(404, answers[0][2])}
    assert await titles(browser, "/public.json") == []
    assert await titles(browser, "/tags/x.json") == []


async def test_a_secret_address_shows_what_its_owner_may_read_and_nobody_keeps_it(
    village: Village, browser: aiohttp.ClientSession, site: Site
) -> None:
    for name in ("me", "friend", "stranger"):
        await village.person(name)
    for name in ("prot", "closed"):
        await village.person(name, protected=True)
    await village.follows("me", "friend")
    await village.follows("me", "prot")
    await village.follows("me", "closed", state="requested")
    for name in ("me", "friend", "stranger", "prot", "closed"):
        await village.says(name, "hello")
    base = f"/feeds/{secret(site, village.ids['me'])}"
    assert await titles(browser, f"{base}/home.json") == ["prot: hello", "friend: hello", "me: hello"]
    assert await titles(browser, f"{base}/@prot.json") == ["hello"]
    assert await titles(browser, f"{base}/@stranger.json") == ["hello"]
    _, headers, _ = await get(browser, f"{base}/home.rss")
    assert headers["Cache-Control"] == "private, max-age=60"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert (await get(browser, f"{base}/@closed.atom"))[0] == 404


class Looks:
    """How often the site asked the database, from when this was made; the second does not end meanwhile."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        reading = store.reading

        def counted() -> AbstractAsyncContextManager[Reading]:
            self.count += 1
            return reading()

        monkeypatch.setattr(store, "reading", counted)
        monkeypatch.setattr("store.unit.monotonic", lambda: 7.0)


async def test_a_feed_that_nobody_changed_is_given_again_without_asking_the_database(
    village: Village, browser: aiohttp.ClientSession, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = await village.person("me")
    await village.says("me", "hello")
    looks = Looks(village.store, monkeypatch)
    for path in ("/@me.rss", "/@me.rss?replies=0&titles=0", "/tags/x.json", f"/feeds/{secret(site, me)}/home.atom"):
        looks.count = 0
        _, headers, body = await get(browser, path)
        assert await get(browser, path) == (200, headers, body), path
        assert (await get(browser, path, {"If-None-Match": headers["ETag"]}))[0] == 304
        assert looks.count == 1, path


async def test_a_feed_that_is_kept_is_given_to_readers_only_and_whatever_cookies_they_have(
    village: Village, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await village.person("me")
    await village.says("me", "hello")
    looks = Looks(village.store, monkeypatch)
    _, headers, body = await get(browser, "/@me.rss")
    assert await get(browser, "/@me.rss", {"Cookie": "birdwire=somebody"}) == (200, headers, body)
    assert looks.count == 1
    async with browser.head("/@me.rss") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
    for method in ("POST", "PUT", "DELETE"):
        async with browser.request(method, "/@me.rss") as answer:
            assert answer.status in (403, 405), method
            assert "feed" not in answer.headers["Content-Type"], method


async def test_whoever_asks_for_a_feed_at_the_same_moment_waits_for_one_look(
    village: Village, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await village.person("me")
    await village.says("me", "hello")
    looks = Looks(village.store, monkeypatch)
    answers = await asyncio.gather(*(get(browser, "/@me.rss") for _ in range(20)))
    assert {body for _, _, body in answers} == {answers[0][2]}
    assert looks.count == 1


async def test_memory_for_feeds_is_limited_and_the_least_asked_for_go_first(
    village: Village, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        await village.person(name)
        await village.says(name, "hello")
    monkeypatch.setattr("gateway.web.feeds.MEMORY", 16_000)
    looks = Looks(village.store, monkeypatch)
    for path, asked in (("one", 1), ("two", 1), ("one", 0), ("three", 1), ("three", 0), ("one", 1)):
        looks.count = 0
        await get(browser, f"/@{path}.rss")
        assert looks.count == asked, path


@pytest.mark.parametrize("change", ["deletes", "is_suspended", "becomes_protected"])
async def test_what_may_not_be_seen_any_more_is_not_given_from_memory(
    village: Village, browser: aiohttp.ClientSession, site: Site, change: str
) -> None:
    for name in ("alice", "bob", "carol"):  # kept anew after each change
        reader = await village.person(f"of_{name}")
        await village.person(name)
        post = await village.says(name, "hello #x")
        paths = ["/public.json", "/tags/x.json", f"/@{name}.json", f"/feeds/{secret(site, reader)}/@{name}.json"]
        for path in paths:
            assert "hello" in str(await get(browser, path)), path
        await getattr(village, change)(post if change == "deletes" else name)
        for path in paths:
            assert "hello" not in str(await get(browser, path)), path


async def test_what_another_process_takes_back_is_not_given_from_memory(
    village: Village, browser: aiohttp.ClientSession, store_url: str
) -> None:
    await village.person("alice")
    await village.says("alice", "hello")
    assert await titles(browser, "/@alice.json") == ["hello"]
    neighbour = Store(store_url)
    async with neighbour.unit() as unit:
        await accounts.set_suspended(unit, village.ids["alice"], NOW)
    await neighbour.close()
    async with asyncio.timeout(30):
        while (await get(browser, "/@alice.json"))[0] != 404:
            pass


async def test_a_wrong_old_or_misused_secret_is_not_found(
    village: Village, browser: aiohttp.ClientSession, site: Site
) -> None:
    me = await village.person("me")
    for wrong in (
        secret(site, me, version=1),
        secret(site, me + 1),
        token.make(site.key, Purpose.POST, me),
        token.make(b"x" * 32, Purpose.FEED, me),
        "nonsense",
    ):
        assert (await get(browser, f"/feeds/{wrong}/home.rss"))[0] == 404
        assert (await get(browser, f"/feeds/{wrong}/@me.rss"))[0] == 404


async def test_losing_a_follower_closes_the_feed_at_once(
    village: Village, browser: aiohttp.ClientSession, site: Site
) -> None:
    me = await village.person("me")
    await village.person("prot", protected=True)
    await village.follows("me", "prot")
    await village.says("prot", "hello")
    path = f"/feeds/{secret(site, me)}/@prot.json"
    assert await titles(browser, path) == ["hello"]
    await village.follows("me", "prot", state="requested")
    assert (await get(browser, path))[0] == 404


async def test_a_private_site_has_secret_feeds_only(village: Village, site: Site) -> None:
    me = await village.person("me")
    await village.says("me", "hello")
    async with open_site(village.store, replace(site, private=True)) as browser:
        assert (await get(browser, "/public.rss"))[0] == 403
        assert (await get(browser, "/@me.rss"))[0] == 403
        assert await titles(browser, f"/feeds/{secret(site, me)}/home.json") == ["me: hello"]


async def test_a_feed_names_who_wrote_what_is_reposted_as_they_are_called_now(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    await village.person("bob")
    await village.repeats("bob", await village.says("alice", "one two"))
    assert b"RT @alice" in (await get(browser, "/@bob.rss"))[2]
    async with village.store.unit() as unit:
        await accounts.rename(unit, village.ids["alice"], "alicia")
    assert b"RT @alicia" in (await get(browser, "/@bob.rss"))[2]


PLAIN = {"Accept-Encoding": "identity"}


async def test_a_search_is_a_feed_too(village: Village, browser: aiohttp.ClientSession) -> None:
    await village.person("alice")
    await village.person("shy", protected=True)
    await village.says("alice", "Gärten & Wege", words="garten wege")
    await village.says("shy", "garten", words="garten")
    for ending in ("rss", "atom", "json"):
        async with browser.get(f"/search.{ending}", params={"q": "garten wege"}, headers=PLAIN) as answer:
            text = await answer.text()
            assert answer.status == 200
        assert "Wege" in text
        assert "shy" not in text
        assert f"https://birds.example/search.{ending}?q=garten%20wege" in text
    async with browser.get("/search.rss") as answer:
        assert answer.status == 404
    async with browser.get("/search.json", params={"q": "nothing"}, headers=PLAIN) as answer:
        assert (await answer.json(content_type=None))["items"] == []


async def test_public_feeds_name_their_hub_and_secret_ones_none(village: Village, site: Site) -> None:
    alice = await village.person("alice")
    await village.says("alice", "hello")
    nobody = Nobody()
    app = build_app(
        WebDeps(village.store, site, nobody, nobody.record, lambda: NOW, hub="https://hub.example/?a=1&b=2")
    )
    secret = token.make(site.key, Purpose.FEED, alice, 0)
    async with listening(app, "127.0.0.1", 0) as (host, port), aiohttp.ClientSession(f"http://{host}:{port}") as http:
        for ending in ("rss", "atom", "json"):
            async with http.get(f"/@alice.{ending}", headers=PLAIN) as answer:
                text = await answer.text()
                assert '<https://hub.example/?a=1&b=2>; rel="hub"' in answer.headers["Link"]
                assert f'<https://birds.example/@alice.{ending}>; rel="self"' in answer.headers["Link"]
            assert "hub.example" in text
            async with http.get(f"/feeds/{secret}/home.{ending}", headers=PLAIN) as answer:
                assert "hub.example" not in await answer.text()
                assert "Link" not in answer.headers
