"""The pages over real HTTP: what they show, what they keep to themselves, and what every one of them carries."""

import gzip
import re
from dataclasses import replace
from html.parser import HTMLParser

import aiohttp
import pytest
from structlog.testing import capture_logs

from gateway.domain.types import PostKind
from gateway.service.site import Site
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import Village, open_site


class Outline(HTMLParser):
    """The addresses a page loads or links to, and what it declares about itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feeds: list[str] = []
        self.metas: dict[str, str] = {}
        self.canonical = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(found.get("href", ""))
        elif tag == "link" and found["rel"] == "alternate":
            self.feeds.append(found["href"])
        elif tag == "link" and found["rel"] == "canonical":
            self.canonical = found["href"]
        elif tag in ("link", "img", "script"):
            self.loads.append(found.get("href") or found.get("src", ""))
        elif tag == "meta" and "content" in found:
            self.metas[found.get("name") or found.get("property", "")] = found["content"]


async def get(browser: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with browser.get(path, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_the_front_page_says_how_to_join_and_shows_what_is_written(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    await village.person("prot", protected=True)
    post = await village.says("alice", "hello <b>#world</b>")
    await village.says("prot", "whisper")
    status, html = await get(browser, "/")
    page = Outline(html)
    assert status == 200
    assert "JOIN yourname" in html
    assert "+15550009999" in html
    assert "hello &lt;b&gt;" in html
    assert "whisper" not in html
    assert f"https://birds.example/@alice/{post}" in page.links
    assert page.feeds == ["/public.atom", "/public.rss", "/public.json"]
    assert page.canonical == "https://birds.example/"


async def test_a_post_has_a_page_with_its_thread_and_what_machines_look_for(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    await village.person("bob")
    await village.person("prot", protected=True)
    first = await village.says("alice", "hello “world”")
    answer = await village.says("bob", "@alice hi", reply_to_id=first)
    await village.says("prot", "@bob psst", reply_to_id=answer)
    status, html = await get(browser, f"/@alice/{first}")
    page = Outline(html)
    assert status == 200
    assert "@bob psst" not in html
    assert html.index("hello") < html.index(" hi</p>")
    assert page.canonical == page.metas["og:url"] == f"https://birds.example/@alice/{first}"
    assert page.metas["og:description"] == "hello “world”"
    assert page.metas["og:type"] == "article"
    async with browser.get(page.metas["og:image"].removeprefix("https://birds.example")) as picture:
        assert picture.content_type == "image/png"
        assert gzip.decompress(await picture.read()).startswith(b"\x89PNG")
    for mark in ("h-entry", "e-content p-name", "u-url u-uid", "dt-published", "p-author h-card"):
        assert mark in html
    assert page.feeds[0] == "/@alice.atom"
    _, html = await get(browser, f"/@bob/{answer}")
    assert f'class="u-in-reply-to" href="https://birds.example/@alice/{first}"' in html


async def test_a_long_post_is_cut_in_a_timeline_and_whole_on_its_page(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    post = await village.says("alice", "in short… https://birds.example/@alice/1", full_text="in short and at length")
    _, html = await get(browser, "/@alice")
    assert "in short…" in html
    assert "at length" not in html
    assert f'<a href="/@alice/{post}">Read on</a>' in html
    _, html = await get(browser, f"/@alice/{post}")
    assert "in short and at length" in html


async def test_an_address_with_another_name_or_case_leads_to_the_post(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    post = await village.says("alice", "hello")
    for path in (f"/@Alice/{post}", f"/@formerly/{post}"):
        async with browser.get(path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (301, f"/@alice/{post}")
    async with browser.get("/@Alice", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, "/@alice")


async def test_a_deleted_post_is_gone_and_what_may_not_be_seen_never_was(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    for name in ("alice", "susp"):
        await village.person(name)
    await village.person("prot", protected=True)
    deleted = await village.says("alice", "oops")
    direct = await village.says("alice", "psst", kind=PostKind.DIRECT, to_account_id=village.ids["susp"])
    hidden = await village.says("prot", "secret")
    spam = await village.says("susp", "spam")
    repeated = await village.repeats("alice", spam)
    vanished = await village.says("prot", "never mind")
    await village.deletes(deleted)
    await village.deletes(vanished)
    await village.is_suspended("susp")
    status, html = await get(browser, f"/@alice/{deleted}")
    assert status == 410
    assert "oops" not in html
    paths = [
        f"/@alice/{direct}", f"/@prot/{hidden}", f"/@susp/{spam}", f"/@alice/{repeated}", f"/@prot/{vanished}",
        "/@alice/999999", "/@alice/999999999999999999", "/@susp", "/@nobody", "/nonsense", "/@way_too_long_a_name",
    ]  # fmt: skip
    answers = [await get(browser, path) for path in paths]
    assert set(answers) == {(404, answers[0][1])}


async def test_a_protected_account_shows_that_it_is_and_nothing_else(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("prot", protected=True)
    await village.says("prot", "secret #plans")
    async with browser.get("/@prot") as answer:
        html = await answer.text()
        assert answer.status == 404
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "protected" in html
    assert "secret" not in html
    assert Outline(html).metas["robots"] == "noindex"
    for path in ("/", "/tags/plans", "/sitemap.xml"):
        _, html = await get(browser, path)
        assert "prot" not in html
        assert "secret" not in html


async def test_a_follower_of_a_protected_account_finds_nothing_for_machines_on_its_page(
    village: Village, someone: Browser
) -> None:
    await with_mail(village, "alice")
    await village.person("prot", protected=True)
    await village.follows("alice", "prot")
    await log_in(village, someone, "alice")
    assert await someone.open("/@prot") == 200
    page = Outline(someone.html)
    assert page.metas["robots"] == "noindex"
    assert page.feeds == []
    assert page.canonical == ""
    assert "og:title" not in page.metas
    assert not [link for link in page.links if link.startswith("/@prot.")]


@pytest.mark.parametrize(
    ("registration", "words", "others"),
    [
        ("open", "JOIN yourname", "by invitation"),
        ("invite", "New people join by invitation here.", "JOIN yourname"),
        ("domains", "People join here with their mail address at birds.example, *.birds.example.", "by invitation"),
        ("closed", "Nobody can sign up here by themselves.", "by invitation"),
    ],
)
async def test_the_front_page_says_who_may_join_and_how(
    village: Village, site: Site, registration: str, words: str, others: str
) -> None:
    kind = replace(site, registration=registration, mail_domains=("birds.example", ".birds.example"))
    async with open_site(village.store, kind) as browser:
        status, html = await get(browser, "/")
        assert status == 200
        assert words in html
        assert others not in html
        status, html = await get(browser, "/signup")
        assert status == 200
        assert words in html
        assert others not in html or registration == "invite"


async def test_pages_go_back_to_the_first_post(village: Village, browser: aiohttp.ClientSession) -> None:
    await village.person("alice")
    for n in range(45):
        await village.says("alice", f"post {n}.")
    seen: list[str] = []
    path = "/@alice"
    while path:
        _, html = await get(browser, path)
        assert len(html) < 50_000
        seen += re.findall(r"post (\d+)\.", re.sub(r"<head>.*</head>", "", html, flags=re.DOTALL))
        older = re.search(r'rel="next" href="([^"]+)"', html)
        path = older[1] if older else ""
    assert seen == [str(n) for n in range(44, -1, -1)]


@pytest.mark.parametrize("before", ["", "x", "-1", "0", "9" * 40, "²", "1;DROP"])
async def test_any_before_gives_a_page(browser: aiohttp.ClientSession, before: str) -> None:
    assert (await get(browser, f"/?before={before}"))[0] == 200


@pytest.mark.parametrize("path", ["/", "/@alice", "/tags/x", "/nothing", "/public.rss", "/robots.txt", "/@alice.json"])
async def test_everything_carries_the_headers_that_keep_readers_safe(
    village: Village, browser: aiohttp.ClientSession, path: str
) -> None:
    await village.person("alice")
    async with browser.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


async def test_a_page_loads_nothing_from_elsewhere_and_what_it_loads_is_there(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    await village.person("alice")
    _, html = await get(browser, "/")
    page = Outline(html)
    assert "<script>" not in html
    assert "style=" not in html
    assert len(page.loads) == 4
    types = set()
    for address in page.loads:
        assert address.startswith("/static/")
        async with browser.get(address) as answer:
            assert answer.status == 200
            types.add(answer.headers["Content-Type"])
            assert "immutable" in answer.headers["Cache-Control"]
        async with browser.get(address, headers={"Accept-Encoding": "gzip;q=0"}) as answer:
            assert "Content-Encoding" not in answer.headers, "who refuses what is packed is not sent it"
    assert types == {
        *(f"{kind}; charset=utf-8" for kind in ("text/css", "text/javascript", "image/svg+xml")),
        "image/png",
    }
    assert (await get(browser, "/static/../app.py"))[0] == 404
    assert (await get(browser, "/static/nothing.css"))[0] == 404


async def transferred(browser: aiohttp.ClientSession, path: str, cookies: str = "") -> int:
    """Bytes of a page and of all that it loads, as they come over the wire the first time."""
    headers = {"Cookie": cookies, "Accept-Encoding": "gzip"}
    async with browser.get(path, headers=headers) as answer:
        assert answer.status == 200
        body = await answer.read()
        assert "Content-Encoding" not in answer.headers, "what a page holds of secrets would show in its packed length"
    size = len(body)
    for address in Outline(body.decode()).loads:
        async with browser.get(address, headers=headers) as answer:
            assert answer.status == 200
            size += len(await answer.read())
    return size


async def test_a_page_with_all_that_it_loads_is_small(
    village: Village, browser: aiohttp.ClientSession, someone: Browser
) -> None:
    await with_mail(village, "alice")
    for number in range(25):
        await village.says("alice", f"{number:03} {'words of five ' * 10}"[:140])
    await log_in(village, someone, "alice")
    cookies = "; ".join(f"{name}={value}" for name, value in someone.cookies.items())
    for path in ("/", "/home", "/@alice", "/settings", "/help", "/directory", "/wall/x"):
        assert await transferred(browser, path, cookies) < 50_000, path


async def test_what_pages_load_is_packed_for_browsers_that_take_it(
    village: Village, browser: aiohttp.ClientSession
) -> None:
    _, html = await get(browser, "/")
    for address in Outline(html).loads:
        async with browser.get(address, headers={"Accept-Encoding": "gzip, br"}) as packed:
            assert packed.headers["Content-Encoding"] == "gzip"
            unpacked = gzip.decompress(await packed.read())
        async with browser.get(address, headers={"Accept-Encoding": "identity"}) as plain:
            assert "Content-Encoding" not in plain.headers
            assert await plain.read() == unpacked
            assert plain.headers["ETag"] != packed.headers["ETag"]


async def test_crawlers_are_told_where_to_go_and_where_not(village: Village, browser: aiohttp.ClientSession) -> None:
    await village.person("alice")
    _, robots = await get(browser, "/robots.txt")
    assert "Disallow: /feeds/" in robots
    assert "Sitemap: https://birds.example/sitemap.xml" in robots
    post = await village.says("alice", "for everybody")
    gone = await village.says("alice", "gone again")
    await village.deletes(gone)
    repost = await village.repeats("alice", post)
    await village.person("prot", protected=True)
    hidden = await village.says("prot", "for few")
    _, sitemap = await get(browser, "/sitemap.xml")
    assert "<loc>https://birds.example/</loc>" in sitemap
    assert "<loc>https://birds.example/@alice</loc>" in sitemap
    assert f"<loc>https://birds.example/@alice/{post}</loc>" in sitemap
    for other in (f"@alice/{gone}", f"@alice/{repost}", "@prot", str(hidden)):
        assert f"/{other}<" not in sitemap


async def test_the_page_of_the_feed_of_everybody_is_the_front_page(village: Village, someone: Browser) -> None:
    await village.person("alice")
    await village.says("alice", "for everybody")
    assert await someone.open("/public") == 200
    assert someone.path == "/"
    assert "for everybody" in someone.text


async def test_a_private_site_says_so_everywhere(village: Village, site: Site) -> None:
    await village.person("alice")
    post = await village.says("alice", "among us")
    async with open_site(village.store, replace(site, private=True)) as browser:
        for path in ("/", "/@alice", f"/@alice/{post}", "/tags/x", "/anything", "/sitemap.xml"):
            status, html = await get(browser, path)
            assert status == 403
            assert "private" in html
            assert "among us" not in html
        assert "Disallow: /\n" in (await get(browser, "/robots.txt"))[1]
        status, html = await get(browser, "/help")
        assert status == 200
        assert "FOLLOW" in html
        assert "alice" not in html


async def test_a_fault_of_ours_is_a_page_too_and_tells_nothing(
    village: Village, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ValueError("words in confidence")

    monkeypatch.setattr(village.store, "reading", broken)
    with capture_logs() as logs:
        status, html = await get(browser, "/")
    assert status == 500
    (line,) = logs
    assert (line["event"], line["error"], line["route"]) == ("page failed", "ValueError", "/")
    assert line["where"].startswith("gateway/web/pages.py:")
    assert "confidence" not in str(line)
    assert "confidence" not in html
    assert "The fault is ours" in html
    assert "Traceback" not in html
    assert "data-visit" not in html, "whoever is not known for it was not logged out"
