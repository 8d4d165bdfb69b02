"""The pages of those who look after the site: nobody else gets to them, and what is done there stands in the log."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import insert

from gateway.domain.types import Channel
from gateway.service import counting, joining, operating, visiting
from gateway.service.auditing import Actor
from gateway.service.site import Site
from gateway.web.admin import log, members, queue
from gateway.web.app import WebDeps, build_app
from store import accounts, addresses, audit, day_counts, default_follows, deliveries, follows, reports, routes
from store.audit import AuditRow
from store.schema import deliveries as deliveries_table
from store.unit import Store
from tests.web.browsing import Browser, letters, link_in, log_in, visited, with_mail
from tests.web.village import NOW, Nobody, Village

PHONE = "+15550001234"
ME = Actor("root")


async def an_admin(village: Village, browser: Browser, name: str = "ada") -> Browser:
    """Somebody who looks after the site, logged in."""
    account_id = await with_mail(village, name)
    async with village.store.unit() as unit:
        await accounts.set_admin(unit, account_id, True)
    await log_in(village, browser, name)
    return browser


@pytest.fixture
async def ada(village: Village, someone: Browser) -> Browser:
    return await an_admin(village, someone)


async def log_of(store: Store) -> list[tuple[str, str, str, str]]:
    """The audit log, oldest first: door, who, act and about whom of each entry."""
    return [(each.door, each.who, each.act, each.about) for each in await entries(store)]


async def entries(store: Store) -> list[AuditRow]:
    async with store.reading() as reading:
        return await audit.page(reading, after=0, most=1000)


def admin_routes(store: Store, site: Site) -> list[tuple[str, str]]:
    """The method and an address of every route below /admin."""
    nobody = Nobody()
    app = build_app(WebDeps(store, site, nobody, nobody.record, lambda: NOW))
    found = []
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith("/admin"):
            found.append((route.method, path.replace("{member}", "1").replace("{state}", "lost")))
    return found


# ---- who is let in


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
    await village.says("ada", "hello")
    for method, path in admin_routes(village.store, site):
        if method == "GET":
            at = path.replace("/members/1", f"/members/{village.ids['ada']}")
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


# ---- members


async def test_members_are_found_by_name_phone_and_mail_and_leafed_through(
    ada: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alice", "alina", "bob"):
        await with_mail(village, name)
    async with village.store.unit() as unit:
        await joining.give_address(unit, village.ids["bob"], Channel.SMS, PHONE, how="operator", now=NOW)
        await accounts.set_suspended(unit, village.ids["alina"], NOW)

    async def found(query: str) -> list[str]:
        await ada.open(f"/admin/members?{query}")
        return [each.text for each in ada.find("//tbody//th/a")]

    assert await found("") == ["bob", "alina", "alice", "ada"]
    assert await found("q=al") == ["alina", "alice"]
    assert await found("q=@Alice") == ["alice"]
    await village.person("007")
    assert await found("q=007") == ["007"]
    assert await found("q=(555) 000-1234") == ["bob"]
    assert await found("q=0001234") == ["bob"]
    assert await found("q=bob@mail.example") == ["bob"]
    assert await found("q=%25") == []
    assert await found("which=suspended") == ["alina"]
    assert await found("which=admins") == ["ada"]
    assert await ada.open("/admin/members?which=rich") == 404
    monkeypatch.setattr(members, "PAGE", 3)
    assert await found("q=mail.example") == ["bob", "alina", "alice"]
    await ada.open(ada.find("//a[@rel='next']")[0].get("href"))
    assert [each.text for each in ada.find("//tbody//th/a")] == ["ada"]


async def test_addresses_are_masked_until_they_are_asked_for_and_that_is_written_down(
    ada: Browser, village: Village
) -> None:
    bob = await with_mail(village, "bob")
    async with village.store.unit() as unit:
        await joining.give_address(unit, bob, Channel.SMS, PHONE, how="operator", now=NOW)
    await ada.open(f"/admin/members/{bob}")
    assert PHONE not in ada.html
    assert "bob@mail.example" not in ada.html
    assert "+1555…34" in ada.text
    assert "b…@mail.example" in ada.text
    await ada.submit(f"/admin/members/{bob}/addresses")
    assert PHONE in ada.html
    assert "bob@mail.example" in ada.html
    assert await log_of(village.store) == [("web", "ada", "member.see", "bob")]
    other = await an_admin(village, Browser(ada._session), "otto")
    await other.open(f"/admin/members/{bob}")
    assert PHONE not in other.html, "who has not asked does not see"


async def test_what_an_administrator_asked_to_see_is_masked_again_after_a_while(village: Village, site: Site) -> None:
    bob = await with_mail(village, "bob")
    async with visited(village.store, site) as session:
        ada = await an_admin(village, Browser(session))
        async with village.store.unit() as unit:
            long_ago = NOW - timedelta(minutes=11)
            about = {"about_id": bob, "about": "bob"}
            who = {"door": "web", "who_id": village.ids["ada"], "who": "ada"}
            await audit.add(unit, at=long_ago, act="member.see", **who, **about)
        await ada.open(f"/admin/members/{bob}")
        assert "bob@mail.example" not in ada.html


async def test_a_member_is_suspended_and_restored(ada: Browser, village: Village) -> None:
    bob = await with_mail(village, "bob")
    theirs = Browser(ada._session)
    await log_in(village, theirs, "bob")
    await ada.open(f"/admin/members/{bob}")
    await ada.submit(f"/admin/members/{bob}/suspend", why="sells\nthings")
    assert "They are suspended." in ada.text
    await theirs.open("/home")
    assert theirs.path == "/login"
    await ada.submit(f"/admin/members/{bob}/restore")
    assert "They take part again." in ada.text
    await theirs.open("/home")
    assert theirs.path == "/home"
    assert [(each.act, each.about, each.words) for each in await entries(village.store)] == [
        ("member.suspend", "bob", "sells things"),
        ("member.restore", "bob", ""),
    ]
    assert "sells things" in ada.text, "their page says what was done about them"


async def test_what_was_so_already_is_not_written_down_twice(ada: Browser, village: Village) -> None:
    bob = await with_mail(village, "bob")
    await ada.open(f"/admin/members/{bob}")
    word = ada.find("//input[@name='csrf']")[0].get("value")
    for path, fields in (
        ("suspend", {}),
        ("suspend", {}),
        ("restore", {}),
        ("restore", {}),
        ("admin", {"admin": "yes"}),
        ("admin", {"admin": "yes"}),
        ("log-out", {}),
    ):
        assert await ada.post(f"/admin/members/{bob}/{path}", csrf=word, **fields) == 200
    acts = [act for _, _, act, _ in await log_of(village.store)]
    assert acts == ["member.suspend", "member.restore", "member.admin"]


async def test_somebody_is_made_an_administrator_and_the_last_one_stays_one(ada: Browser, village: Village) -> None:
    bob, me = await with_mail(village, "bob"), village.ids["ada"]
    await ada.open(f"/admin/members/{me}")
    assert await ada.submit(f"/admin/members/{me}/admin") == 422
    assert "Nobody would look after the site" in ada.text
    assert await ada.submit(f"/admin/members/{me}/suspend") == 422
    assert "You cannot do that to yourself" in ada.text
    await ada.open(f"/admin/members/{bob}")
    await ada.submit(f"/admin/members/{bob}/admin")
    assert "They look after the site from now on" in ada.text
    await ada.open(f"/admin/members/{me}")
    await ada.submit(f"/admin/members/{me}/admin")
    assert ada.path == "/home"
    assert await ada.open("/admin") == 404
    assert [each[2:] for each in await log_of(village.store)] == [("member.admin", "bob"), ("member.no-admin", "ada")]


async def test_a_member_is_logged_out_everywhere(ada: Browser, village: Village) -> None:
    bob = await with_mail(village, "bob")
    browsers = [Browser(ada._session), Browser(ada._session)]
    for each in browsers:
        await log_in(village, each, "bob")
    await ada.open(f"/admin/members/{bob}")
    assert "(2 browsers)" in ada.text
    await ada.submit(f"/admin/members/{bob}/log-out")
    for each in browsers:
        await each.open("/home")
        assert each.path == "/login"
    assert [(each.act, each.words) for each in await entries(village.store)] == [("member.log-out", "2")]


async def test_a_mailbox_that_could_not_be_reached_is_written_to_again(ada: Browser, village: Village) -> None:
    bob = await with_mail(village, "bob")
    async with village.store.unit() as unit:
        mailbox = await addresses.find(unit, Channel.EMAIL, "bob@mail.example")
        assert mailbox
        await addresses.mark_dead(unit, mailbox.id, "no such user", now=NOW)
    await ada.open(f"/admin/members/{bob}")
    assert "could not be reached" in ada.text
    await ada.submit(f"/admin/members/{bob}/resume")
    assert "It is written to again." in ada.text
    async with village.store.reading() as reading:
        account = await accounts.by_id(reading, bob)
        assert account
        assert account.mail_id == mailbox.id
    word = ada.find("//input[@name='csrf']")[0].get("value")
    assert await ada.post(f"/admin/members/{bob}/resume", csrf=word, which=str(mailbox.id)) == 422
    assert await ada.post(f"/admin/members/{bob}/resume", csrf=word, which="mine") == 400
    assert [each[2:] for each in await log_of(village.store)] == [("member.resume", "bob")]


async def test_what_somebody_stopped_themselves_is_not_started_for_them(ada: Browser, village: Village) -> None:
    bob = await with_mail(village, "bob")
    async with village.store.unit() as unit:
        mailbox = await addresses.find(unit, Channel.EMAIL, "bob@mail.example")
        assert mailbox
        await addresses.opt_out(unit, mailbox.id, now=NOW)
    await ada.open(f"/admin/members/{bob}")
    assert "stopped by its owner" in ada.text
    assert not ada.find(f"//form[@action='/admin/members/{bob}/resume']")
    word = ada.find("//input[@name='csrf']")[0].get("value")
    assert await ada.post(f"/admin/members/{bob}/resume", csrf=word, which=str(mailbox.id)) == 422


async def test_a_member_is_deleted_by_whoever_types_the_name(ada: Browser, village: Village) -> None:
    bob, me = await with_mail(village, "bob"), village.ids["ada"]
    await village.says("bob", "still here")
    theirs = Browser(ada._session)
    await log_in(village, theirs, "bob")
    await ada.open(f"/admin/members/{bob}/delete")
    assert await ada.submit(f"/admin/members/{bob}/delete", name="rob") == 422
    assert ada.find("//input[@name='name'][@aria-invalid='true'][@aria-describedby='problem']")
    await ada.submit(f"/admin/members/{bob}/delete", name=" @Bob ")
    assert ada.path == "/admin/members"
    assert "The account is deleted" in ada.text
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "bob") is None
        assert await visiting.of(reading, bob, now=NOW) == []
    assert await ada.open(f"/admin/members/{bob}") == 404
    await ada.open(f"/admin/members/{me}/delete")
    assert await ada.submit(f"/admin/members/{me}/delete", name="ada") == 422
    assert [each[2:] for each in await log_of(village.store)] == [("member.delete", "bob")]


async def test_a_phone_that_only_follows_has_a_number_for_a_name(ada: Browser, village: Village) -> None:
    async with village.store.unit() as unit:
        phone = await addresses.find_or_add(unit, Channel.SMS, PHONE, now=NOW)
        nameless = await joining.join_to_follow(unit, phone, words="FOLLOW ada", now=NOW)
    await ada.open("/admin/members?which=followers")
    assert [each.text for each in ada.find("//tbody//th/a")] == [f"#{nameless}"]
    await ada.open(f"/admin/members/{nameless}")
    assert "only follows" in ada.text
    assert not ada.find(f"//form[@action='/admin/members/{nameless}/admin']")
    await ada.open(f"/admin/members/{nameless}/delete")
    await ada.submit(f"/admin/members/{nameless}/delete", name=f"#{nameless}")
    assert [each[2:] for each in await log_of(village.store)] == [("member.delete", f"#{nameless}")]


# ---- how people come


@pytest.fixture
async def by_invitation(village: Village, site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    """The site where signing up takes an invitation."""
    async with village.store.unit() as unit:
        await routes.ensure(unit, [site.number])
    async with visited(village.store, replace(site, registration="invite")) as session:
        yield session


async def test_an_invitation_is_made_shown_once_used_and_then_has_served(
    village: Village, by_invitation: aiohttp.ClientSession
) -> None:
    ada = await an_admin(village, Browser(by_invitation))
    await ada.open("/admin/joining")
    await ada.submit("/admin/joining/invite", note="for Dora")
    link = ada.find("//div[@class='done']//code")[0].text
    assert link.startswith("https://birds.example/signup?invite=")
    await ada.open("/admin/joining")
    assert link not in ada.html
    assert "1 of 1" in ada.text
    dora = Browser(by_invitation)
    await dora.open(link.removeprefix("https://birds.example"))
    await dora.submit("/signup", name="dora", address="dora@mail.example")
    [letter] = await letters(village.store, "dora@mail.example")
    await dora.open(link_in(letter))
    await dora.submit(dora.path)
    assert "Log out" in dora.text
    await ada.open("/admin/joining")
    assert "0 of 1" in ada.text
    eve = Browser(by_invitation)
    await eve.open(link.removeprefix("https://birds.example"))
    assert await eve.submit("/signup", name="eve", address="eve@mail.example") == 422
    assert "has served" in eve.text
    assert eve.find("//input[@name='invite'][@aria-invalid='true']")
    async with village.store.reading() as reading:
        account = await accounts.by_name(reading, "dora")
    assert account
    await ada.open(f"/admin/members/{account.id}")
    assert "an invitation of ada for Dora" in ada.text
    assert [each[2:] for each in await log_of(village.store)] == [("invite.add", "invitation 1")]


async def test_without_an_invitation_nobody_comes_in(village: Village, by_invitation: aiohttp.ClientSession) -> None:
    someone = Browser(by_invitation)
    await someone.open("/signup")
    assert await someone.submit("/signup", name="eve", address="eve@mail.example") == 422
    assert await someone.submit("/signup", name="eve", address="eve@mail.example", invite="k7qm2-xrp4t") == 422
    assert someone.find("//input[@name='invite']")[0].get("value") == "k7qm2-xrp4t"
    assert await letters(village.store, "eve@mail.example") == []


async def test_an_invitation_that_is_revoked_lets_nobody_in_any_more(
    village: Village, by_invitation: aiohttp.ClientSession
) -> None:
    ada = await an_admin(village, Browser(by_invitation))
    await ada.open("/admin/joining")
    await ada.submit("/admin/joining/invite", uses="3")
    link = ada.find("//div[@class='done']//code")[0].text.removeprefix("https://birds.example")
    dora = Browser(by_invitation)
    await dora.open(link)
    await dora.submit("/signup", name="dora", address="dora@mail.example")
    await ada.submit("/admin/joining/revoke")
    assert "Nobody can sign up by it any more" in ada.text
    [letter] = await letters(village.store, "dora@mail.example")
    await dora.open(link_in(letter))
    assert await dora.submit(dora.path) == 410
    assert "taken back" in dora.text
    async with village.store.reading() as reading:
        assert await accounts.by_name(reading, "dora") is None
    assert [each[2] for each in await log_of(village.store)] == ["invite.add", "invite.revoke"]


@pytest.mark.parametrize(
    ("field", "value"), [("uses", "0"), ("uses", "ten"), ("uses", "10001"), ("days", "0"), ("days", "366")]
)
async def test_an_invitation_for_nobody_or_for_ever_comes_back(
    ada: Browser, village: Village, field: str, value: str
) -> None:
    await ada.open("/admin/joining")
    assert await ada.submit("/admin/joining/invite", **{field: value}) == 422
    assert ada.find(f"//input[@name='{field}']")[0].get("value") == value
    assert ada.find(f"//input[@name='{field}'][@aria-invalid='true']")
    assert await ada.submit("/admin/joining/invite", note="x" * 141, uses="1", days="1") == 422
    assert await log_of(village.store) == []


async def test_a_code_in_the_address_shows_nothing_that_the_administrator_has_not_made(
    ada: Browser, village: Village
) -> None:
    await ada.open("/admin/joining?code=k7qm2-xrp4t")
    assert not ada.find("//div[@class='done']")


async def test_members_invite_where_they_may_and_see_their_own(village: Village, site: Site) -> None:
    await with_mail(village, "bob")
    limits = replace(site.limits, invites_per_week=2)
    members_may = replace(site, registration="invite", members_invite=True, limits=limits)
    async with visited(village.store, replace(site, registration="invite")) as session:
        bob = Browser(session)
        await log_in(village, bob, "bob")
        assert await bob.open("/invites") == 404
        await bob.open("/settings")
        assert not bob.find("//a[@href='/invites']")
    async with visited(village.store, members_may) as session:
        bob = Browser(session)
        await log_in(village, bob, "bob")
        await bob.open("/settings")
        assert bob.find("//a[@href='/invites']")
        await bob.open("/invites")
        assert await bob.submit("/invites", note="x" * 141) == 422
        await bob.submit("/invites", note="for Dora")
        link = bob.find("//div[@class='done']//code")[0].text
        await bob.submit("/invites", note="for Emil")
        assert await bob.submit("/invites", note="for Fred") == 422
        assert "2 people within a week" in bob.text
        assert bob.find("//input[@name='note']")[0].get("value") == "for Fred"
        await bob.open("/invites")
        assert "for Dora" in bob.text
        await bob.submit("/invites/revoke")
        assert "taken back" in bob.text
        dora = Browser(session)
        await dora.open(link.removeprefix("https://birds.example"))
        await dora.submit("/signup", name="dora", address="dora@mail.example")
        assert await letters(village.store, "dora@mail.example"), "the other one was taken back"
    assert await log_of(village.store) == [], "a member is no administrator"


async def test_people_sign_up_with_an_address_of_the_community_alone(village: Village, site: Site) -> None:
    ours = replace(site, registration="domains", mail_domains=("firm.example", ".school.example"))
    async with visited(village.store, ours) as session:
        someone = Browser(session)
        for address, status in (
            ("eve@mail.example", 422),
            ("eve@sub.firm.example", 422),
            ("eve@school.example", 422),
            ("eve@notschool.example", 422),
            ("eve@mail.example@firm.example", 422),
            (PHONE, 422),
            ("dora@Firm.Example", 200),
            ("emil@a.b.school.example", 200),
        ):
            await someone.open("/signup")
            assert await someone.submit("/signup", name="newcomer", address=address) == status, address
        assert await letters(village.store, PHONE) == []
        assert await letters(village.store, "eve@mail.example") == []
        [letter] = await letters(village.store, "dora@firm.example")
        await someone.open(link_in(letter))
        await someone.submit(someone.path)
        assert "Log out" in someone.text


async def test_a_domain_that_is_taken_off_meanwhile_keeps_out_who_has_not_come_in_yet(
    village: Village, site: Site
) -> None:
    ours = replace(site, registration="domains", mail_domains=("firm.example",))
    async with visited(village.store, ours) as session:
        someone = Browser(session)
        await someone.open("/signup")
        await someone.submit("/signup", name="dora", address="dora@firm.example")
    [letter] = await letters(village.store, "dora@firm.example")
    async with visited(village.store, replace(ours, mail_domains=("other.example",))) as session:
        someone = Browser(session)
        await someone.open(link_in(letter))
        assert await someone.submit(someone.path) == 410
        assert "mail address of this community" in someone.text


async def test_everybody_new_follows_whom_the_operator_chose(ada: Browser, village: Village) -> None:
    await village.person("rita", protected=True)
    await village.person("old")
    await ada.open("/admin/joining")
    assert await ada.submit("/admin/joining/follow", name="nobody") == 422
    assert ada.find("//input[@name='name']")[0].get("value") == "nobody"
    await ada.submit("/admin/joining/follow", name="@Rita", texts="yes")
    assert "by text, too" in ada.text
    dora = Browser(ada._session)
    await dora.open("/signup")
    await dora.submit("/signup", name="dora", address="dora@mail.example")
    [letter] = await letters(village.store, "dora@mail.example")
    await dora.open(link_in(letter))
    await dora.submit(dora.path)
    async with village.store.reading() as reading:
        account = await accounts.by_name(reading, "dora")
        assert account
        edge = await follows.edge(reading, village.ids["rita"], account.id)
        assert edge
        assert (edge.state, edge.texts) == ("accepted", True)
        assert await follows.edge(reading, village.ids["rita"], village.ids["old"]) is None
    await ada.submit("/admin/joining/unfollow")
    async with village.store.reading() as reading:
        assert await default_follows.everyone(reading) == []
    assert [each[2:] for each in await log_of(village.store)] == [("default.add", "rita"), ("default.remove", "rita")]


# ---- reports


async def test_reports_are_read_closed_and_opened_again(ada: Browser, village: Village) -> None:
    bob, carl = await with_mail(village, "bob"), await village.person("carl")
    post = await village.says("carl", "buy this")
    async with village.store.unit() as unit:
        await reports.add(unit, bob, carl, "he sells", post_id=post, now=NOW)
    await ada.open("/admin/reports")
    assert "he sells" in ada.text
    assert ada.find(f"//a[@href='/admin/members/{carl}']")
    assert ada.find(f"//a[@href='/posts/{post}']")
    await ada.submit("/admin/reports/close")
    assert "Nothing is open." in ada.text
    assert "was looked at" in (await letters(village.store, "bob@mail.example"))[-1]
    await ada.open("/admin/reports/all")
    assert "closed" in ada.text
    await ada.submit("/admin/reports/open")
    assert "he sells" in ada.text
    assert [each[2:] for each in await log_of(village.store)] == [("report.close", "carl"), ("report.open", "carl")]


# ---- the queue


async def queued(store: Store, *rows: dict[str, object]) -> None:
    async with store.unit() as unit:
        for number, row in enumerate(rows):
            values = {
                "notice_id": number + 1,
                "channel": "sms",
                "route": 1,
                "lane": number % 6,
                "state": "queued",
                "due_at": NOW - timedelta(minutes=number),
                "queued_at": NOW,
                "reason": "",
            }
            await unit.execute(insert(deliveries_table), values | row)


async def test_the_queue_is_seen_by_age_and_leafed_through_in_order(
    ada: Browser, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = [timedelta(0), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=5), timedelta(days=3)]
    await queued(
        village.store,
        *({"due_at": NOW - age} for age in ages),
        {"due_at": NOW + timedelta(hours=1)},
        {"state": "claimed", "lease_until": NOW},
        {"state": "unsure", "lease_until": NOW},
        {"state": "dead", "settled_at": NOW - timedelta(hours=1), "reason": "no such phone"},
        {"state": "sent", "settled_at": NOW},
    )
    await ada.open("/admin/queue")
    row = next(r for r in ada.find("//tbody/tr") if "+15550009999" in r.text_content())
    assert [cell.text_content() for cell in row.xpath("td")] == ["6", "1", "1", "1", "1", "1", "1", "3 days", "1", "1"]
    monkeypatch.setattr(queue, "PAGE", 4)
    ids, pages = [], 0
    await ada.open("/admin/queue/waiting?route=1")
    while True:
        ids += [each.get("value") for each in ada.find("//form[@action='/admin/queue/drop']//input[@name='which']")]
        pages += 1
        more = ada.find("//a[@rel='next']")
        if not more:
            break
        await ada.open(more[0].get("href"))
    assert pages == 2
    async with village.store.reading() as reading:
        dues = [(await deliveries.by_id(reading, int(each))) for each in ids]
    assert [each.due_at for each in dues if each] == sorted(each.due_at for each in dues if each)
    assert len(dues) == 6
    await ada.open("/admin/queue/going")
    assert "nobody knows" in ada.text
    assert "is being sent" in ada.text
    await ada.open("/admin/queue/lost")
    assert "no such phone" in ada.text


async def table(browser: Browser, path: str) -> list[list[str]]:
    await browser.open(path)
    return [[cell.text_content() for cell in row.xpath("th|td")] for row in browser.find("//tbody/tr")] or [[]]


async def test_what_was_given_up_is_tried_again_and_what_waits_is_dropped(ada: Browser, village: Village) -> None:
    lost = {"state": "dead", "settled_at": NOW, "reason": "no answer"}
    await queued(village.store, lost, lost, lost, {"state": "claimed", "lease_until": NOW})
    await ada.open("/admin/queue/lost")
    which = ada.find("//input[@name='which'][not(@value='all')]")[0].get("value")
    word = ada.find("//input[@name='csrf']")[0].get("value")
    await ada.post("/admin/queue/retry", csrf=word, which=which, next="/admin/queue/lost?done=x")
    assert "It is queued again." in ada.text
    assert ada.path == "/admin/queue/lost"
    await ada.submit("/admin/queue/retry", button="which=all")
    assert "Nothing." in ada.text
    await ada.post("/admin/queue/drop", csrf=word, which=which)
    assert "It is not sent." in ada.text
    await ada.post("/admin/queue/drop", csrf=word, which=which)
    assert "It was on its way already." in ada.text
    assert await ada.post("/admin/queue/drop", csrf=word, which="all") == 400
    async with village.store.reading() as reading:
        dropped = await deliveries.by_id(reading, int(which))
    assert dropped
    assert dropped.reason == "dropped by the operator"
    done = [(each.act, each.words.partition(":")[0]) for each in await entries(village.store)]
    assert done == [("queue.retry", "1"), ("queue.retry", "2"), ("queue.drop", "1")]


async def test_the_queue_is_held_and_released(ada: Browser, village: Village) -> None:
    await ada.open("/admin/queue")
    await ada.submit("/admin/queue/hold")
    assert "The queue is held: messages come in" in ada.text
    await ada.open("/admin")
    assert "The queue is held: messages come in" in ada.text
    await ada.open("/admin/queue")
    await ada.submit("/admin/queue/release")
    assert "The queue is released." in ada.text
    assert [each[2] for each in await log_of(village.store)] == ["queue.hold", "queue.release"]


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
