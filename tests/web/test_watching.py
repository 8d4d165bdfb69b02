"""Live pages: what is streamed, who may look, and that a stream ends with the daemon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import insert, update

from gateway.domain.types import Channel, EmailMode
from gateway.service import choosing, following, joining, stopping
from gateway.service.site import Site
from gateway.web import live
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from store import accounts, addresses
from store.accounts import AccountRow
from store.schema import deliveries
from store.unit import Store, Unit
from tests.web.browsing import Browser, log_in, visited, with_mail
from tests.web.village import NOW, Nobody, Village

PHONE = "+15550001234"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    monkeypatch.setattr(live, "PATIENCE", 0.05)


@pytest.fixture
async def alice(village: Village, someone: Browser) -> Browser:
    """Alice, logged in."""
    await with_mail(village, "alice")
    await log_in(village, someone, "alice")
    return someone


async def queued(store: Store, post_id: int, *rows: dict[str, Any]) -> None:
    """Put deliveries of a post into the queue as if they were made."""
    async with store.unit() as unit:
        for number, row in enumerate(rows):
            values = {
                "post_id": post_id,
                "account_id": 1000 + number,
                "channel": "sms",
                "route": 1,
                "lane": 2,
                "state": "queued",
                "due_at": NOW,
                "queued_at": NOW,
                "reason": "",
                "segments": 0,
            }
            await unit.execute(insert(deliveries), values | row)


@asynccontextmanager
async def stream(browser: Browser, path: str, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """The events of a page, as a browser hears them."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with browser._session.get(path, headers={"Cookie": cookies} | headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        yield _events(answer)


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    event: dict[str, str] = {}
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if not line and event:
            yield event
            event = {}
        name, _, value = line.partition(": ")
        if name:
            event[name] = f"{event[name]}\n{value}" if name in event else value


async def test_an_author_sees_what_became_of_a_post(alice: Browser, village: Village) -> None:
    post = await village.says("alice", "hello")
    await queued(
        village.store,
        post,
        {"state": "delivered", "segments": 1, "price_micros": -7500, "price_unit": "USD"},
        {"state": "sent", "segments": 2},
        {"state": "dead", "reason": "Unreachable handset (30003)"},
        {"state": "dead", "reason": "Unreachable handset (30003)"},
        {"channel": "email"},
        {"channel": "email", "state": "dead", "reason": "550 5.1.1 no such user"},
    )
    await alice.open(f"/@alice/{post}/delivery")
    table = [[cell.text_content() for cell in row] for row in alice.find("//tbody/tr")]
    assert table == [["By text", "0", "1", "1", "2"], ["By mail", "1", "0", "0", "1"]]
    assert "2 × 30003" in alice.text
    assert "1 × 550 5.1.1" in alice.text
    assert "3 text messages" in alice.text
    assert "0.01 USD" in alice.text


async def test_what_a_digest_brings_waits_and_then_is_sent(alice: Browser, village: Village) -> None:
    post = await village.says("alice", "hello")
    await queued(
        village.store, post, {"channel": "email", "state": "gathered"}, {"channel": "email", "state": "bundled"}
    )
    await alice.open(f"/@alice/{post}/delivery")
    table = [[cell.text_content() for cell in row] for row in alice.find("//tbody/tr")]
    assert table[1] == ["By mail", "1", "1", "0", "0"]


async def mutes(unit: Unit, site: Site, bob: AccountRow, alice: int) -> None:
    await following.mute(unit, bob.id, alice, now=NOW)


async def blocks(unit: Unit, site: Site, bob: AccountRow, alice: int) -> None:
    await following.block(unit, bob.id, alice, now=NOW)


async def leaves(unit: Unit, site: Site, bob: AccountRow, alice: int) -> None:
    await following.leave(unit, bob.id, alice, now=NOW)


async def wants_no_texts(unit: Unit, site: Site, bob: AccountRow, alice: int) -> None:
    await choosing.set_channels(unit, site, bob, texts=False, mail=EmailMode.INSTANT, hour=None, now=NOW)


