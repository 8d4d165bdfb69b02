"""How people come: invitations, mail domains, and whom everybody new follows."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from gateway.service.site import Site
from store import accounts, default_follows, follows, routes
from tests.web.admins import an_admin, log_of
from tests.web.browsing import Browser, letters, link_in, log_in, visited, with_mail
from tests.web.village import Village

PHONE = "+15550001234"


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
            assert "It gets a link to prove" in someone.text
            assert "code" not in someone.text, "nothing is texted here"
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
