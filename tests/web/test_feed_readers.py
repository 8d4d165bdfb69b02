"""Every feed, held to its format and read by programs that others wrote: a validating parser (ruby's rss), two readers'
libraries (npm), and a reader that people use (newsboat).

Ruby and newsboat are Debian's. Without them their tests are skipped; where ``FEED_PROGRAMS_ARE_NEEDED`` is set, as in
CI, they fail.
"""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from store.unit import Store
from tests import node
from tests.web.village import NOW, Nobody, Village
from tests.wiring import free_port

VALIDATES = """
require "rss"
require "json"
found = JSON.parse($stdin.read).map do |text|
  begin
    feed = RSS::Parser.parse(text, true, false) # what is missing, twice, not a date or not in the format is an error
    feed.nil? ? ["no feed"] : []
  rescue RSS::Error => error
    ["#{error.class}: #{error.message}"]
  end
end
puts JSON.generate(found)
"""
READS = """
const {parseRssFeed, parseAtomFeed, parseJsonFeed} = require("feedsmith");
const seen = {
  rss: (text) => {
    const feed = parseRssFeed(text);
    const self = feed.atom.links.find((each) => each.rel === "self").href;
    return {title: feed.title, about: feed.description, page: feed.link, self: self, items: (feed.items || []).map(
      (each) => ({id: each.guid.value, permanent: each.guid.isPermaLink, url: each.link, title: each.title || "",
                  html: each.description || "", author: each.dc.creators[0], at: Date.parse(each.pubDate),
                  tags: (each.categories || []).map((tag) => tag.name)}))};
  },
  atom: (text) => {
    const feed = parseAtomFeed(text);
    const to = (links, rel) => links.find((each) => each.rel === rel).href;
    return {title: feed.title.value, about: feed.subtitle.value, page: to(feed.links, "alternate"),
            self: to(feed.links, "self"), items: (feed.entries || []).map(
      (each) => ({id: each.id, permanent: true, url: to(each.links, "alternate"), title: each.title.value,
                  html: each.content.value || "", author: each.authors[0].name, at: Date.parse(each.published),
                  tags: (each.categories || []).map((tag) => tag.term)}))};
  },
  json: (text) => {
    const feed = parseJsonFeed(text);
    return {title: feed.title, about: feed.description, page: feed.home_page_url, self: feed.feed_url,
            items: (feed.items || []).map(
      (each) => ({id: each.id, permanent: true, url: each.url, title: each.title || "", html: each.content_html || "",
                  author: each.authors[0].name, at: Date.parse(each.date_published), tags: each.tags || []}))};
  },
};
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(given.map(([kind, text]) => seen[kind](text))));
"""
READS_TOO = """
const {parseFeed} = require("@rowanmanning/feed-parser");
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(given.map((text) => {
  const feed = parseFeed(text).toJSON();
  return {kind: feed.meta.type, version: feed.meta.version, title: feed.title, page: feed.url, self: feed.self,
          items: feed.items.map((each) => ({id: each.id, url: each.url, at: Date.parse(each.published)}))};
})));
"""
EXTENSIONS = re.compile(r"<atom:link [^>]*/>")
"""What stands in RSS beside it, by the names of others."""

NASTY = "\x0b\x1b <b>&amp;</b> \"quoted\" 'so' ]]> \u2028 \U0001f426 שלום"


@dataclass(frozen=True, slots=True)
class Feeds:
    """Where the site listens, and the paths of its feeds without their endings; the last one is empty."""

    url: str
    paths: tuple[str, ...]

    async def texts(self, ending: str, query: str = "") -> dict[str, str]:
        """Each feed in this format."""
        found = {}
        async with aiohttp.ClientSession() as http:
            for path in self.paths:
                before, mark, after = path.partition("?")
                more = f"{mark}{after}" + (f"{'&' if mark else '?'}{query}" if query else "")
                async with http.get(f"{self.url}{before}.{ending}{more}") as answer:
                    assert answer.status == 200, path
                    found[path] = await answer.text()
        return found


@pytest.fixture
async def feeds(tmp_path: Path, sqlite_template: Path, site: Site) -> AsyncIterator[Feeds]:
    """A site with every kind of feed, and every kind of post in them. What is in a feed does not depend on the
    database; tests/web/test_feeds.py asks both."""
    store = Store(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'birdwire.db')}")
    village, port = Village(store), free_port()
    for name in ("alice", "bob", "shy"):
        await village.person(name, protected=name == "shy")
    await village.follows("alice", "shy")
    await village.follows("alice", "bob")
    first = await village.says("alice", f"hello{NASTY} #talk #Grüße", words="hello")
    await village.says("bob", "@alice two\nlines https://x.example/?a=1&b=<2> #talk", reply_to_id=first, words="hello")
    await village.repeats("bob", first)
    await village.says("bob", "cut… https://birds.example/@bob/9", full_text=f"cut and on it goes {NASTY} " * 9)
    await village.says("shy", f"between us {NASTY}")
    for number in range(25):
        await village.says("alice", f"number {number}")
    public = replace(site, public_url=f"http://127.0.0.1:{port}", name="Test & <ville>")
    secret = token.make(site.key, Purpose.FEED, village.ids["alice"], 0)
    nobody = Nobody()
    deps = WebDeps(store, public, nobody, nobody.record, lambda: NOW, hub="https://hub.example/?a=1&b=2")
    async with listening(build_app(deps), "127.0.0.1", port):
        yield Feeds(
            public.public_url,
            (
                "/public",
                "/@alice",
                "/@bob",
                "/tags/talk",
                "/tags/gr%C3%BCsse",
                "/search?q=hello",
                f"/feeds/{secret}/home",
                f"/feeds/{secret}/@shy",
                "/tags/nothing",
            ),
        )
    await store.close()


