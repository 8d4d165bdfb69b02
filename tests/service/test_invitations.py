"""Signing up by text where that takes an invitation; members who invite; and whom everybody new follows."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain import reply, reply_together
from gateway.domain.invite import code_of
from gateway.domain.types import Channel
from gateway.service import assigning, inviting, joining, signing_up
from gateway.service.auditing import Actor
from gateway.service.inviting import Invitation, InvitedTooMany, NotForMembers
from gateway.service.joining import Added, NotInvited
from gateway.service.signing_up import Begun, Finished
from store import accounts, addresses, default_follows, follows, invites, relations
from store.timelines import NEWEST
from tests.service.conversing import Town, number

ME = Actor("root")
ASK, URL = "ops@birds.example", "https://birds.example"


@pytest.fixture
def closed_town(town: Town) -> Town:
    """Where signing up takes an invitation."""
    town.site = replace(town.site, registration="invite")
    return town


async def invitation(town: Town, uses: int = 1, days: int = 14, drawn: int = 7**16) -> Invitation:
    async with town.store.unit() as unit:
        made = await inviting.make(unit, town.site, ME, note="", uses=uses, days=days, number=drawn, now=town.now)
    assert isinstance(made, Invitation)
    return made


async def test_a_phone_joins_by_an_invitation_once(closed_town: Town) -> None:
    made = await invitation(closed_town)
    assert await closed_town.text("alice", "JOIN alice") == reply.registration_closed("invite", ASK, URL)
    assert await closed_town.text("alice", f"JOIN alice {made.code}") == reply.joined("Testville", "alice")
    refused = reply.no_such_invitation(ASK)
    assert await closed_town.text("bob", f"join bob {made.code.upper()}") == refused
    async with closed_town.store.reading() as reading:
        came_by = await invites.came_by(reading, (await closed_town.account("alice")).id)
        assert came_by
        assert (came_by.id, came_by.uses_left) == (made.id, 0)
        assert await accounts.by_name(reading, "bob") is None


async def test_a_name_that_is_taken_uses_no_invitation_up(closed_town: Town) -> None:
    made = await invitation(closed_town, uses=2)
    await closed_town.text("alice", f"JOIN alice {made.code}")
    assert await closed_town.text("bob", f"JOIN alice {made.code}") == reply.name_taken("alice")
    assert await closed_town.text("bob", f"JOIN no-name {made.code}") == reply.not_a_name()
    assert await closed_town.text("bob", f"JOIN bob {made.code}") == reply.joined("Testville", "bob")


async def test_an_invitation_grows_too_old(closed_town: Town) -> None:
    made = await invitation(closed_town, days=2)
    closed_town.now += timedelta(days=2)
    assert await closed_town.text("alice", f"JOIN alice {made.code}") == reply.no_such_invitation(ASK)


async def test_codes_are_not_guessed_for_ever(closed_town: Town) -> None:
    made = await invitation(closed_town)
    for guess in range(5):
        answer = await closed_town.text("mallory", f"JOIN mallory {code_of(guess)}")
        assert answer == reply.no_such_invitation(ASK)
    assert await closed_town.text("mallory", f"JOIN mallory {made.code}") == reply.too_many_tries()
    assert await closed_town.text("alice", f"JOIN alice {made.code}") == reply.joined("Testville", "alice")


async def test_a_phone_that_only_follows_joins_by_an_invitation_and_keeps_what_it_follows(closed_town: Town) -> None:
    made = await invitation(closed_town, uses=2)
    await closed_town.text("alice", f"JOIN alice {made.code}")
    await closed_town.text("reader", "FOLLOW alice")
    assert await closed_town.text("reader", f"JOIN rita {made.code}") == reply.named("rita")
    assert await closed_town.text("reader", "FOLLOWING") == "You follow 1: alice"


async def test_where_anybody_may_join_a_code_is_not_even_looked_at(town: Town) -> None:
    assert await town.text("alice", f"JOIN alice {code_of(1)}") == reply.joined("Testville", "alice")


@pytest.mark.parametrize("mode", ["domains", "closed"])
async def test_where_nobody_joins_by_text_no_code_helps(town: Town, mode: str) -> None:
    made = await invitation(town)
    town.site = replace(town.site, registration=mode)
    answer = await town.text("alice", f"JOIN alice {made.code}")
    assert answer == reply.registration_closed(mode, ASK, URL)
    if mode == "domains":
        assert "https://birds.example/signup" in answer


async def test_by_mail_nobody_joins(closed_town: Town) -> None:
    made = await invitation(closed_town)
    assert await closed_town.mail("alice", f"JOIN alice {made.code}") == reply.not_your_mail()


async def test_the_last_place_is_not_given_twice(closed_town: Town) -> None:
    made = await invitation(closed_town)
    site, store = closed_town.site, closed_town.store

    async def join(name: str) -> object:
        async with store.unit() as unit:
            phone = await addresses.find_or_add(unit, "sms", number(name), now=closed_town.now, route=2)
            return await joining.join(unit, site, phone, name, words="JOIN", now=closed_town.now, code=made.code)

    outcomes = await asyncio.gather(*(join(name) for name in ("alice", "bob", "carol")))
    assert sum(isinstance(each, NotInvited) for each in outcomes) == 2
    async with store.reading() as reading:
        assert len([each for each in await accounts.page(reading) if each.name]) == 1


async def test_a_member_invites_by_text_where_members_may(closed_town: Town) -> None:
    made = await invitation(closed_town)
    await closed_town.text("alice", f"JOIN alice {made.code}")
    assert await closed_town.text("alice", "INVITE") == reply.registration_closed("invite", ASK, URL)
    limits = replace(closed_town.site.limits, invites_per_week=2)
    closed_town.site = replace(closed_town.site, members_invite=True, limits=limits)
    answer = await closed_town.text("alice", "INVITE")
    code = code_of(int("4821" * 5) % 27**10)
    assert answer == reply_together.invitation_with_code("Testville", "+15550009999", URL, code)
    assert await closed_town.text("bob", f"JOIN bob {code}") == reply.joined("Testville", "bob")
    closed_town.code = "7777"
    await closed_town.text("alice", "INVITE")
    closed_town.code = "8888"
    assert await closed_town.text("alice", "INVITE") == reply_together.too_many_invited(2)
    closed_town.now += timedelta(days=7)
    assert "Pass this on" in await closed_town.text("alice", "INVITE")


async def test_who_has_no_name_invites_nobody(town: Town) -> None:
    await town.join("alice")
    await town.text("reader", "FOLLOW alice")
    town.site = replace(town.site, registration="invite", members_invite=True)
    assert await town.text("reader", "INVITE") == reply.registration_closed("invite", ASK, URL)


async def test_an_administrator_invites_also_where_members_may_not(town: Town) -> None:
    await town.join("alice")
    town.site = replace(town.site, registration="invite")
    async with town.store.unit() as unit:
        alice = await town.account("alice")
        assert isinstance(await inviting.offer(unit, town.site, alice, number=1, now=town.now), NotForMembers)
        ada = replace(alice, admin=True)
        as_ada = Actor("alice", ada.id)
        assert await inviting.make(unit, town.site, as_ada, note="", uses=30, days=1, number=3, now=town.now)
        assert isinstance(await inviting.offer(unit, town.site, ada, number=1, now=town.now), Invitation)
        assert not isinstance(await inviting.offer(unit, town.site, ada, number=2, now=town.now), InvitedTooMany)


async def test_who_leaves_takes_their_invitations_along(town: Town) -> None:
    await town.join("alice")
    alice = await town.account("alice")
    town.site = replace(town.site, registration="invite", members_invite=True)
    async with town.store.unit() as unit:
        made = await inviting.offer(unit, town.site, alice, note="for my sister Dora", number=9, now=town.now)
        assert isinstance(made, Invitation)
        await assigning.add(unit, ME, alice, texts=False, mail=None, now=town.now)
    await town.text("dora", f"JOIN dora {made.code}")
    async with town.store.unit() as unit:
        await joining.delete_account(unit, alice.id, now=town.now)
        await joining.delete_account(unit, (await town.account("dora")).id, now=town.now)
        [left] = await invites.newest(unit, before=NEWEST, most=9)
        assert (left.note, left.maker, left.is_open(town.now)) == ("", "", False)
        assert await default_follows.everyone(unit) == []


# ---- whom everybody new follows


async def test_it_is_applied_at_every_door_once(town: Town) -> None:
    await town.join("rita", "old")
    await town.text("reader", "FOLLOW old")
    rita = await town.account("rita")
    async with town.store.unit() as unit:
        await accounts.set_protected(unit, rita.id, True)
        await assigning.add(unit, ME, rita, texts=True, mail=False, now=town.now)
    await town.join("alice")
    assert await town.text("reader", "JOIN rob") == reply.named("rob")
    async with town.store.unit() as unit:
        added = await joining.add_user(unit, "carol", now=town.now)
        assert isinstance(added, Added)
        begun = await signing_up.begin(
            unit, town.site, "dora", "dora@mail.example", now=town.now, new_code=lambda: "1", secret="s" * 24
        )
        assert isinstance(begun, Begun)
        finished = await signing_up.finish_by_link(unit, town.site, "s" * 24, now=town.now)
        assert isinstance(finished, Finished)
    for name in ("alice", "rob", "carol", "dora"):
        async with town.store.reading() as reading:
            edge = await follows.edge(reading, rita.id, (await town.account(name)).id)
        assert edge, name
        assert (edge.state, edge.texts, edge.mail) == ("accepted", True, False)
    async with town.store.reading() as reading:
        assert await follows.edge(reading, rita.id, (await town.account("old")).id) is None
        assert await follows.edge(reading, rita.id, rita.id) is None
    await town.text("alice", "LEAVE rita")
    assert await town.text("alice", "NAME alicia")
    assert await town.text("alice", "4821") == reply.named("alicia")
    async with town.store.reading() as reading:
        assert await follows.edge(reading, rita.id, (await town.account("alicia")).id) is None


async def test_a_phone_that_only_follows_follows_nobody_by_itself(town: Town) -> None:
    await town.join("rita", "alice")
    async with town.store.unit() as unit:
        await assigning.add(unit, ME, await town.account("rita"), texts=True, mail=None, now=town.now)
    await town.text("reader", "FOLLOW alice")
    assert await town.text("reader", "FOLLOWING") == "You follow 1: alice"


async def test_nobody_follows_by_itself_whom_they_block_or_again_whom_they_follow(town: Town) -> None:
    await town.join("rita", "sam")
    await town.text("reader", "FOLLOW sam")
    rita, sam = await town.account("rita"), await town.account("sam")
    async with town.store.unit() as unit:
        phone = await addresses.find(unit, Channel.SMS, number("reader"))
        assert phone
        assert phone.owner_id
        await relations.block(unit, phone.owner_id, rita.id, now=town.now)
        await follows.set_mail(unit, sam.id, phone.owner_id, False)
        for each in (rita, sam):
            await assigning.add(unit, ME, each, texts=False, mail=None, now=town.now)
    await town.text("reader", "JOIN rob")
    rob = await town.account("rob")
    async with town.store.reading() as reading:
        assert await follows.edge(reading, rita.id, rob.id) is None
        edge = await follows.edge(reading, sam.id, rob.id)
        assert edge
        assert (edge.texts, edge.mail) == (True, False)
