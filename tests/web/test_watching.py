"""Live pages: what is streamed, who may look, and that a stream ends with the daemon."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import delete, insert, update

from gateway.domain.types import Channel, EmailMode
from gateway.service import choosing, following, joining, reading, stopping, visiting
from gateway.service.site import Site
from gateway.web import live
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from store import accounts, addresses, routes
from store.accounts import AccountRow
from store.bell import hear
from store.schema import deliveries, sessions
from store.unit import Store, Unit
from tests.web.browsing import Browser, log_in, visited, with_mail
from tests.web.village import NOW, Nobody, Village
from tests.wiring import meanwhile

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
    assert "2 × the phone was off or out of reach each time that it was tried (30003)" in alice.text
    assert "1 × there is no such mailbox, or not any more (550 5.1.1)" in alice.text
    assert [each.text for each in alice.find("//li/small")] == ["(30003)", "(550 5.1.1)"]
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
    async with asyncio.timeout(30), stream(alice, address) as events:
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
    async with asyncio.timeout(30), stream(someone, address) as events:
        second = await village.says("alice", "second #talk")
        async with village.store.unit() as unit:
            unit.ring()
        event = await anext(events)
    assert event["id"] == f"{second},{first}"
    assert "second" in event["data"]
    assert "first" not in event["data"]
    async with asyncio.timeout(30), stream(someone, address, **{"Last-Event-ID": str(first)}) as events:
        assert (await anext(events))["id"] == f"{second},{first}", "who comes again is given what was missed"


async def test_what_comes_right_behind_another_post_is_not_kept_waiting(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.2)
    monkeypatch.setattr(live, "PATIENCE", 60.0)
    await village.person("alice")
    async with asyncio.timeout(30), stream(someone, "/wall/talk/events") as events:
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
    async with asyncio.timeout(30), stream(someone, "/wall/talk/events"):
        assert await someone.open("/wall/talk/events") == 503


async def test_a_browser_that_has_gone_makes_room_though_nothing_happens(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_OF_ONE", 1)
    for _ in range(3):
        async with asyncio.timeout(30):
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
    async with asyncio.timeout(30), stream(someone, address) as events:
        await village.deletes(second)
        async with village.store.unit() as unit:
            unit.ring()
        event = await anext(events)
        assert event == {"id": f"{third},{first}", "data": f'<i data-gone="{second}"></i>'}
        await village.is_suspended("alice")
        async with village.store.unit() as unit:
            unit.ring()
        assert (await anext(events))["data"] == f'<i data-gone="{third} {first}"></i>'
    async with asyncio.timeout(30), stream(someone, address) as events:
        assert (await anext(events))["data"] == f'<i data-gone="{third} {second} {first}"></i>'


async def test_what_only_makes_room_on_a_wall_is_not_gone(village: Village, someone: Browser) -> None:
    await village.person("alice")
    for number in range(14):
        await village.says("alice", f"{number} #talk")
    await someone.open("/wall/talk")
    address = someone.find("//*[@data-live]")[0].get("data-live")
    async with asyncio.timeout(30), stream(someone, address) as events:
        await village.says("alice", "new #talk")
        async with village.store.unit() as unit:
            unit.ring()
        event = await anext(events)
    assert "new" in event["data"]
    assert event["id"].count(",") == 11


async def test_whoever_comes_while_a_wall_is_looked_at_misses_nothing_of_what_is_found(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, tag_timeline = 0, reading.tag_timeline
    begun, first_looked, may_read = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slowly(*arguments: Any, **named: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 1:  # for all who look
            begun.set()
            await may_read.wait()
        found = await tag_timeline(*arguments, **named)
        if looks == 2:  # for whoever comes
            first_looked.set()
        return found

    await village.person("alice")
    async with asyncio.timeout(30), stream(someone, "/wall/talk/events") as early:
        await village.says("alice", "old #talk")
        assert "old" in (await anext(early))["data"]
        monkeypatch.setattr(reading, "tag_timeline", slowly)
        await begun.wait()
        async with stream(someone, "/wall/talk/events") as late:
            await first_looked.wait()
            await village.says("alice", "meanwhile #talk")
            may_read.set()
            while "meanwhile" not in (await anext(late))["data"]:
                pass  # what it knows already may come twice


@pytest.mark.parametrize("last", ["", "x", "0", ",,", "9" * 40, "x,y"])
async def test_a_browser_may_say_anything_of_what_it_had_last(village: Village, someone: Browser, last: str) -> None:
    await village.person("alice")
    await village.says("alice", "one #talk")
    newest = await village.says("alice", "two #talk")
    async with asyncio.timeout(30), stream(someone, f"/wall/talk/events?last={last}") as events:
        while True:
            event = await anext(events)
            if event["id"].startswith(str(newest)):
                break


async def test_streams_end_when_the_daemon_does(village: Village, site: Site) -> None:
    nobody = Nobody()
    app = build_app(WebDeps(village.store, site, nobody, nobody.record, lambda: NOW + timedelta(days=1)))
    async with asyncio.timeout(30):
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


# ---- streams that are for members only


async def logs_out(alice: Browser, village: Village) -> None:
    await alice.submit("/logout")


async def is_logged_out_elsewhere(alice: Browser, village: Village) -> None:
    async with village.store.unit() as unit:
        await visiting.end_all(unit, village.ids["alice"])


async def is_suspended(alice: Browser, village: Village) -> None:
    await village.is_suspended("alice")


async def is_deleted(alice: Browser, village: Village) -> None:
    async with village.store.unit() as unit:
        await joining.delete_account(unit, village.ids["alice"], now=NOW)


LEAVING = (logs_out, is_logged_out_elsewhere, is_suspended, is_deleted)


@pytest.fixture
async def private(village: Village, site: Site) -> AsyncIterator[Browser]:
    """Alice, logged in to a private site."""
    await with_mail(village, "alice")
    await village.person("bob")
    async with village.store.unit() as unit:
        await routes.ensure(unit, [site.number])
    async with visited(village.store, replace(site, private=True)) as session:
        browser = Browser(session)
        await log_in(village, browser, "alice")
        yield browser


@pytest.mark.parametrize("goes", LEAVING)
async def test_a_private_sites_stream_ends_at_once_for_whoever_is_no_longer_logged_in(
    private: Browser,
    village: Village,
    goes: Callable[[Browser, Village], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "PATIENCE", 60.0)
    await private.open("/wall/talk")
    async with asyncio.timeout(30), stream(private, "/wall/talk/events") as events:
        await private.open("/settings")
        await goes(private, village)
        assert await anext(events) == {"event": "over", "data": "over"}
        assert await anext(events, None) is None, "and nothing comes after it"


@pytest.mark.parametrize("goes", LEAVING)
async def test_the_page_of_a_delivery_does_not_move_for_whoever_is_no_longer_logged_in(
    alice: Browser,
    village: Village,
    goes: Callable[[Browser, Village], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "PATIENCE", 60.0)
    post = await village.says("alice", "hello")
    await queued(village.store, post, {"channel": "email"})
    await alice.open(f"/@alice/{post}/delivery")
    address = alice.find("//*[@data-live]")[0].get("data-live")
    async with asyncio.timeout(30), stream(alice, address) as events:
        await alice.open("/settings")
        await goes(alice, village)
        assert await anext(events) == {"event": "over", "data": "over"}
        assert await anext(events, None) is None


async def test_what_would_be_shown_next_is_not_though_no_bell_told_that_a_session_ended(
    private: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE", 60.0)
    another = Browser(private._session)
    await with_mail(village, "carol")
    await log_in(village, another, "carol")
    async with asyncio.timeout(30), stream(private, "/wall/talk/events") as hers:
        async with stream(another, "/wall/talk/events") as others:
            async with village.store.unit() as unit:
                await unit.execute(delete(sessions).where(sessions.c.account_id == village.ids["alice"]))
            await village.says("bob", "between members #talk")
            async with village.store.unit() as unit:
                unit.ring()
            assert "between members" in (await anext(others))["data"]
        assert await anext(hers) == {"event": "over", "data": "over"}
        assert await anext(hers, None) is None


async def test_nothing_is_sent_while_nobody_can_tell_who_may_see_it_and_all_of_it_after(
    private: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Semaphore(0)

    async def cannot_tell(*_: Any, **__: Any) -> frozenset[int]:
        asked.release()
        raise OSError

    async with asyncio.timeout(30), stream(private, "/wall/talk/events") as events:
        await village.says("bob", "zero #talk")
        assert "zero" in (await anext(events))["data"], "it has begun"
        for words in ("one", "two", "three"):
            with monkeypatch.context() as away:
                away.setattr(visiting, "still_open", cannot_tell)
                await village.says("bob", f"{words} #talk")
                for _ in range(3):
                    await asked.acquire()
                if words == "three":
                    await is_logged_out_elsewhere(private, village)
            told = (await anext(events))["data"]
            while "zero" in told:
                told = (await anext(events))["data"]  # what was missed while it began may come twice
            assert told == "over" if words == "three" else words in told


async def test_a_stream_that_cannot_begin_breaks_off_and_has_no_page_in_it(
    private: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cannot_tell(*_: Any, **__: Any) -> frozenset[int]:
        raise OSError

    monkeypatch.setattr(visiting, "still_open", cannot_tell)
    async with asyncio.timeout(30):
        with pytest.raises(aiohttp.ClientPayloadError):
            async with stream(private, "/wall/talk/events") as events:
                assert await anext(events, None) is None


async def test_what_waits_for_a_slow_browser_is_not_sent_when_its_session_has_ended() -> None:
    queue: asyncio.Queue[live.Event | None] = asyncio.Queue(2)
    assert live._put(queue, live.Event("1", "between members"))
    assert live._put(queue, live.Event("2", "between members"))
    live._end(queue, live._OVER)
    assert (queue.get_nowait(), queue.empty()) == (live._OVER, True)


async def test_a_session_that_ends_in_another_daemon_ends_the_stream_here(
    private: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Store(village.store.url.render_as_string(hide_password=False))
    if not there.is_sqlite:  # it rings by NOTIFY; daemons on one file look by themselves
        monkeypatch.setattr(live, "PATIENCE", 60.0)
    try:
        async with (
            meanwhile(hear(village.store)),
            asyncio.timeout(30),
            stream(private, "/wall/talk/events") as events,
        ):
            async with there.unit() as unit:
                await visiting.end_all(unit, village.ids["alice"])
            assert await anext(events) == {"event": "over", "data": "over"}
    finally:
        await there.close()


async def test_a_session_that_grew_too_old_ends_the_stream(village: Village, site: Site) -> None:
    await with_mail(village, "alice")
    clock = [NOW]
    nobody = Nobody()
    app = build_app(WebDeps(village.store, replace(site, private=True), nobody, nobody.record, lambda: clock[0]))
    async with (
        listening(app, "127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession(f"http://{host}:{port}") as session,
    ):
        browser = Browser(session)
        async with village.store.unit() as unit:
            await visiting.open_session(unit, site, village.ids["alice"], secret="s", device="", now=NOW)
        browser.cookies["__Host-birdwire"] = "s"
        async with asyncio.timeout(30), stream(browser, "/wall/talk/events") as events:
            clock[0] += visiting.KEPT
            assert await anext(events) == {"event": "over", "data": "over"}


async def test_a_public_wall_goes_on_for_whoever_logs_out(alice: Browser, village: Village) -> None:
    async with asyncio.timeout(30), stream(alice, "/wall/talk/events") as events:
        await alice.open("/settings")
        await alice.submit("/logout")
        await village.says("alice", "for all #talk")
        assert "for all" in (await anext(events))["data"]


async def test_what_becomes_protected_goes_from_the_wall_at_once(
    village: Village, someone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE", 60.0)
    await village.person("bob")
    post = await village.says("bob", "for all, as yet #talk")
    await someone.open("/wall/talk")
    address = someone.find("//*[@data-live]")[0].get("data-live")
    async with asyncio.timeout(30), stream(someone, address) as events:
        await village.becomes_protected("bob")
        assert (await anext(events))["data"] == f'<i data-gone="{post}"></i>'
