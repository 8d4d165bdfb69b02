"""Everything of a member as a file: whole, readable without the site, and with nothing of anybody else's in it."""

import asyncio
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from lxml import html as parser
from sqlalchemy import insert, text

from gateway.domain.types import Channel, Lane, PostKind, Source
from gateway.service import belongings, joining, listening, polling
from gateway.service.export_form import KINDS
from gateway.service.site import Site
from gateway.web.export import write
from gateway.web.look import Look
from gateway.web.visitors import Visitors
from store import (
    accounts,
    consents,
    deliveries,
    fanouts,
    follows,
    invites,
    lists,
    nudges,
    posts,
    reports,
    schedules,
    sessions,
)
from store.schema import delivery_counts
from store.schema import posts as posts_table
from store.unit import Store
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import NOW, Village


class File:
    """An export, opened."""

    def __init__(self, content: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(content))
        assert self._zip.testzip() is None
        self.names = self._zip.namelist()
        assert len(set(self.names)) == len(self.names)
        self.about: dict[str, Any] = json.loads(self._zip.read("account.json"))

    def of(self, kind: str) -> list[Any]:
        """All entries of a kind; each file is held to its form on the way."""
        found: list[Any] = []
        for name in sorted(name for name in self.names if name.startswith(f"{kind}/") and name.endswith(".json")):
            page = json.loads(self._zip.read(name))
            msgspec.convert(page, list[KINDS[kind]])  # type: ignore[misc]  # made of the kind
            found += page
        assert len(found) == self.about["entries"][kind]
        return found

    def page(self, name: str) -> Any:
        return parser.fromstring(self._zip.read(name))

    @property
    def pages(self) -> dict[str, str]:
        """What is read with a browser, by the names of the files."""
        return {name: self._zip.read(name).decode() for name in self.names if name.endswith(".html")}

    @property
    def everything(self) -> str:
        return "\n".join(self._zip.read(name).decode() for name in self.names)


async def exported(village: Village, site: Site, name: str = "alice") -> File:
    out = io.BytesIO()
    look = Look(site, Visitors(village.store, site, lambda: NOW), lambda: NOW)
    async with village.store.snapshot() as snapshot:
        me = await accounts.by_name(snapshot, name)
        assert me
        await write(out, snapshot, look, site, me, now=NOW)
    return File(out.getvalue())


@pytest.fixture
async def alice(village: Village) -> int:
    """Alice, who has done a bit of everything, among others."""
    store, alice = village.store, await with_mail(village, "alice")
    for name in ("bob", "carol", "dave", "erin"):
        await with_mail(village, name)
    async with store.unit() as unit:
        await joining.give_address(unit, alice, Channel.SMS, "+15550001001", how="sms", now=NOW)
    await village.follows("alice", "bob")
    await village.follows("carol", "alice")
    await village.follows("dave", "alice", state="requested")
    await village.mutes("alice", "carol")
    await village.blocks("alice", "dave")
    await village.mutes("erin", "alice")
    return alice


async def test_posts_are_there_as_they_were(village: Village, alice: int, site: Site) -> None:
    first = await village.says("alice", "Good morning #ulm")
    bobs = await village.says("bob", "Where are you?")
    long = "word " * 60
    answer = await village.says("alice", "@bob here", reply_to_id=bobs, full_text=long, source=Source.WEB)
    again = await village.repeats("alice", bobs)
    gone = await village.says("alice", "taken back")
    await village.deletes(gone)
    async with village.store.unit() as unit:
        await posts.add_favourite(unit, village.ids["bob"], first, NOW)
    file = await exported(village, site)
    assert [post["id"] for post in file.of("posts")] == [first, answer, again]
    one, two, three = file.of("posts")
    assert (one["text"], one["source"], one["favourites"]) == ("Good morning #ulm", "sms", 1)
    assert (two["full_text"], two["answers"], two["source"]) == (long, {"author": "bob", "id": bobs}, "web")
    assert three["repeats"] == {"author": "bob", "id": bobs, "text": "Where are you?"}
    assert "taken back" not in file.everything
    words = file.page("posts/0001.html").text_content()
    assert "1 favourite" in words
    assert "1 favourites" not in words
    assert [each.text_content() for each in file.page("posts/0001.html").iter("h1")] == ["@alice: Posts"]
    assert "Where are you?" in words
    assert long.strip() in words
    assert "Good morning #ulm" in file.page("index.html").text_content()