async def stops(unit: Unit, site: Site, bob: AccountRow, alice: int) -> None:
    await stopping.stop_phone(unit, PHONE, words="STOP", now=NOW)


async def test_an_author_with_one_follower_cannot_tell_a_mute_or_a_block_from_anything_else_they_chose(
    alice: Browser, village: Village, site: Site
) -> None:
    pages = {}
    for number, choose in enumerate((mutes, blocks, leaves, wants_no_texts, stops)):
        name = f"bob{number}"
        bob_id = await village.person(name)
        async with village.store.unit() as unit:
            phone = await addresses.find(unit, Channel.SMS, PHONE)
            if phone is not None:
                await addresses.detach(unit, phone.id)
            await joining.give_address(unit, bob_id, Channel.SMS, PHONE, how="operator", now=NOW)
        await village.follows(name, "alice")
        post = await village.says("alice", f"the same words, {number}")
        await queued(village.store, post, {"account_id": bob_id})
        async with village.store.unit() as unit:
            bob = await accounts.by_id(unit, bob_id)
            assert bob is not None
            await choose(unit, site, bob, village.ids["alice"])
        await alice.open(f"/@alice/{post}/delivery")
        [told] = alice.find("//*[@data-live]")
        pages[choose.__name__] = " ".join(told.text_content().split())
    assert "1 × whoever it was for did not want it, or not any more" in pages["mutes"]
    assert len(set(pages.values())) == 1, pages


async def test_nobody_else_sees_it(alice: Browser, village: Village) -> None:
    await village.person("bob")
    post = await village.says("bob", "mine")
    assert await alice.open(f"/@bob/{post}/delivery") == 404
    assert await alice.open(f"/@bob/{post}/delivery/events") == 404
    stranger = Browser(alice._session)
    await stranger.open(f"/@bob/{post}/delivery")
    assert stranger.path == "/login"


async def test_the_page_of_a_delivery_moves(alice: Browser, village: Village) -> None:
    post = await village.says("alice", "hello")
    await queued(village.store, post, {"channel": "email"})
    await alice.open(f"/@alice/{post}/delivery")
    address = alice.find("//*[@data-live]")[0].get("data-live")
    async with asyncio.timeout(10), stream(alice, address) as events:
        async with village.store.unit() as unit:
            await unit.execute(update(deliveries).where(deliveries.c.post_id == post).values(state="sent"))
            unit.ring()
        event = await anext(events)
    assert "<td>0</td><td>1</td>" in event["data"]


async def test_a_wall_shows_the_newest_and_then_what_comes(village: Village, someone: Browser) -> None:
    await village.person("alice")
    first = await village.says("alice", "first <b>one</b> #talk")
    await someone.open("/wall/Talk")
    assert "first <b>one</b> #talk" in someone.find("//main")[0].text_content()
    assert someone.find("//img[@class='qr']")
    address = someone.find("//*[@data-live]")[0].get("data-live")
    async with asyncio.timeout(10), stream(someone, address) as events:
        second = await village.says("alice", "second #talk")
        async with village.store.unit() as unit:
            unit.ring()
        event = await anext(events)
    assert event["id"] == f"{second},{first}"
    assert "second" in event["data"]
    assert "first" not in event["data"]
    async with asyncio.timeout(10), stream(someone, address, **{"Last-Event-ID": str(first)}) as events:
        assert (await anext(events))["id"] == f"{second},{first}", "who comes again is given what was missed"


async def test_what_comes_right_behind_another_post_is_not_kept_waiting(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.2)
    monkeypatch.setattr(live, "PATIENCE", 60.0)
    await village.person("alice")
    async with asyncio.timeout(10), stream(someone, "/wall/talk/events") as events:
        for words in ("first", "second", "third"):
            await village.says("alice", f"{words} #talk")
            async with village.store.unit() as unit:
                unit.ring()
            while words not in (await anext(events))["data"]:
                pass  # what was missed and what comes may overlap; a page shows it once