def debian(program: str, *looks: str) -> str:
    """The path of a program of Debian's that is there and works."""
    path = shutil.which(program)
    if path is None or subprocess.run([path, *looks], capture_output=True, check=False, timeout=30).returncode:
        reason = f"{program} is not installed ({program} on Debian)"
        if os.environ.get("FEED_PROGRAMS_ARE_NEEDED"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


async def test_a_validating_parser_takes_every_feed(feeds: Feeds) -> None:
    ruby = debian("ruby", "-rrss", "-e", "")
    given = {}
    for query in ("", "titles=0", "replies=0"):
        given |= {f"{path} atom {query}": text for path, text in (await feeds.texts("atom", query)).items()}
        for path, text in (await feeds.texts("rss", query)).items():
            given[f"{path} rss {query}"] = EXTENSIONS.sub("", text)
    whole = given["/public atom "]
    broken = [
        "<rss version='2.0'><channel><title>x</title></channel></rss>",
        re.sub("<id>.*?</id>", "", whole, count=1),
    ]
    *found, no_link, no_id = validated(ruby, [*given.values(), *broken])
    assert dict(zip(given, found, strict=True)) == {name: [] for name in given}
    assert no_link
    assert no_id


def validated(ruby: str, texts: list[str]) -> list[list[str]]:
    """What the parser has against each of these."""
    command, given = [ruby, "-e", VALIDATES], json.dumps(texts)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=True)
    found: list[list[str]] = json.loads(done.stdout)
    return found


async def test_all_three_formats_say_the_same_to_a_library_of_others(feeds: Feeds) -> None:
    folder = node.installed("feedsmith")
    for query in ("", "titles=0"):
        kinds = ("rss", "atom", "json")
        texts = {kind: await feeds.texts(kind, query) for kind in kinds}
        given = [(kind, text) for kind in kinds for text in texts[kind].values()]
        read = iter(node.run(READS, folder, given))
        seen: dict[str, dict[str, Any]] = {kind: {path: next(read) for path in feeds.paths} for kind in kinds}
        for path in feeds.paths:
            rss, atom, from_json = (seen[kind][path] for kind in kinds)
            for kind in kinds:
                assert seen[kind][path].pop("self") == ours(feeds, path, kind, query)
                for item in seen[kind][path]["items"]:
                    assert item["permanent"] is True
                    assert item["url"].startswith(feeds.url), item
                    assert not re.search(r"(href|src)=\"(?!https?://)", item["html"]), item
            if query:
                for item in atom["items"]:
                    assert item.pop("title") == item["author"], "Atom must have one"
                for item in (*rss["items"], *from_json["items"]):
                    assert item.pop("title") == ""
            assert rss == atom == from_json, path
            assert len(rss["items"]) == (0 if path == feeds.paths[-1] else min(len(rss["items"]), 20))
    assert any("cut and on it goes" in item["html"] for item in seen["json"]["/@bob"]["items"])


def ours(feeds: Feeds, path: str, kind: str, query: str) -> str:
    """Where a feed says it is to be found."""
    before, mark, after = path.partition("?")
    asked = "&".join(each for each in (after if mark else "", query) if each)
    return f"{feeds.url}{before}.{kind}{'?' if asked else ''}{asked}"


async def test_another_library_finds_the_posts_too(feeds: Feeds) -> None:
    folder = node.installed("@rowanmanning/feed-parser")
    expected = {path: json.loads(text) for path, text in (await feeds.texts("json")).items()}
    for kind, version in (("rss", "2.0"), ("atom", "1.0")):
        texts = await feeds.texts(kind)
        for path, feed in zip(texts, node.run(READS_TOO, folder, list(texts.values())), strict=True):
            assert (feed["kind"], feed["version"]) == (kind, version)
            assert (feed["title"], feed["page"]) == (expected[path]["title"], expected[path]["home_page_url"])
            assert [item["id"] for item in feed["items"]] == [item["id"] for item in expected[path]["items"]]
            assert [item["url"] for item in feed["items"]] == [item["url"] for item in expected[path]["items"]]
            assert all(item["at"] for item in feed["items"])


async def test_newsboat_reads_every_feed_and_shows_a_post_of_two_feeds_once(feeds: Feeds, tmp_path: Path) -> None:
    newsboat = debian("newsboat", "--version")
    urls, cache, config = tmp_path / "urls", tmp_path / "cache.db", tmp_path / "config"
    public = [f"{feeds.url}{path}" for path in feeds.paths if "?" not in path]
    urls.write_text("".join(f"{url}.{kind}\n" for url in public for kind in ("rss", "atom")))
    config.write_text("download-retries 1\ndownload-timeout 10\nreload-threads 2\n")
    command = [newsboat, "-u", str(urls), "-c", str(cache), "-C", str(config), "-x", "reload"]
    for _ in range(2):  # the second time it has all of it
        program = await asyncio.create_subprocess_exec(*command, env=os.environ | {"HOME": str(tmp_path)})
        async with asyncio.timeout(60):
            assert await program.wait() == 0
    expected = {path: json.loads(text)["items"] for path, text in (await feeds.texts("json")).items()}
    with sqlite3.connect(cache) as found:
        for url in public:
            for kind in ("rss", "atom"):
                [(etag,)] = found.execute("SELECT etag FROM rss_feed WHERE rssurl = ?", (f"{url}.{kind}",)).fetchall()
                assert etag, "it asks with this, and is told that nothing is new"
        shown = dict(found.execute("SELECT guid, url FROM rss_item").fetchall())
    found.close()
    ids = {item["id"]: item["url"] for path, items in expected.items() if "?" not in path for item in items}
    assert shown == ids