async def test_what_became_of_each_post_is_summed_up(village: Village, alice: int, site: Site) -> None:
    post = await village.says("alice", "hello")
    async with village.store.unit() as unit:
        await fanouts.queue_for(unit, post, [village.ids["carol"]], lane=Lane.FIRST, now=NOW)
        counted = {"post_id": post, "channel": "sms", "state": "delivered", "reason": "", "number": 7, "segments": 9}
        await unit.execute(insert(delivery_counts), [counted, counted | {"state": "dead", "reason": "full"}])
    [found] = (await exported(village, site)).of("posts")
    assert found["deliveries"] == [
        {"channel": "email", "state": "waiting", "number": 1, "segments": 0},
        {"channel": "sms", "state": "delivered", "number": 7, "segments": 9},
        {"channel": "sms", "state": "failed", "number": 7, "segments": 9},
    ]


async def test_messages_go_both_ways_and_only_ones_own(village: Village, alice: int, site: Site) -> None:
    for author, to, words in (
        ("alice", "bob", "to bob"),
        ("bob", "alice", "to alice"),
        ("alice", "alice", "note to self"),
        ("bob", "carol", "not for alice"),
    ):
        await village.says(author, words, kind=PostKind.DIRECT, to_account_id=village.ids[to])
    file = await exported(village, site)
    assert [(each["author"], each["to"], each["text"]) for each in file.of("messages")] == [
        ("alice", "bob", "to bob"),
        ("bob", "alice", "to alice"),
        ("alice", "alice", "note to self"),
    ]
    assert "to alice" in file.page("messages/0001.html").text_content()
    assert "not for alice" not in file.everything


async def test_people_words_groups_votes_and_plans(village: Village, alice: int, site: Site) -> None:
    store, me = village.store, village.ids["alice"]
    poll_of_bob = await village.says("bob", "Lunch? 1 soup 2 pizza (VOTE n)")
    async with store.unit() as unit:
        account = await accounts.by_id(unit, me)
        assert account
        await follows.set_texts(unit, village.ids["bob"], me, True)
        await follows.set_mail(unit, village.ids["bob"], me, False)
        await listening.listen(unit, site, account, "#fog", texts=True, mail=False, now=NOW)
        await listening.listen(unit, site, account, "wifi", texts=False, mail=True, now=NOW)
        await listening.join_group(unit, site, account, "team", texts=True, mail=False, now=NOW)
        asked = await polling.ask(unit, site, me, "Tea?", ["yes", "no"], source=Source.SMS, now=NOW)
        await unit.execute(
            text("INSERT INTO polls (post_id, question, options, closes_at) VALUES (:id, 'Lunch?', :options, 5)"),
            {"id": poll_of_bob, "options": "soup\npizza"},
        )
        await unit.execute(
            text("INSERT INTO poll_votes (post_id, account_id, option) VALUES (:p, :me, 2), (:q, :me, 1)"),
            {"p": poll_of_bob, "q": asked.post_ids[0], "me": me},  # type: ignore[union-attr]  # it was published
        )
        await posts.add_favourite(unit, me, poll_of_bob, NOW)
        await schedules.add(unit, me, "tip", cron="0 8 * * *", time_zone="UTC", next_at=NOW, now=NOW)
        await reports.add(unit, me, village.ids["dave"], "he sells", post_id=None, now=NOW)
        friends = await lists.add(unit, me, "Friends", now=NOW)
        for name in ("bob", "carol"):
            await lists.put(unit, friends, village.ids[name])
        until = NOW + timedelta(days=1)
        await invites.add(unit, "d" * 64, made_by=me, note="for erin", uses=2, now=NOW, expires_at=until)
        await nudges.add(unit, me, village.ids["carol"], since=NOW, now=NOW)
    file = await exported(village, site)
    assert [(e["name"], e["state"], e["texts"], e["mail"]) for e in file.of("following")] == [
        ("bob", "accepted", True, False)
    ]
    assert {(e["name"], e["state"]) for e in file.of("followers")} == {("carol", "accepted"), ("dave", "requested")}
    assert [e["name"] for e in file.of("mutes")] == ["carol"]
    assert [e["name"] for e in file.of("blocks")] == ["dave"]
    assert [e["name"] for e in file.of("nudges")] == ["carol"]
    assert [(e["name"], e["texts"], e["mail"]) for e in file.of("groups")] == [("team", True, None)]
    assert [(e["name"], e["texts"], e["mail"]) for e in file.of("tracks")] == [
        ("#fog", True, None),
        ("wifi", False, True),
    ]
    assert [(e["question"], e["option"], e["words"]) for e in file.of("votes")] == [
        ("Lunch?", 2, "pizza"),
        ("Tea?", 1, "yes"),
    ]
    assert [e["post"] for e in file.of("favourites")] == [
        {"author": "bob", "id": poll_of_bob, "text": "Lunch? 1 soup 2 pizza (VOTE n)"}
    ]
    assert [(e["text"], e["cron"]) for e in file.of("schedules")] == [("tip", "0 8 * * *")]
    assert [(e["about"], e["words"]) for e in file.of("reports")] == [("dave", "he sells")]
    assert [(e["title"], e["members"]) for e in file.of("lists")] == [("Friends", ["bob", "carol"])]
    assert [(e["note"], e["uses_left"]) for e in file.of("invitations")] == [("for erin", 2)]
    assert "d" * 64 not in file.everything
    [own] = file.of("posts")
    assert (own["poll"]["options"], own["poll"]["votes"]) == (["yes", "no"], [1, 0])