async def test_protected_posts_are_on_no_wall(village: Village, someone: Browser) -> None:
    await village.person("shy", protected=True)
    await village.says("shy", "between us #talk")
    await someone.open("/wall/talk")
    assert "between us" not in someone.html


async def test_only_so_many_may_look_from_one_address(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_OF_ONE", 1)
    async with asyncio.timeout(10), stream(someone, "/wall/talk/events"):
        assert await someone.open("/wall/talk/events") == 503


async def test_a_browser_that_has_gone_makes_room_though_nothing_happens(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_OF_ONE", 1)
    for _ in range(3):
        async with asyncio.timeout(10):
            while not await _may_look(someone, "/wall/talk/events"):  # noqa: ASYNC110 - it is noticed at the next look
                await asyncio.sleep(0.02)


async def _may_look(someone: Browser, path: str) -> bool:
    """Whether a stream begins there; it is left at once."""
    async with someone._session.get(path) as answer:
        answer.close()
        return answer.status == 200


async def test_what_is_deleted_goes_from_the_wall_at_once_and_for_who_comes_again(
    village: Village, someone: Browser
) -> None:
    await village.person("alice")
    first, second, third = [await village.says("alice", f"{words} #talk") for words in ("one", "two", "three")]
    await someone.open("/wall/talk")
    address = someone.find("//*[@data-live]")[0].get("data-live")
    async with asyncio.timeout(10), stream(someone, address) as events:
        await village.deletes(second)
        async with village.store.unit() as unit:
            unit.ring()
        event = await anext(events)
        assert event == {"id": f"{third},{first}", "data": f'<i data-gone="{second}"></i>'}
        await village.is_suspended("alice")
        async with village.store.unit() as unit:
            unit.ring()
        assert (await anext(events))["data"] == f'<i data-gone="{third} {first}"></i>'
    async with asyncio.timeout(10), stream(someone, address) as events:
        assert (await anext(events))["data"] == f'<i data-gone="{third} {second} {first}"></i>'


async def test_what_only_makes_room_on_a_wall_is_not_gone(village: Village, someone: Browser) -> None:
    await village.person("alice")
    for number in range(14):
        await village.says("alice", f"{number} #talk")
    await someone.open("/wall/talk")
    address = someone.find("//*[@data-live]")[0].get("data-live")
    async with asyncio.timeout(10), stream(someone, address) as events:
        await village.says("alice", "new #talk")
        async with village.store.unit() as unit:
            unit.ring()
        event = await anext(events)
    assert "new" in event["data"]
    assert event["id"].count(",") == 11


@pytest.mark.parametrize("last", ["", "x", "0", ",,", "9" * 40, "x,y"])
async def test_a_browser_may_say_anything_of_what_it_had_last(village: Village, someone: Browser, last: str) -> None:
    await village.person("alice")
    await village.says("alice", "one #talk")
    newest = await village.says("alice", "two #talk")
    async with asyncio.timeout(10), stream(someone, f"/wall/talk/events?last={last}") as events:
        while True:
            event = await anext(events)
            if event["id"].startswith(str(newest)):
                break


async def test_streams_end_when_the_daemon_does(village: Village, site: Site) -> None:
    nobody = Nobody()
    app = build_app(WebDeps(village.store, site, nobody, nobody.record, lambda: NOW + timedelta(days=1)))
    async with asyncio.timeout(10):
        async with listening(app, "127.0.0.1", 0, grace=5) as (host, port):
            session = aiohttp.ClientSession(f"http://{host}:{port}")
            answer = await session.get("/wall/talk/events")
            assert answer.status == 200
        assert await answer.content.read() == b""
        await session.close()


async def test_a_private_sites_wall_is_for_its_members(village: Village, site: Site) -> None:
    async with visited(village.store, replace(site, private=True)) as session:
        someone = Browser(session)
        assert await someone.open("/wall/talk") == 403
        assert await someone.open("/wall/talk/events") == 403
