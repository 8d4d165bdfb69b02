"""Codes, claims, renaming, signing out and leaving for good; and the operator's own sign-ups."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain import reply, reply_people, reply_posts, reply_reading
from gateway.domain.types import Channel
from gateway.service import joining
from gateway.service.joining import Added, HeldBy, NameTaken, NotAName
from gateway.service.site import Limits
from store import accounts, addresses, follows
from tests.service.conversing import Town, number


async def test_a_rename_asks_for_its_code_back(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("alice", "NAME alice") == reply.already_named("alice")
    assert await town.text("alice", "NAME bob") == reply.name_taken("bob")
    assert await town.text("alice", "NAME settings") == reply.name_taken("settings")
    assert await town.text("alice", "NAME Alicia") == reply.confirm_rename("alicia", "4821")
    assert (await town.account("alice")).name == "alice"
    assert await town.text("alice", "4821.") == reply.named("alicia")
    assert (await town.account("alicia")).name == "alicia"


async def test_a_name_taken_meanwhile_is_not_given_twice(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "NAME zoe")
    await town.join("zoe")
    assert await town.text("alice", "4821") == reply.name_taken("zoe")
    assert (await town.account("alice")).name == "alice"


async def test_a_number_is_a_post_when_no_code_is_awaited(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "4821") == ""
    assert await town.posts() == ["4821"]


async def test_wrong_codes_are_counted_and_end_the_question(town: Town) -> None:
    await town.join("alice")
    town.site = replace(town.site, limits=Limits(code_tries=3))
    await town.text("alice", "DELETE ME")
    answers = [await town.text("alice", wrong) for wrong in ("1111", "2222", "3333")]
    assert answers == [reply.wrong_code(), reply.wrong_code(), reply.too_many_tries()]
    assert await town.text("alice", "4821") == reply.code_over()
    assert (await town.account("alice")).deleted_at is None
    assert await town.posts() == []


async def test_a_code_expires(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "DELETE ME")
    town.now += timedelta(minutes=10)
    assert await town.text("alice", "4821") == reply.code_over()
    assert (await town.account("alice")).deleted_at is None
    assert await town.posts() == []
    assert await town.text("alice", "POST 4821") == reply_posts.posted()


async def test_a_code_that_comes_twice_or_late_is_never_posted(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "NAME zoe")
    assert await town.text("alice", "4821") == reply.named("zoe")
    assert await town.text("alice", "4821") == reply.code_over()
    assert "Reply Y" in await town.text("alice", "get milk")
    assert await town.text("alice", "9999") == reply.code_over()
    assert await town.text("alice", "Y") == reply_posts.posted()
    assert await town.text("alice", "4821") == reply.code_over()
    assert await town.posts() == ["get milk"]
    town.now += timedelta(days=1)
    assert await town.text("alice", "4821") == ""
    assert await town.posts() == ["get milk", "4821"]


async def test_a_code_serves_only_the_phone_it_was_sent_to(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "DELETE ME")
    assert await town.text("bob", "4821") == ""
    assert await town.posts() == ["4821"]
    assert (await town.account("bob")).deleted_at is None


async def test_a_yes_does_not_stand_for_a_code(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "DELETE ME")
    assert await town.text("alice", "Y") == reply_posts.nothing_offered()
    assert (await town.account("alice")).deleted_at is None


async def test_going_public_asks_for_its_code_and_lets_in_who_waited(town: Town) -> None:
    await town.join("alice", "bob")
    assert await town.text("alice", "PUBLIC") == reply_people.already_public()
    await town.text("alice", "PROTECT")
    assert await town.text("alice", "PROTECT") == reply_people.already_protected()
    await town.text("bob", "FOLLOW alice")
    assert await town.text("alice", "PUBLIC") == reply.confirm_public("4821")
    assert (await town.account("alice")).protected
    assert await town.text("alice", "4821") == reply_people.public()
    assert not (await town.account("alice")).protected
    assert await town.text("alice", "FOLLOWERS") == "1 follower: bob"
    assert (await town.notices())[-1] == reply_people.was_accepted("alice")


async def test_deleting_oneself_leaves_nothing(town: Town) -> None:
    await town.join("alice", "bob")
    await town.text("alice", "my words")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "D bob a secret")
    assert await town.text("alice", '"DELETE ME."') == reply.confirm_delete("alice", "4821")
    assert await town.text("alice", "4821") == reply.deleted()
    assert await town.posts() == []
    assert await town.text("bob", "FOLLOWING") == reply_people.follows_nobody()
    assert await town.text("bob", "INBOX") == reply_reading.no_directs()
    assert "JOIN yourname" in await town.text("alice", "hello")
    assert await town.text("carol", "JOIN alice") == reply.joined("Testville", "alice")


async def test_signing_out_detaches_the_phone_alone(town: Town) -> None:
    await town.join("alice")
    assert await town.text("alice", "SIGNOUT") == reply.signed_out("alice", "ops@birds.example", elsewhere=False)
    assert (await town.account("alice")).phone_id is None
    assert "JOIN yourname" in await town.text("alice", "hello")
    code = await claim_code(town, "alice")
    assert await town.text("alice", f"CLAIM {code}") == reply.claimed("Testville", "alice")
    town.site = replace(town.site, contact="")
    async with town.store.unit() as unit:
        alice = await accounts.by_name(unit, "alice")
        assert alice is not None
        await joining.add_addresses(unit, alice.id, email="alice@mail.example", now=town.now)
    answer = await town.text("alice", "SIGNOUT")
    assert answer == "This phone is detached from alice. Ask whoever runs this site for a CLAIM code to come back."


async def test_signing_out_a_phone_that_only_follows_forgets_it(town: Town) -> None:
    await town.join("alice")
    await town.text("reader", "FOLLOW alice")
    assert await town.text("reader", "SIGNOUT") == reply.signed_out_for_good()
    assert await town.text("alice", "FOLLOWERS") == reply_people.nobody_follows()


async def claim_code(town: Town, name: str, code: str = "4821") -> str:
    account = await town.account(name)
    async with town.store.unit() as unit:
        return await joining.new_claim_code(unit, town.site, account.id, now=town.now, new_code=lambda: code)


async def test_a_claimed_phone_brings_what_it_followed(town: Town) -> None:
    await town.join("alice")
    async with town.store.unit() as unit:
        assert await accounts.create(unit, "webby", now=town.now)
    await town.text("phone", "FOLLOW alice")
    code = await claim_code(town, "webby")
    assert code == "48214821"
    assert await town.text("phone", "CLAIM 0000") == reply.no_such_claim("ops@birds.example")
    assert await town.text("phone", f"claim {code}") == reply.claimed("Testville", "webby")
    assert await town.text("phone", "FOLLOWING") == "You follow 1: alice"
    assert (await town.account("webby")).sms_route == 2
    assert await town.text("other", f"CLAIM {code}") == reply.no_such_claim("ops@birds.example")
    assert await town.text("phone", "hello from the phone") == ""


@pytest.mark.parametrize("wants", [True, False])
async def test_texts_go_on_after_a_claim_if_the_phone_has_asked_for_them(town: Town, wants: bool) -> None:
    await town.join("alice")
    async with town.store.unit() as unit:
        web = await accounts.create(unit, "webby", now=town.now)
        assert web
        await accounts.set_texts_on(unit, web, texts_on=False)
    await town.text("phone", "FOLLOW alice")
    if not wants:
        await town.text("phone", "OFF")
    await town.text("phone", f"CLAIM {await claim_code(town, 'webby')}")
    assert (await town.account("webby")).texts_on is wants
    assert ((await town.account("webby")).sms_route is not None) is wants


async def test_a_phone_with_a_name_signs_out_before_it_is_claimed(town: Town) -> None:
    await town.join("alice", "bob")
    code = await claim_code(town, "bob")
    assert await town.text("alice", f"CLAIM {code}") == reply.sign_out_first("alice")
    await town.text("alice", "SIGNOUT")
    assert await town.text("alice", f"CLAIM {code}") == reply.claimed("Testville", "bob")


async def test_guesses_are_counted_with_a_picture_too(town: Town) -> None:
    await town.join("alice")
    code = await claim_code(town, "alice")
    for guess in range(town.site.limits.code_tries):
        assert reply.no_such_claim("ops@birds.example") in await town.text("phone", f"CLAIM 1000000{guess}", dropped=1)
    assert reply.too_many_tries() in await town.text("phone", f"CLAIM {code}", dropped=1)


async def test_a_claim_expires_and_guesses_are_counted(town: Town) -> None:
    await town.join("alice")
    code = await claim_code(town, "alice")
    town.now += timedelta(minutes=10)
    assert await town.text("phone", f"CLAIM {code}") == reply.no_such_claim("ops@birds.example")
    code = await claim_code(town, "alice")
    for guess in range(4):
        assert await town.text("phone", f"CLAIM 1000000{guess}") == reply.no_such_claim("ops@birds.example")
    assert await town.text("phone", f"CLAIM {code}") == reply.too_many_tries()


async def test_an_operator_adds_people_with_proven_addresses(town: Town) -> None:
    await town.join("alice")
    await town.text("reader", "FOLLOW alice")
    async with town.store.unit() as unit:
        added = await joining.add_user(
            unit, "rita", phone=number("reader"), email="Rita@x.example", protected=True, admin=True, now=town.now
        )
        assert isinstance(added, Added)
        rita = await accounts.by_id(unit, added.account_id)
        assert rita is not None
        assert (rita.protected, rita.admin) == (True, True)
        assert rita.phone_id is not None
        assert rita.mail_id is not None
        assert [person.name for person in await follows.following(unit, rita.id)] == ["alice"]
        assert await joining.add_user(unit, "rita", now=town.now) == NameTaken()
        assert await joining.add_user(unit, "No Name", now=town.now) == NotAName()
        assert await joining.add_user(unit, "eve", phone=number("alice"), now=town.now) == HeldBy("alice")
        assert await accounts.by_name(unit, "eve") is None


async def test_a_phone_that_is_only_claimed_is_nobodys_yet(town: Town) -> None:
    await town.join("alice")
    async with town.store.unit() as unit:
        phone = await addresses.find_or_add(unit, Channel.SMS, number("victim"), now=town.now)
        await addresses.attach(unit, phone.id, (await town.account("alice")).id, proven_at=None)
    assert "JOIN yourname" in await town.text("victim", "hello")
    assert await town.text("victim", "JOIN victim") == reply.joined("Testville", "victim")
    assert (await town.account("alice")).name == "alice"