async def test_account_settings_addresses_and_sessions(village: Village, alice: int, site: Site) -> None:
    async with village.store.unit() as unit:
        await accounts.set_profile(
            unit, alice, bio="Gärtnerin", language=None, time_zone="Europe/Berlin", overflow="split"
        )
        await accounts.set_pin(unit, alice, "f" * 64)
        await sessions.add(
            unit, alice, "e" * 64, device="Firefox on a Mac", now=NOW, expires_at=NOW + timedelta(days=1)
        )
    about = (await exported(village, site)).about
    assert about["account"] | {"created_at": 0} == {
        "name": "alice",
        "bio": "Gärtnerin",
        "protected": False,
        "created_at": 0,
    }
    settings = about["settings"]
    assert (settings["time_zone"], settings["overflow"], settings["has_pin"]) == ("Europe/Berlin", "split", True)
    assert {(each["channel"], each["address"]) for each in about["addresses"]} == {
        ("sms", "+15550001001"),
        ("email", "alice@mail.example"),
    }
    assert [each["device"] for each in about["sessions"]] == ["Firefox on a Mac"]


async def test_no_secret_and_nothing_of_anybody_elses_is_in_it(village: Village, alice: int, site: Site) -> None:
    hidden = await village.says("carol", "only for my followers")
    await village.becomes_protected("carol")
    async with village.store.unit() as unit:
        await posts.add_favourite(unit, alice, hidden, NOW)
        await accounts.set_pin(unit, alice, "f" * 64)
        await accounts.set_password(unit, alice, "$argon2id$secret")
        await sessions.add(unit, alice, "e" * 64, device="Firefox", now=NOW, expires_at=NOW + timedelta(days=1))
        code = await joining.new_claim_code(unit, site, alice, now=NOW, new_code=lambda: "4821")
        me = await accounts.by_id(unit, alice)
        assert me
    file = await exported(village, site)
    [favourite] = file.of("favourites")
    assert favourite["post"] == {"author": "carol", "id": hidden, "text": None}
    for secret in (
        "f" * 64,
        "e" * 64,
        "argon2",
        code,
        "bob@mail",
        "carol@mail",
        "only for my",
        "erin",
        site.key.decode(),
    ):
        assert secret not in file.everything, secret
    for token in ("post+", "/feeds/"):
        assert token not in file.everything


async def test_of_an_address_there_is_what_was_agreed_since_it_is_theirs(
    village: Village, alice: int, site: Site
) -> None:
    phone, long_ago = "+15550001001", NOW - timedelta(days=300)
    async with village.store.unit() as unit:
        for action, words, at in (
            ("given", "JOIN mallory", long_ago),
            ("refused", "4821 STOP", NOW + timedelta(days=1)),
            ("asked", f"for {alice}", long_ago),
            ("asked", "for 999", NOW + timedelta(days=1)),
        ):
            await consents.add(unit, phone, action=action, how="sms", words=words, now=at)
    found = [(each["action"], each["words"]) for each in (await exported(village, site)).of("consents")]
    assert ("refused", "•••• STOP") in found
    assert ("asked", f"for {alice}") in found
    assert ("given", "") in found
    assert not {("given", "JOIN mallory"), ("asked", "for 999")} & set(found)


