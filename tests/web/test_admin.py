"""The pages of those who look after the site: who is let in, what they see first, and the log of what they did."""

from datetime import timedelta
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from limits import RateLimitItemPerMinute
from sqlalchemy import insert

from gateway.service import auditing, counting, operating
from gateway.service.auditing import Act, Actor
from gateway.service.site import Site
from gateway.web.admin import log
from gateway.web.app import WebDeps, build_app
from store import accounts, audit, day_counts, reports
from store.schema import deliveries as deliveries_table
from store.unit import Store
from tests.web.admins import log_of, table
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import NOW, Nobody, Village

ME = Actor("root")


def admin_routes(store: Store, site: Site) -> list[tuple[str, str]]:
    """The method and an address of every route below /admin."""
    nobody = Nobody()
    app = build_app(WebDeps(store, site, nobody, nobody.record, lambda: NOW))
    found = []
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith("/admin"):
            path = path.replace("{member}", "1").replace("{state}", "lost").replace("{post}", "1")
            found.append((route.method, path))
    return found


async def test_nobody_else_finds_anything_below_admin(
    village: Village, site: Site, site_open: aiohttp.ClientSession
) -> None:
    member, stranger = Browser(site_open), Browser(site_open)
    await with_mail(village, "bob")
    await log_in(village, member, "bob")
    paths = admin_routes(village.store, site)
    assert len(paths) > 30
    for browser in (member, stranger):
        await browser.open("/login" if browser is stranger else "/home")
        word = browser.find("//input[@name='csrf']")[0].get("value")
        for method, path in [*paths, ("GET", "/admin/"), ("GET", "/admin/nothing"), ("POST", "/admin/queue")]:
            status = await (browser.post(path, csrf=word) if method == "POST" else browser.open(path))
            assert status == 404, (method, path)
            assert "Administration" not in browser.html
        assert await browser.open("/admin/queue/hold") == 404, "not even which method it takes is told"
    async with village.store.reading() as reading:
        assert await audit.page(reading, after=0, most=10) == []


async def test_every_page_opens_for_an_administrator_and_draws_without_styles(
    ada: Browser, village: Village, site: Site
) -> None:
    post = await village.says("ada", "hello")
    for method, path in admin_routes(village.store, site):
        if method == "GET":
            at = path.replace("/members/1", f"/members/{village.ids['ada']}").replace("/posts/1", f"/posts/{post}")
            assert await ada.open(at) == 200, path
            assert not ada.find("//*[@style]"), path
            assert len(ada.find("//script")) == 1, path
            assert ada.find("//h1"), path


async def test_a_form_of_somebody_elses_does_nothing(ada: Browser, village: Village) -> None:
    for path in ("/admin/queue/hold", f"/admin/members/{village.ids['ada']}/log-out", "/admin/joining/invite"):
        assert await ada.post(path, csrf="x" * 24) == 403
    assert await log_of(village.store) == []


async def test_who_looks_after_the_site_no_longer_is_out_at_once(ada: Browser, village: Village) -> None:
    async with village.store.unit() as unit:
        await accounts.set_admin(unit, village.ids["ada"], False)
    assert await ada.open("/admin") == 404
    await ada.open("/home")
    assert not ada.find("//a[@href='/admin']")


# ---- the overview


async def test_the_overview_says_how_it_stands_and_how_the_month_went(
    ada: Browser, village: Village, site: Site
) -> None:
    village.clock = NOW - timedelta(minutes=40)
    for words in ("one", "two", "three"):
        await village.says("ada", words)
    async with village.store.unit() as unit:
        while await counting.count_posts(unit, site, now=NOW):
            pass
        await counting.add_sent(unit, site, {"sms": 1200, "email": 34}, now=NOW)
        await day_counts.add(unit, {("2026-11-20", "texts lost"): 7})
        row = {"address_id": 1, "channel": "sms", "route": 1, "lane": 0, "state": "queued", "queued_at": NOW}
        notice = {"notice_id": 1, "due_at": NOW - timedelta(minutes=7)}
        await unit.execute(insert(deliveries_table), row | notice)
        await reports.add(unit, village.ids["ada"], village.ids["ada"], "", post_id=None, now=NOW)
    await ada.open("/admin")
    tiles = {
        " ".join(tile.xpath("dt")[0].text_content().split()): " ".join(tile.xpath("dd")[0].text_content().split())
        for tile in ada.find("//dl[@class='tiles']/div")
    }
    assert tiles["Members"] == "1"
    assert tiles["Posts today"] == "3"
    assert tiles["Sent today"] == "1,234"
    assert tiles["The oldest is late by"] == "7 minutes"
    assert tiles["Open reports"] == "1"
    assert len(ada.find("//svg//*[local-name()='rect']")) == 90
    rows = [[cell.text_content() for cell in row.xpath("th|td")] for row in ada.find("//details//tbody/tr")]
    assert rows[0] == ["2026-11-22", "3", "1,200", "34", "0"]
    assert rows[2] == ["2026-11-20", "0", "0", "0", "7"]
    assert len(rows) == 30


