"""Who a proven mailbox is here, what it may write, and the addresses that are renewed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain import reply, reply_people, token
from gateway.domain.carriage import outgoing
from gateway.domain.token import Purpose
from gateway.domain.types import Channel
from gateway.service import inviting, joining, mail_addresses
from gateway.service.auditing import Actor
from gateway.service.doors import Posting, Refused, Replying, find
from gateway.service.inviting import Invitation
from gateway.service.senders import Welcome, to_account, to_everybody
from store import accounts, addresses, queue
from tests.service.conversing import Town

POST = "post@birds.example"


async def with_mailbox(town: Town, name: str, *mailboxes: str) -> int:
    await town.join(name)
    account = await town.account(name)
    async with town.store.unit() as unit:
        for mailbox in mailboxes or (f"{name}@mail.example",):
            await joining.give_address(unit, account.id, Channel.EMAIL, mailbox, how="web", now=town.now)
    return account.id


async def proven(town: Town, name: str, words: str) -> str:
    """A mail to everybody's address that is proven to be from ``name``; what it is answered."""
    return await town.mail(name, words, proven=True, account_id=None)


async def everybody(town: Town, *spellings: str, words: str = "hello") -> Welcome | Refused:
    async with town.store.reading() as reading:
        return await to_everybody(reading, town.site, spellings, words, now=town.now)


async def test_a_mailbox_of_somebodys_may_write_to_everybodys_address(town: Town) -> None:
    await with_mailbox(town, "alice")
    assert await everybody(town, "alice@mail.example") == Welcome("alice@mail.example")


async def test_it_is_found_however_its_domain_is_kept(town: Town) -> None:
    await with_mailbox(town, "alice", "Alice@Bücher.example")
    await with_mailbox(town, "bob", "bob@xn--bcher-kva.example")
    for name in ("alice", "bob"):
        found = await everybody(town, f"{name}@xn--bcher-kva.example", f"{name}@bücher.example")
        assert isinstance(found, Welcome)
        assert found.address.startswith(name)


async def test_one_that_was_only_claimed_is_nobodys(town: Town) -> None:
    await town.join("alice")
    async with town.store.unit() as unit:
        row = await addresses.find_or_add(unit, Channel.EMAIL, "alice@mail.example", now=town.now)
        await addresses.attach(unit, row.id, (await accounts.by_name(unit, "alice")).id, proven_at=None)  # type: ignore[union-attr]  # just joined
    assert isinstance(await everybody(town, "alice@mail.example"), Refused)


async def test_a_suspended_account_is_closed_and_a_deleted_one_forgotten(town: Town) -> None:
    account_id = await with_mailbox(town, "alice")
    async with town.store.unit() as unit:
        await accounts.set_suspended(unit, account_id, town.now)
    assert await everybody(town, "alice@mail.example") == Refused("This account is closed.", "5.2.1")
    async with town.store.unit() as unit:
        await joining.delete_account(unit, account_id, now=town.now)
    found = await everybody(town, "alice@mail.example")
    assert isinstance(found, Refused)
    assert "JOIN yourname" in found.words


async def test_a_stranger_is_told_how_to_join_and_may_do_that_or_ask_for_help(town: Town) -> None:
    refused = await everybody(town, "zoe@mail.example")
    assert refused == Refused(
        "Nobody here has this mail address, so nothing was posted. To sign up, write JOIN yourname as the first line of"
        f" a mail to {POST}.",
        "5.7.1",
    )
    for words in ("JOIN zoe", "join zoe\n\nregards,\nZoe", "HELP", "?"):
        assert await everybody(town, "zoe@mail.example", words=words) == Welcome("zoe@mail.example")


@pytest.mark.parametrize("registration", ["invite", "domains", "closed"])
async def test_where_nobody_can_sign_up_a_stranger_hears_whom_to_ask(town: Town, registration: str) -> None:
    town.site = replace(town.site, registration=registration)
    for words in ("hello", "JOIN zoe"):
        refused = await everybody(town, "zoe@mail.example", words=words)
        assert isinstance(refused, Refused)
        assert town.site.contact in refused.words
        assert refused.words.isascii()


async def test_a_mailbox_of_the_community_signs_up_by_mail_where_that_is_what_it_takes(town: Town) -> None:
    town.site = replace(town.site, registration="domains", mail_domains=("mail.example",))
    refused = await everybody(town, "zoe@elsewhere.example", words="JOIN zoe")
    assert isinstance(refused, Refused)
    assert "https://birds.example/signup" in refused.words
    assert await everybody(town, "zoe@mail.example", words="JOIN zoe") == Welcome("zoe@mail.example")
    assert await proven(town, "zoe", "JOIN zoe") == reply.joined_by_mail("Testville", "zoe", POST)
    closed = reply.registration_closed("domains", "ops@birds.example", "https://birds.example")
    assert await town.text("yan", "JOIN yan") == closed
    town.site = replace(town.site, mail_domains=("other.example",))
    assert await proven(town, "xu", "JOIN xu") == closed


async def test_a_mailbox_signs_up_by_invitation(town: Town) -> None:
    town.site = replace(town.site, registration="invite")
    async with town.store.unit() as unit:
        made = await inviting.make(unit, town.site, Actor("root"), note="", uses=1, days=1, number=5, now=town.now)
        assert isinstance(made, Invitation)
    assert isinstance(await everybody(town, "zoe@mail.example", words="JOIN zoe"), Refused)
    with_code = f"JOIN zoe {made.code}"
    assert await everybody(town, "zoe@mail.example", words=with_code) == Welcome("zoe@mail.example")
    assert await proven(town, "zoe", with_code) == reply.joined_by_mail("Testville", "zoe", POST)
    assert await proven(town, "yan", f"JOIN yan {made.code}") == reply.no_such_invitation("ops@birds.example")