async def test_pages_open_by_themselves_with_nothing_from_elsewhere(village: Village, alice: int, site: Site) -> None:
    await village.says("alice", "<script>alert(1)</script> https://example.org/?a=1&b=2")
    async with village.store.unit() as unit:
        await accounts.set_profile(unit, alice, bio="<b>bold</b>", language=None, time_zone=None, overflow=None)
    file = await exported(village, site)
    for name in ("index.html", "posts/0001.html"):
        page = file.page(name)
        assert page.xpath("//script | //link | //img | //form | //iframe | //b") == []
        assert len(page.xpath("//style")) == 1
        for href in page.xpath("//a/@href"):
            if "://" not in href:
                folder = name.rpartition("/")[0]
                assert (href.removeprefix("../") if "../" in href else f"{folder}/{href}".strip("/")) in file.names, (
                    href
                )


async def test_a_long_life_is_written_page_by_page(village: Village, alice: int, site: Site) -> None:
    async with village.store.unit() as unit:
        row = {"author_id": alice, "kind": "post", "source": "sms", "created_at": NOW}
        await unit.execute(insert(posts_table), [row | {"text": f"post {number}"} for number in range(1_000)])
    file = await exported(village, site)
    assert [post["text"] for post in file.of("posts")] == [f"post {number}" for number in range(1_000)]
    pages = [name for name in file.names if name.startswith("posts/") and name.endswith(".json")]
    assert len(pages) > 5
    seen, at = [], "posts/0001.html"
    while True:
        page = file.page(at)
        seen += [article.get("id") for article in page.xpath("//article")]
        following = page.xpath("//a[@rel='next']/@href")
        if not following:
            break
        at = f"posts/{following[0]}"
    assert len(set(seen)) == 1_000


async def test_giant_posts_are_held_a_few_at_a_time(store: Store, village: Village, alice: int) -> None:
    async with store.unit() as unit:
        row = {"author_id": alice, "kind": "post", "source": "email", "created_at": NOW, "text": "long …"}
        await unit.execute(insert(posts_table), [row | {"full_text": "x" * 200_000} for _ in range(60)])
    async with store.snapshot() as snapshot:
        me = await accounts.by_id(snapshot, alice)
        assert me
        sizes = [len(page) async for kind, page in belongings.pages(snapshot, me) if kind == "posts"]
    assert sum(sizes) == 60
    assert max(sizes) <= 20


# ---- over the site


@pytest.fixture
async def visitor(village: Village, alice: int, someone: Browser) -> Browser:
    """Alice, logged in."""
    await log_in(village, someone, "alice")
    return someone


async def download(browser: Browser, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with browser._session.request(
        method, "/settings/export", headers={"Cookie": cookies}, allow_redirects=False
    ) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def test_a_member_downloads_everything(visitor: Browser, village: Village) -> None:
    await village.says("alice", "hello")
    await visitor.open("/settings")
    assert visitor.find("//a[@href='/settings/export']")
    status, content, headers = await download(visitor)
    assert status == 200
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"] == 'attachment; filename="alice-2026-11-22.zip"'
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(content)
    file = File(content)
    assert [post["text"] for post in file.of("posts")] == ["hello"]
    assert len(file.about["id"]) == 24


async def test_nobody_else_gets_it(someone: Browser, village: Village, alice: int) -> None:
    status, _, headers = await download(someone)
    assert (status, headers["Location"]) == (303, "/login?next=/settings/export")


async def test_it_may_be_asked_for_a_few_times_an_hour(visitor: Browser) -> None:
    answers = [(await download(visitor))[0] for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    assert (await download(visitor, "HEAD"))[0] == 405


async def test_several_at_once_take_turns(visitor: Browser, village: Village) -> None:
    for number in range(30):
        await village.says("alice", f"post {number}")
    found = await asyncio.gather(*(download(visitor) for _ in range(4)))
    assert [len(File(content).of("posts")) for _, content, _ in found] == [30] * 4


async def test_what_waits_for_somebody_is_not_shown_to_them(village: Village, alice: int, site: Site) -> None:
    async with village.store.unit() as unit:
        await deliveries.add_notice(
            unit, address_id=1, account_id=alice, channel=Channel.EMAIL, route=0, text="LOGIN token", now=NOW
        )
    assert "LOGIN token" not in (await exported(village, site)).everything
