"""Visitors who mean harm, or whose programs are broken: what they send gets a clean answer, and they learn nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from limits import RateLimitItem, RateLimitItemPerMinute
from sqlalchemy import event

from gateway.domain.types import Channel, PostKind, Source
from gateway.service import choosing, joining, login, polling, posting, stopping, visiting
from gateway.service import listening as groups
from gateway.service.site import Limits, Site
from gateway.web import limits
from gateway.web.app import WebDeps, build_app
from gateway.web.limits import address_of
from gateway.web.listening import listening
from store import accounts, invites, lists, polls
from store import reports as reported
from store.accounts import AccountRow
from store.unit import Reading, Store
from tests.web.admins import an_admin
from tests.web.browsing import Browser, log_in, visited, with_mail
from tests.web.test_admin import NASTY
from tests.web.village import NOW, Nobody, Village


@pytest.fixture
async def alice(village: Village, someone: Browser) -> Browser:
    """Alice, logged in."""
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    return someone


def word_of(browser: Browser) -> str:
    return str(browser.find("//input[@name='csrf']/@value")[0])


def cookies_of(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


# ---- whatever is sent


async def test_whatever_stands_in_an_address_gets_an_answer(alice: Browser, village: Village) -> None:
    await village.says("alice", "hello #talk")
    stranger = Browser(alice._session)
    for nasty in NASTY:
        escaped = quote(nasty.encode(errors="surrogatepass"), safe="")
        for before, after in (
            ("/tags/", ""),
            ("/tags/", ".rss"),
            ("/wall/", ""),
            ("/search.json?q=", ""),
            ("/search?q=a&before=", ""),
            ("/public.atom?titles=", ""),
            ("/feeds/", "/home.rss"),
            ("/feeds/", "/@alice.rss"),
            ("/unsubscribe/", ""),
            ("/login/", ""),
            ("/login?next=", ""),
            ("/signup/", ""),
            ("/settings/mailbox/", ""),
            ("/settings?done=", ""),
            ("/qr/", ".svg"),
            ("/qr/tag-", ".svg"),
            ("/static/", ""),
            ("/directory?by=", ""),
            ("/directory?after=", ""),
            ("/directory?by=newest&after=", ""),
            ("/directory?by=name&after=", ""),
            ("/@alice/followers?after=", ""),
            ("/@", ""),
            ("/@alice/", ""),
            ("/@alice/report?post=", ""),
            ("/groups/", ""),
            ("/lists/", ""),
            ("/home?text=", ""),
            ("/messages/", ""),
            ("/", ""),
        ):
            for browser in (alice, stranger):
                if len(escaped) < 8000:  # longer than a line may be, and aiohttp says so itself
                    assert await browser.open(f"{before}{escaped}{after}") < 500, (before, nasty)


BODIES = [
    ("application/x-www-form-urlencoded; charset=nonsense", b"csrf=x"),
    ("application/x-www-form-urlencoded; charset=utf-8", b"csrf=\xff\xfe&who=%ff%00"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"\xff\xfe\x00"),
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b"--y\r\nnothing\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: attachment\r\n\r\nhello\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n--x--\r\n"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\nContent-Transfer-Encoding: magic\r\n\r\nx\r\n--x--\r\n',
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\nContent-Type: text/plain; charset=no\r\n\r\nx\r\n--x--',
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\nContent-Encoding: gzip\r\n\r\nno gzip\r\n--x--\r\n',
    ),
    ("application/json", b'{"csrf": "x"}'),
    ("text/plain", b"csrf=x"),
    ("", b"\x00" * 100),
    ("application/x-www-form-urlencoded", b"a=b&" * 20_000),
]


async def test_a_form_that_is_none_is_refused_and_the_next_one_is_taken(alice: Browser) -> None:
    for media_type, body in BODIES:
        for path in ("/posts", "/login", "/signup", "/nothing"):
            headers = {"Content-Type": media_type, "Cookie": cookies_of(alice)}
            async with alice._session.post(path, data=body, headers=headers, allow_redirects=False) as answer:
                assert answer.status in {400, 403, 413}, (media_type, body[:60], answer.status)
    await alice.open("/home")
    await alice.submit("/posts", text="still here")
    assert "still here" in alice.text


async def test_a_stream_is_asked_for_by_get_alone(alice: Browser, village: Village) -> None:
    post = await village.says("alice", "hello #talk")
    for path in ("/wall/talk/events", f"/@alice/{post}/delivery/events"):
        async with asyncio.timeout(30), alice._session.head(path, headers={"Cookie": cookies_of(alice)}) as answer:
            assert answer.status == 405


# ---- how long answers are kept, and by whom


async def test_pages_with_secrets_and_letters_are_kept_nowhere(alice: Browser, village: Village) -> None:
    async with village.store.unit() as unit:
        await accounts.set_admin(unit, village.ids["alice"], True)
    await village.person("bob")
    for path, kept in (
        ("/home", "private, no-cache"),
        ("/", "private, no-cache"),
        ("/settings", "private, no-store"),
        ("/messages", "private, no-store"),
        ("/messages/bob", "private, no-store"),
        ("/admin/members", "private, no-store"),
    ):
        assert await alice.open(path) == 200, path
        assert alice.answer_headers["Cache-Control"] == kept, path
        assert "Cookie" in alice.answer_headers["Vary"], path
    stranger = Browser(alice._session)
    await stranger.open("/")
    assert stranger.answer_headers["Cache-Control"] == "no-cache"
    assert stranger.answer_headers["X-Frame-Options"] == "DENY"
    assert stranger.answer_headers["Server"] == "Birdwire", "and nothing of versions"


async def test_a_redirect_is_asked_for_again_as_names_may_change_back(village: Village, someone: Browser) -> None:
    await village.person("alice")
    post = await village.says("alice", "hello")
    for path in (f"/@formerly/{post}", f"/posts/{post}", "/@Alice"):
        async with someone._session.get(path, allow_redirects=False) as answer:
            assert answer.status == 301
            assert answer.headers["Cache-Control"] == "private, no-cache"


# ---- too often


@contextmanager
def limited(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> Iterator[None]:
    """A limit at which a test arrives soon."""
    for module in ("limits", "desk", "people", "feeds"):
        monkeypatch.setattr(f"gateway.web.{module}.{name}", RateLimitItemPerMinute(most), raising=False)
    yield
    monkeypatch.undo()


def test_every_limit_counts_by_itself() -> None:
    """Limits with the same numbers would share one count."""
    found = {name: each for name, each in vars(limits).items() if isinstance(each, RateLimitItem)}
    for_addresses = [found[name] for name in set(found) - {"ACTS", "LOGINS", "EXPORTS"}]
    assert len(for_addresses) >= 3
    for_addresses += [limits.signups(Limits(signups_per_hour=120)), limits.codes(Limits(signups_per_hour=60))]
    assert len({each.key_for("192.0.2.1") for each in for_addresses}) == len(for_addresses)


async def test_searching_is_limited_on_pages_and_in_feeds(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(monkeypatch, "SEARCHES", 4):
        tried = [await someone.open(f"/search?q=word{n}") for n in range(3)]
        tried += [await someone.open(f"/search.rss?q=word{n}") for n in range(3)]
        assert tried == [200, 200, 200, 200, 429, 429]
        assert int(someone.answer_headers["Retry-After"]) > 0
        assert await someone.open("/search") == 200, "an empty form asks for nothing"
        assert await someone.open("/") == 200


async def test_nobody_sends_forms_without_end(
    alice: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = await village.says("alice", "hello")
    await alice.open("/home")
    word = word_of(alice)
    with limited(monkeypatch, "ACTS", 5):
        tried = [await alice.post(f"/posts/{post}/favourite", csrf=word) for _ in range(7)]
        assert tried == [200] * 5 + [429] * 2
        await with_mail(village, "bob")
        bob = Browser(alice._session)
        await log_in(village, bob, "bob")
        assert await bob.post(f"/posts/{post}/favourite", csrf=word_of(bob)) == 200, "others go on"


async def test_an_address_sends_only_so_many_forms(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(monkeypatch, "FORMS", 3):
        await someone.open("/login")
        word = word_of(someone)
        tried = [await someone.post("/login", csrf=word, who="") for _ in range(5)]
        assert tried == [422] * 3 + [429] * 2


@pytest.mark.parametrize(
    ("signups", "path", "fields"),
    [
        (1, "/login", {"who": "alice"}),  # twice as many
        (2, "/signup", {"name": "dora", "address": "dora@mail.example"}),
    ],
)
async def test_codes_and_sign_ups_are_limited_for_each_address(
    village: Village, site: Site, signups: int, path: str, fields: dict[str, str]
) -> None:
    few = replace(site, limits=Limits(signups_per_hour=signups))
    async with visited(village.store, few, proxies=frozenset({"127.0.0.1"})) as session:
        tried = []
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"):
            browser = Browser(session, {"X-Forwarded-For": f"10.0.0.1, {address}"})
            await browser.open(path)
            tried.append(await browser.post(path, csrf=word_of(browser), invite="", next="", **fields))
    assert tried == [200, 200, 429, 200]


async def test_what_is_mounted_beside_the_site_is_not_held_to_the_pace_of_people(
    village: Village, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def done(_request: web.Request) -> web.Response:
        return web.Response()

    mounted = web.Application()
    mounted.router.add_post("/act", done)
    nobody = Nobody()
    app = build_app(WebDeps(village.store, site, nobody, nobody.record, lambda: NOW))
    app.add_subapp("/beside", mounted)
    with limited(monkeypatch, "FORMS", 2):
        async with (
            listening(app, "127.0.0.1", 0) as (host, port),
            aiohttp.ClientSession(f"http://{host}:{port}") as session,
        ):
            tried = []
            for _ in range(4):
                async with session.post("/beside/act") as answer:
                    tried.append(answer.status)
    assert tried == [200] * 4


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7, 127.0.0.1", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", " , ", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "", "2001:db8:1:3::"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
        ("fe80::1%eth0", "", "fe80::"),
        ("127.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_it_is_known_where_somebody_comes_from(remote: str, forwarded: str, address: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=remote)
    assert address_of(request, frozenset({"127.0.0.1"})) == address


async def test_posts_are_passed_on_as_often_as_one_may_post(village: Village, site: Site) -> None:
    few = replace(site, limits=Limits(posts_per_hour=2))
    await with_mail(village, "alice")
    await village.person("bob")
    theirs = [await village.says("bob", f"number {n}") for n in range(3)]
    async with visited(village.store, few) as session:
        alice = Browser(session)
        await log_in(village, alice, "alice")
        await alice.open("/home")
        word = word_of(alice)
        tried = [await alice.post(f"/posts/{each}/repost", csrf=word, next="/home") for each in theirs]
    assert tried == [200, 200, 429]
    assert alice.answer_headers["Retry-After"] == "3600", "when the first of them is an hour old"


async def posts(alice: Browser, word: str) -> int:
    return await alice.post("/posts", csrf=word, text="once more")


async def passes_on(alice: Browser, word: str) -> int:
    await alice.open("/@bob")
    [path] = {str(form.action) for form in alice.find("//form") if str(form.action).endswith("/repost")}
    return await alice.post(path, csrf=word)


async def writes_to_bob(alice: Browser, word: str) -> int:
    return await alice.post("/messages/bob", csrf=word, text="once more")


async def asks(alice: Browser, word: str) -> int:
    return await alice.post("/polls/new", csrf=word, question="Tea?", option1="yes", option2="no")


async def writes_to_a_group(alice: Browser, word: str) -> int:
    return await alice.post("/groups/choir", csrf=word, text="once more")


async def reports(alice: Browser, word: str) -> int:
    return await alice.post("/@bob/report", csrf=word, words="once more")


@pytest.mark.parametrize("used_up", [True, False], ids=["used up", "not allowed at all"])
@pytest.mark.parametrize(
    ("does", "span"),
    [
        (posts, timedelta(hours=1)),
        (passes_on, timedelta(hours=1)),
        (writes_to_bob, timedelta(hours=1)),
        (asks, timedelta(hours=1)),
        (writes_to_a_group, timedelta(hours=1)),
        (reports, timedelta(days=1)),
    ],
)
async def test_who_did_something_too_often_is_told_when_there_is_room_again(
    village: Village, site: Site, does: Callable[[Browser, str], Awaitable[int]], span: timedelta, used_up: bool
) -> None:
    most = 1 if used_up else 0
    few = replace(site, limits=Limits(posts_per_hour=most, direct_per_hour=most, reports_per_day=most))
    me = await with_mail(village, "alice")
    bob = await village.person("bob")
    await village.follows("bob", "alice")
    first = await village.says("bob", "hello")
    ago = timedelta(minutes=50)
    village.clock = NOW - ago - timedelta(minutes=7)
    await village.says("alice", "one")
    village.clock = NOW - ago - timedelta(minutes=7)
    await village.says("alice", "one", kind=PostKind.DIRECT, to_account_id=bob)
    village.clock = NOW - ago - timedelta(minutes=7)
    await village.repeats("alice", first)
    second = await village.says("bob", "hello again")
    async with village.store.unit() as unit:
        alice = await accounts.by_id(unit, me)
        assert alice is not None
        await groups.join_group(unit, few, alice, "choir", texts=False, mail=True, now=NOW)
        await reported.add(unit, me, bob, "", post_id=second, now=NOW - ago)
    async with visited(village.store, few) as session:
        browser = Browser(session)
        await log_in(village, browser, "alice")
        await browser.open("/home")
        assert await does(browser, word_of(browser)) == 429
    waits = span - ago if used_up else span
    assert browser.answer_headers["Retry-After"] == str(int(waits.total_seconds()))


async def test_a_report_that_is_one_too_many_is_given_back_with_its_words_and_the_post_it_is_about(
    village: Village, site: Site
) -> None:
    few = replace(site, limits=Limits(reports_per_day=1))
    await with_mail(village, "alice")
    await village.person("bob")
    meant, newer = await village.says("bob", "cheap watches"), await village.says("bob", "good morning")
    async with visited(village.store, few) as session:
        alice = Browser(session)
        await log_in(village, alice, "alice")
        await alice.open(f"/@bob/report?post={newer}")
        assert await alice.submit("/@bob/report", words="first") == 200
        await alice.open(f"/@bob/report?post={meant}")
        assert await alice.submit("/@bob/report", words="He <sells> & sells") == 429
    assert "You have reported a lot today" in alice.text
    assert alice.find("//textarea[@name='words']")[0].text_content() == "He <sells> & sells"
    assert alice.find("//input[@name='post']/@value") == [str(meant)]
    assert "cheap watches" in alice.text


async def test_whatever_was_one_too_many_says_when_to_come_again(village: Village, site: Site) -> None:
    async def one_too_many(_request: web.Request) -> web.Response:
        return web.Response(status=429)

    nobody = Nobody()
    app = build_app(WebDeps(village.store, site, nobody, nobody.record, lambda: NOW))
    app.router.add_get("/one-too-many", one_too_many)
    async with (
        listening(app, "127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession(f"http://{host}:{port}") as session,
        session.get("/one-too-many") as answer,
    ):
        assert answer.headers["Retry-After"] == "60"


# ---- forms and sessions


async def test_a_session_that_somebody_else_prepared_is_not_taken(village: Village, someone: Browser) -> None:
    await with_mail(village, "alice")
    someone.cookies = {"__Host-birdwire": "prepared", "__Host-form": "prepared, too"}
    await log_in(village, someone, "alice")
    assert "Log out" in someone.text
    assert someone.cookies["__Host-birdwire"] != "prepared"
    assert "__Host-form" not in someone.cookies, "nor does the word of a form from before serve on"
    mallory = Browser(someone._session)
    mallory.cookies = {"__Host-birdwire": "prepared"}
    await mallory.open("/home")
    assert mallory.path == "/login"


async def test_logging_in_again_ends_the_session_before(village: Village, someone: Browser, site: Site) -> None:
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    first = dict(someone.cookies)
    async with village.store.unit() as unit:
        alice = village.ids["alice"]
        assert len(await visiting.of(unit, alice, now=NOW)) == 1
        link = await login.new_link(unit, site, alice, now=NOW)
    await someone.open(link.removeprefix(site.public_url))
    await someone.submit(someone.path)
    async with village.store.unit() as unit:
        assert len(await visiting.of(unit, alice, now=NOW)) == 1
    someone.cookies = first
    await someone.open("/home")
    assert someone.path == "/login"


async def test_nobody_is_logged_in_by_a_form_from_elsewhere(village: Village, someone: Browser) -> None:
    await with_mail(village, "mallory")
    await someone.open("/login")
    word = word_of(someone)
    for fields in ({"who": "mallory", "code": "482913"}, {"who": "mallory", "password": "known to mallory"}):
        for path in ("/login", "/login/code", "/login/password"):
            assert await someone.post(path, **fields) == 403, "without the word of this browser"
            someone.headers = {"Origin": "https://evil.example"}
            assert await someone.post(path, csrf=word, **fields) == 403, "nor with it, from there"
            someone.headers = {}


async def test_a_browser_that_is_used_stays_logged_in_as_long_as_its_session(
    village: Village, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visiting, "_NOTED_EVERY", NOW - NOW)
    async with alice._session.get("/home", headers={"Cookie": cookies_of(alice)}) as answer:
        [line] = answer.headers.getall("Set-Cookie")
    assert line.startswith(f"__Host-birdwire={alice.cookies['__Host-birdwire']};")
    for words in ("Max-Age=7776000", "HttpOnly", "Secure", "SameSite=Lax"):
        assert words in line
    monkeypatch.undo()
    async with alice._session.get("/home", headers={"Cookie": cookies_of(alice)}) as answer:
        assert "Set-Cookie" not in answer.headers


async def test_nobody_tries_codes_on_a_sign_up_that_another_browser_began(village: Village, someone: Browser) -> None:
    await someone.open("/signup")
    await someone.submit("/signup", name="dora", address="+15550001234")
    [sealed] = someone.find("//input[@name='signup']/@value")
    mallory = Browser(someone._session)
    await mallory.open("/signup")
    for number in ("1", "2", sealed[:-1], f"a{sealed}", ""):
        assert await mallory.post("/signup/code", csrf=word_of(mallory), signup=number, code="482913") == 400
        await mallory.open("/signup")
    await someone.submit("/signup/code", code="482913")
    assert "Log out" in someone.text


# ---- nothing is to be learned


class Statements:
    """How many statements the database is asked while this is open."""

    def __init__(self, store: Store) -> None:
        self._engine = store._readers.sync_engine
        self.count = 0

    def _heard(self, *_: object) -> None:
        self.count += 1

    def __enter__(self) -> "Statements":
        event.listen(self._engine, "before_cursor_execute", self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._heard)


async def test_what_may_not_be_seen_looks_like_what_never_was(village: Village, alice: Browser) -> None:
    for name in ("gone", "susp", "blocker"):
        await village.person(name)
    await village.person("shy", protected=True)
    posts = {name: await village.says(name, f"words of {name}") for name in ("susp", "blocker", "shy")}
    letter = await village.says("blocker", "in private", kind=PostKind.DIRECT, to_account_id=village.ids["susp"])
    await village.is_suspended("susp")
    await village.blocks("blocker", "alice")
    async with village.store.unit() as unit:
        await joining.delete_account(unit, village.ids["gone"], now=NOW)
    never = posts["shy"] + 1000
    ids = [posts["susp"], posts["blocker"], posts["shy"], letter, never]
    gets = [[f"/@who/{each}", f"/posts/{each}", f"/@alice/{each}/delivery"] for each in ids]
    people = ["susp", "blocker", "gone", "never"]
    gets += [[f"/@{name}", f"/@{name}/followers", f"/messages/{name}", f"/@{name}.rss"] for name in people]
    acts = ("favourite", "repost", "vote", "close", "delete")
    pages: dict[tuple[int, int], set[tuple[int, str]]] = {}
    work: dict[tuple[int, int], list[int]] = {}
    await alice.open("/home")
    word = word_of(alice)
    for row, paths in enumerate(gets):
        kind = 0 if row < len(ids) else 1
        for column, path in enumerate(paths):
            with Statements(village.store) as asked:
                status = await alice.open(path)
            if path.endswith(".rss") and "blocker" in path:
                continue  # a feed does not know who reads it, and everybody sees who is public
            page = alice.html.replace(path, "…")
            pages.setdefault((kind, column), set()).add((status, page))
            work.setdefault((kind, column), []).append(asked.count)
    for found in pages.values():
        assert {status for status, _ in found} == {404}
        assert len(found) == 1, found
    for counts in work.values():
        assert max(counts) - min(counts) <= 2, "nor does a clock tell: it is looked up as long"
    for act in acts:
        answers = set()
        for each in ids:
            status = await alice.post(f"/posts/{each}/{act}", csrf=word, sure="yes", option="1")
            answers.add((status, alice.html))
        assert {status for status, _ in answers} == {404}, act
        assert len(answers) == 1, act
    for name in people:
        assert await alice.post(f"/messages/{name}", csrf=word, text="hello") == 404
        if name != "blocker":  # who blocks can still be blocked and reported
            assert await alice.post(f"/@{name}/mute", csrf=word) == 404


async def test_what_is_anothers_is_not_there(village: Village, alice: Browser, site: Site) -> None:
    bob = await with_mail(village, "bob")
    async with village.store.unit() as unit:
        theirs = await lists.add(unit, bob, "mine", now=NOW)
        asked = await polling.ask(unit, site, bob, "Tea?", ["yes", "no"], source=Source.WEB, now=NOW)
        assert isinstance(asked, posting.Published)
        bobs = await choosing.held(unit, await known(unit, bob))
        await visiting.open_session(unit, site, bob, secret="of bob", device="", now=NOW)
        [session] = await visiting.of(unit, bob, now=NOW)
    post = asked.post_ids[0]
    await alice.open("/home")
    word = word_of(alice)
    for path in (f"/lists/{theirs}/put", f"/lists/{theirs}/take-off", f"/lists/{theirs}/drop"):
        assert await alice.post(path, csrf=word, name="alice") == 404, path
    assert await alice.open(f"/lists/{theirs}") == 404
    assert await alice.open(f"/@bob/{post}/delivery") == 404
    assert await alice.post(f"/posts/{post}/delete", csrf=word, sure="yes") == 404
    assert await alice.post(f"/posts/{post}/close", csrf=word) == 404
    await alice.post("/settings/addresses/remove", csrf=word, which=str(bobs[0].id), sure="yes")
    await alice.post("/settings/sessions", csrf=word, which=str(session.id))
    await alice.post("/settings/sessions", csrf=word, which="others")
    async with village.store.reading() as reading:
        assert [each.id for each in await choosing.held(reading, await known(reading, bob))] == [bobs[0].id]
        assert await visiting.of(reading, bob, now=NOW)
        poll = await polls.of_post(reading, post)
    assert poll is not None
    assert poll.closes_at > NOW


async def known(reading: Reading, account_id: int) -> AccountRow:
    found = await accounts.by_id(reading, account_id)
    assert found is not None
    return found


async def test_an_invitation_is_taken_back_by_who_made_it(village: Village, site: Site) -> None:
    ours = replace(site, registration="invite", members_invite=True)
    for name in ("alice", "bob"):
        await with_mail(village, name)
    async with visited(village.store, ours) as session:
        alice, bob = Browser(session), Browser(session)
        await log_in(village, alice, "alice")
        await log_in(village, bob, "bob")
        await bob.open("/invites")
        await bob.submit("/invites", note="for Dora")
        link = str(bob.find("//div[@class='done']//code")[0].text).removeprefix(site.public_url)
        [number] = bob.find("//form[@action='/invites/revoke']//input[@name='which']/@value")
        await alice.open(f"/invites?code={link.partition('=')[2]}")
        assert "for Dora" not in alice.text
        assert not alice.find("//div[@class='done']"), "the code is shown to who made it"
        await alice.post("/invites/revoke", csrf=word_of(alice), which=str(number))
        async with village.store.reading() as reading:
            [made] = await invites.newest(reading, before=2**62, most=5, made_by=village.ids["bob"])
        assert made.is_open(NOW)


async def test_a_clock_tells_nobody_who_has_an_account(
    village: Village, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, loop = Browser(alice._session), asyncio.get_running_loop()
    await stranger.open("/login")
    monkeypatch.setattr("gateway.web.limits.AS_LONG", 0.3)
    for browser, page, fields in (
        (stranger, "/login", {"who": "alice@mail.example"}),
        (stranger, "/login", {"who": "nobody@mail.example"}),
        (stranger, "/login/code", {"who": "alice@mail.example", "code": "000000"}),
        (stranger, "/signup", {"name": "dora", "address": "alice@mail.example"}),
        (stranger, "/signup", {"name": "dora", "address": "dora@mail.example"}),
        (alice, "/settings/addresses", {"address": "+15550001234"}),
    ):
        await browser.open("/help" if browser is alice else "/login")
        word, began = word_of(browser), loop.time()
        await browser.post(page, csrf=word, **fields)
        assert loop.time() - began > 0.29, (page, fields)


async def test_a_phone_number_tells_nobody_whose_it_is(village: Village, alice: Browser) -> None:
    bob = await village.person("bob")
    held, stopped, free = "+15550001001", "+15550001002", "+15550001003"
    async with village.store.unit() as unit:
        await joining.give_address(unit, bob, Channel.SMS, held, how="operator", now=NOW)
        await stopping.stop_phone(unit, stopped, words="STOP", now=NOW)
    told = set()
    for number in (held, stopped, free):
        await alice.open("/settings")
        assert await alice.submit("/settings/addresses", address=number) == 200
        told.add(alice.text.replace(number, "…"))
    assert len(told) == 1
    assert "A code was texted" in told.pop()


# ---- addresses elsewhere


async def test_no_page_believes_what_host_it_is_asked_as(village: Village, alice: Browser) -> None:
    post = await village.says("alice", "hello #talk")
    await an_admin(village, Browser(alice._session))
    for path in (
        "/",
        "/home",
        "/login",
        "/signup",
        "/settings",
        "/@alice",
        f"/@alice/{post}",
        f"/posts/{post}",
        "/public.rss",
        "/@alice.atom",
        "/sitemap.xml",
        "/robots.txt",
        "/qr/join.svg",
        "/wall/talk",
        "/nothing",
    ):
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Cookie": cookies_of(alice)}
        async with alice._session.get(path, headers=headers, allow_redirects=False) as answer:
            assert "evil.example" not in await answer.text(errors="replace"), path
            assert "evil.example" not in str(answer.headers), path