# ---- the log


async def test_the_log_is_leafed_through_and_confined_to_one_member(
    ada: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await with_mail(village, "bob")
    async with village.store.unit() as unit:
        for _ in range(3):
            await operating.hold(unit, ME, now=NOW)
            await operating.release(unit, ME, now=NOW)
    await ada.open(f"/admin/members/{bob}")
    await ada.submit(f"/admin/members/{bob}/suspend", why="<b>bold</b>")
    monkeypatch.setattr(log, "PAGE", 4)
    first = await table(ada, "/admin/audit")
    assert len(first) == 4
    assert first[0][1:] == ["ada", "suspended bob", "<b>bold</b>"]
    assert first[1][1] == "root on the command line"
    rest = await table(ada, ada.find("//a[@rel='next']")[0].get("href"))
    assert len(rest) == 3
    assert not ada.find("//a[@rel='next']")
    assert len(await table(ada, f"/admin/audit?about={bob}")) == 1


def test_every_handler_below_admin_is_guarded_by_the_door(village: Village, site: Site) -> None:
    nobody = Nobody()
    app: web.Application = build_app(WebDeps(village.store, site, nobody, nobody.record, lambda: NOW))
    for route in app.router.routes():
        if route.resource is not None and route.resource.canonical.startswith("/admin"):
            assert route.handler.__qualname__.startswith("_guarded"), route


NASTY = [
    "\x00",
    "%00",
    "\ud800",
    "x" * 5000,
    "-1",
    "9" * 18,
    "9" * 30,
    "١٢",
    "<script>",
    "' OR 1=1 --",
    "a\r\nb",
    "🐦",
    "%",
    "_",
]


async def test_whatever_is_typed_gets_an_answer(
    ada: Browser, village: Village, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.web.desk.ACTS", RateLimitItemPerMinute(10_000))
    bob = await with_mail(village, "bob")
    post = await village.says("bob", "hello")
    await ada.open("/admin/joining")
    word = ada.find("//input[@name='csrf']")[0].get("value")
    for nasty in NASTY:
        typed = nasty.encode(errors="replace").decode()
        escaped = quote(nasty.encode(errors="surrogatepass"))
        for path in (
            "/admin/members?q=",
            "/admin/members?which=",
            "/admin/members?before=",
            "/admin/members/",
            "/admin/joining?code=",
            "/admin/joining?before=",
            "/admin/reports?after=",
            "/admin/reports/all?before=",
            "/admin/queue/waiting?route=",
            "/admin/queue/waiting?from=1-",
            "/admin/queue/lost?from=",
            "/admin/queue/going?from=99999999999999999-",
            "/admin/cost?month=",
            "/admin/audit?about=",
            "/admin/audit?before=",
            "/invites?code=",
            "/signup?invite=",
            "/admin/posts/",
            f"/admin/posts/{post}?report=",
            "/search?q=",
        ):
            assert await ada.open(f"{path}{escaped}") < 500, (path, nasty)
        for path, field in (
            ("/admin/joining/invite", "note"),
            ("/admin/joining/invite", "uses"),
            ("/admin/joining/invite", "days"),
            ("/admin/joining/revoke", "which"),
            ("/admin/joining/follow", "name"),
            ("/admin/joining/unfollow", "which"),
            ("/admin/reports/close", "which"),
            ("/admin/reports/open", "which"),
            ("/admin/queue/retry", "which"),
            ("/admin/queue/drop", "which"),
            ("/admin/queue/release", "next"),
            (f"/admin/members/{bob}/admin", "admin"),
            (f"/admin/members/{bob}/resume", "which"),
            (f"/admin/members/{bob}/delete", "name"),
            (f"/admin/members/{bob}/suspend", "why"),
            (f"/admin/members/{bob}/restore", "why"),
            (f"/admin/posts/{post}/remove", "why"),
            ("/@bob/report", "post"),
        ):
            assert await ada.post(path, csrf=word, **{field: typed}) < 500, (path, field, nasty)
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "bob") is not None


async def test_the_log_has_words_for_everything_that_can_be_done(ada: Browser, village: Village) -> None:
    async with village.store.unit() as unit:
        for act in Act:
            await auditing.note(unit, ME, act, "somebody", now=NOW)
    rows = await table(ada, "/admin/audit")
    assert len(rows) == len(Act)
    for row in rows:
        assert row[2].endswith(" somebody")
        assert not any(row[2].startswith(act) for act in Act), row
