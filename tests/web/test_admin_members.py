"""Members below /admin: found, looked at, and what is done about them stands in the log."""

from datetime import timedelta

import pytest

from gateway.domain.types import Channel
from gateway.service import joining, visiting
from gateway.service.site import Site
from gateway.web.admin import members
from store import accounts, addresses, audit
from tests.web.admins import an_admin, entries, log_of
from tests.web.browsing import Browser, log_in, visited, with_mail
from tests.web.village import NOW, Village

PHONE = "+15550001234"


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
    assert "+1 555-000-1234" in ada.text
    assert "bob@mail.example" in ada.html
    assert await log_of(village.store) == [("web", "ada", "member.see", "bob")]
    other = await an_admin(village, Browser(ada._session), "otto")
    await other.open(f"/admin/members/{bob}")
    assert "+1 555-000-1234" not in other.text, "who has not asked does not see"


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