async def test_a_stranger_is_answered_a_few_times_a_day_and_then_told_so(town: Town) -> None:
    await town.join("alice")
    for _ in range(5):
        assert await everybody(town, "zoe@mail.example", words="JOIN alice") == Welcome("zoe@mail.example")
        assert await proven(town, "zoe", "JOIN alice") == reply.name_taken("alice")
    refused = await everybody(town, "zoe@mail.example", words="JOIN alice")
    assert isinstance(refused, Refused)
    assert "tomorrow" in refused.words
    town.now += timedelta(days=1, minutes=1)
    assert await everybody(town, "zoe@mail.example", words="JOIN alice") == Welcome("zoe@mail.example")


async def test_an_owners_address_is_for_each_of_its_mailboxes_and_no_other(town: Town) -> None:
    alice = await with_mailbox(town, "alice", "alice@work.example", "alice@mail.example")
    await with_mailbox(town, "bob")
    async with town.store.reading() as reading:
        for mailbox in ("alice@work.example", "alice@mail.example"):
            assert await to_account(reading, alice, [mailbox]) == Welcome(mailbox)
        for mailbox in ("bob@mail.example", "zoe@mail.example"):
            refused = await to_account(reading, alice, [mailbox])
            assert isinstance(refused, Refused)
            assert "own mailboxes" in refused.words


# ---- what a proven mail does


async def test_a_proven_mail_posts_and_commands_for_its_author(town: Town) -> None:
    await with_mailbox(town, "alice")
    await with_mailbox(town, "bob")
    assert await proven(town, "alice", "hello by mail") == ""
    assert await town.posts() == ["hello by mail"]
    assert await proven(town, "bob", "FOLLOW alice\n\nBob") == reply_people.following("alice", texts=False)
    assert await proven(town, "alice", "DELETE ME") == reply.confirm_delete("alice", "4821")


async def test_joining_by_mail_makes_an_account_whose_mailbox_is_proven(town: Town) -> None:
    answer = await proven(town, "zoe", "JOIN zoe")
    assert answer == reply.joined_by_mail("Testville", "zoe", POST)
    zoe = await town.account("zoe")
    async with town.store.reading() as reading:
        (mailbox,) = await addresses.of_account(reading, zoe.id)
    assert (mailbox.address, mailbox.owner_id) == ("zoe@mail.example", zoe.id)
    assert await proven(town, "zoe", "my first post") == ""
    assert await town.posts() == ["my first post"]
    assert (await proven(town, "zoe", "JOIN other")).startswith(reply.already_named("zoe"))
    assert await proven(town, "max", "JOIN zoe") == reply.name_taken("zoe")


async def test_without_a_proof_nobody_joins_and_with_one_a_stranger_posts_nothing(town: Town) -> None:
    assert await town.mail("zoe", "JOIN zoe") == reply.not_your_mail()
    assert await proven(town, "zoe", "hello") == reply.join_by_mail("")
    assert await proven(town, "zoe", "FOLLOW alice") == reply.join_by_mail("")
    assert await town.posts() == []


# ---- addresses


async def opens(town: Town, address: str) -> object:
    async with town.store.glancing() as reading:
        (found,) = await find(reading, town.site, [address.partition("@")[0]])
    return found


async def test_a_renewed_posting_address_takes_the_place_of_the_old_one(town: Town) -> None:
    account_id = await with_mailbox(town, "alice")
    old = mail_addresses.posting_address(town.site, await town.account("alice"))
    async with town.store.unit() as unit:
        await mail_addresses.renew_posting_address(unit, account_id)
    new = mail_addresses.posting_address(town.site, await town.account("alice"))
    assert await opens(town, new) == Posting(account_id)
    assert isinstance(await opens(town, old), Refused)


async def test_renewed_reply_addresses_leave_the_posting_address_as_it_is(town: Town) -> None:
    account_id = await with_mailbox(town, "alice")
    await with_mailbox(town, "bob")
    await town.text("bob", "lunch?")
    delivery = await town.delivery("alice", "bob")
    posting = mail_addresses.posting_address(town.site, await town.account("alice"))
    async with town.store.unit() as unit:
        await mail_addresses.renew_reply_addresses(unit, account_id)
    refused = await opens(town, f"reply+{token.make(town.site.key, Purpose.REPLY, delivery)}")
    assert isinstance(refused, Refused)
    assert "renewed" in refused.words
    async with town.store.reading() as reading:
        (carried,) = await queue.details(reading, [delivery])
    sent = outgoing(carried, "")
    again = f"reply+{token.make(town.site.key, Purpose.REPLY, sent.id, sent.reply_version)}"
    assert await opens(town, again) == Replying(delivery)
    assert await opens(town, posting) == Posting(account_id)


async def test_an_account_may_let_its_own_mailboxes_alone_write_to_its_posting_address(town: Town) -> None:
    account_id = await with_mailbox(town, "alice")
    posting = mail_addresses.posting_address(town.site, await town.account("alice"))
    for switch in (True, False):
        async with town.store.unit() as unit:
            await mail_addresses.check_sender(unit, account_id, switch)
        assert await opens(town, posting) == Posting(account_id, checks_sender=switch)
