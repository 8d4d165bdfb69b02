"""Everybody hears their own language: who asks, who is told, and whoever stands beside them in the same batch."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.domain import reply, reply_people, reply_posts, reply_together
from gateway.domain.delivery import Fault
from gateway.domain.speech import Languages, spoken
from gateway.domain.types import Channel
from gateway.languages import languages
from gateway.service import commands, faults, joining, notify, polling, reporting, scheduling, waking
from gateway.service.commands import Said
from gateway.service.site import Site
from store import accounts, addresses, routes
from store.schema import addresses as address_table
from store.schema import deliveries, notices
from store.unit import Store
from tests.service.conversing import OTHER_NUMBER, OURS, Town, number
from tests.service.test_polls import arrive

ALL = languages()


@pytest.fixture
async def town(store: Store, site: Site) -> Town:
    async with store.unit() as unit:
        await routes.ensure(unit, [OTHER_NUMBER, OURS])
    return Town(store, replace(site, languages=ALL))


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    yield
    assert spoken().code == "en"


async def choose(town: Town, name: str, code: str | None) -> None:
    account = await town.account(name)
    async with town.store.unit() as unit:
        await accounts.set_profile(unit, account.id, bio="", language=code, time_zone=None, overflow=None)


async def told(town: Town, who: str) -> str:
    """What ``who`` was told last."""
    account = await town.account(who)
    async with town.store.reading() as reading:
        statement = (
            select(notices.c.text)
            .join(deliveries, deliveries.c.notice_id == notices.c.id)
            .where(deliveries.c.account_id == account.id)
            .order_by(notices.c.id.desc())
            .limit(1)
        )
        return (await reading.execute(statement)).scalar_one()


def german(words: str) -> bool:
    return any(sign in words for sign in ("Du ", "du ", "ö", "ü", "ä", "ß", "dir ", " ist ", "Danke"))


async def test_an_answer_is_in_the_language_of_who_asks(town: Town) -> None:
    await town.join("alice", "bob")
    await choose(town, "alice", "de")
    assert await town.text("alice", "FOLLOW bob") == "Du folgst bob jetzt per SMS. LEAVE bob beendet das."
    assert await town.text("bob", "FOLLOW alice") == "You follow alice now by text. LEAVE alice ends it."
    assert await town.text("alice", "WHOIS bob") == f"bob: 0 Beiträge, 1 Follower. {town.site.public_url}/@bob"
    assert await town.text("alice", "FOLLOWERS") == "1 folgt dir: bob"
    quiet = "Ruhe bis 20:01 (Zeit: UTC): keine SMS außer Antworten. WAKE beendet sie."
    assert await town.text("alice", "SLEEP 8") == quiet
    assert (await town.text("alice", "HELP FOLLOW")).startswith("FOLLOW name (oder F SUB ADD): jemanden hier lesen.")
    assert (await town.text("alice", "STOP")).startswith("Testville: du bist abgemeldet")
    assert (await town.text("alice", "HELP")).startswith("Testville: du bist abgemeldet")
    assert (await town.text("alice", "START")).startswith("Testville: du bist angemeldet.")


async def test_mail_is_answered_in_the_language_of_who_wrote_it(town: Town) -> None:
    await town.join("alice")
    await choose(town, "alice", "de")
    assert await town.mail("alice", "STATS") == "alice: 0 Beiträge, 0 Follower, folgt 0."
    assert (await town.mail("alice", "hello", dropped=2)) == "2 Anhänge fielen weg, hier geht nur Text."


async def test_help_is_mailed_in_the_language_of_whose_mailbox_it_is(town: Town) -> None:
    await town.join("alice")
    await choose(town, "alice", "de")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        await joining.give_address(unit, alice.id, Channel.EMAIL, "alice@mail.example", how="operator", now=town.now)
    answer = await town.mail("alice", "help", account_id=None, at_help=True)
    assert answer.startswith("Testville: was du an deine Schreibadresse mailst, wird ein Beitrag.")
    assert (await town.mail("nobody", "help", at_help=True)).startswith("Testville: what you mail to your posting")


async def test_a_stranger_hears_the_sites_language(town: Town) -> None:
    assert (await town.text("carol", "hello")).startswith("Testville does not know this phone yet.")
    town.site = replace(town.site, languages=Languages(ALL.by_code, ALL.of("de")))
    assert (await town.text("carol", "hello")).startswith("Testville kennt dieses Handy noch nicht.")
    assert (await town.text("carol", "JOIN carol")).startswith("Testville: du bist carol.")
    await choose(town, "carol", "en")
    assert await town.text("carol", "STATS") == "carol: 0 posts, 0 followers, following 0."


@pytest.mark.parametrize("first", ["alice", "bob"])
async def test_in_one_batch_each_hears_their_own(town: Town, first: str) -> None:
    await town.join("alice", "bob")
    await choose(town, "alice", "de")
    second = "bob" if first == "alice" else "alice"
    long = "word " * 40
    said = [Said(Channel.SMS, number(name), f"{name} {long}", route=2) for name in (first, second)]
    async with town.store.unit() as unit:
        heard = await commands.post_all(unit, town.site, said, now=town.now)
    words = {name: each.answer for name, each in zip((first, second), heard, strict=True) if each}
    assert words["alice"].startswith("Veröffentlicht, aber über 140 Zeichen")
    assert words["bob"].startswith("Posted, but over 140 characters")
    async with town.store.unit() as unit:
        again = await commands.post_all(unit, town.site, said, now=town.now)
    assert [each and german(each.answer) for each in again] == [first == "alice", first == "bob"]


async def test_an_answer_that_fails_leaves_no_language_behind(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.join("alice", "bob")
    await choose(town, "alice", "de")
    with monkeypatch.context() as patched:
        patched.setattr(reply_posts, "posted", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await town.text("alice", "POST hello")
    assert spoken().code == "en"
    assert await town.text("bob", "POST hello") == "Posted."


async def test_who_is_told_of_a_request_hears_their_own_language_and_so_does_who_asked(town: Town) -> None:
    await town.join("alice", "bob", "carol")
    await choose(town, "alice", "de")
    await choose(town, "carol", "de")
    await town.text("alice", "PROTECT")
    assert await town.text("bob", "FOLLOW alice") == reply_people.requested("alice")
    assert await told(town, "alice") == "bob möchte dir folgen. ACCEPT bob oder DENY bob."
    await town.text("carol", "FOLLOW alice")
    assert await town.text("alice", "ACCEPT ALL") == "2 Anfragen angenommen."
    assert await told(town, "bob") == "alice accepted: you follow alice now."
    assert await told(town, "carol") == "alice hat zugestimmt: du folgst alice jetzt."


async def test_the_result_of_a_poll_is_told_to_each_voter_in_their_language(town: Town) -> None:
    await town.join("alice", "bob", "carol")
    await choose(town, "bob", "de")
    for name in ("bob", "carol"):
        await town.text(name, "FOLLOW alice")
    await town.text("alice", "POLL Lunch? / pizza / soup")
    await arrive(town)
    assert await town.text("bob", "VOTE 2") == "Du hast soup gewählt. Lunch? pizza 0, soup 1. 1 Stimme."
    await town.text("carol", "VOTE 2")
    await town.text("alice", "POLL CLOSE")
    async with town.store.unit() as unit:
        assert await polling.tell_result(unit, town.site, now=town.now)
    assert await told(town, "bob") == "Beendet: Lunch? pizza 0, soup 2. 2 Stimmen."
    assert await told(town, "carol") == "Closed: Lunch? pizza 0, soup 2. 2 votes."


async def test_the_summary_after_quiet_hours_is_in_the_sleepers_language(town: Town) -> None:
    town.site = replace(town.site, wake_burst=0)
    await town.join("alice", "bob", "carol")
    await choose(town, "bob", "de")
    for name in ("bob", "carol"):
        account = await town.account(name)
        await town.text(name, "SLEEP 1")
        async with town.store.unit() as unit:
            assert await notify.tell_account(unit, town.site, account.id, lambda: "hello", now=town.now)
    town.now += timedelta(hours=2)
    async with town.store.unit() as unit:
        assert await waking.wake_due(unit, town.site, now=town.now) == 2
    assert (await told(town, "bob")).startswith("1 weitere SMS kam in deiner Ruhezeit.")
    assert (await told(town, "carol")).startswith("1 more text came in your quiet hours.")


async def test_other_news_are_in_the_language_of_who_gets_them(town: Town) -> None:
    await town.join("alice", "bob")
    await choose(town, "bob", "de")
    bob = await town.account("bob")
    await town.text("alice", "FOLLOW bob")
    await town.text("bob", "FOLLOW alice")
    await town.text("alice", "NUDGE bob")
    assert await told(town, "bob") == "alice würde gern von dir hören. Jede SMS von dir wird ein Beitrag."
    await town.text("bob", "REPORT alice")
    async with town.store.unit() as unit:
        assert await reporting.close(unit, town.site, 1, now=town.now)
    assert await told(town, "bob") == "Deine Meldung über alice ist angesehen und erledigt. Danke."
    assert bob.phone_id is not None
    async with town.store.unit() as unit:
        await joining.give_address(unit, bob.id, Channel.EMAIL, "bob@mail.example", how="operator", now=town.now)
        await faults.follow_up(unit, town.site, bob.phone_id, Channel.SMS, Fault.ADDRESS, "gone", now=town.now)
    assert (await told(town, "bob")).startswith("Testville: dein Handy war nicht erreichbar")


async def test_a_planned_post_that_does_not_go_out_is_told_in_the_authors_language(town: Town) -> None:
    await town.join("alice")
    await choose(town, "alice", "de")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        await scheduling.at(unit, alice.id, "tip", town.now + timedelta(minutes=5), now=town.now)
    town.site = replace(town.site, limits=replace(town.site.limits, posts_per_hour=0))
    town.now += timedelta(hours=1)
    async with town.store.unit() as unit:
        await scheduling.post_due(unit, town.site, now=town.now)
    assert (await told(town, "alice")).startswith("Testville: dein geplanter Beitrag ging nicht hinaus. Mehr als 0")


async def test_a_phone_that_is_claimed_hears_the_language_of_the_account(town: Town) -> None:
    await town.join("alice")
    await choose(town, "alice", "de")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        code = await joining.new_claim_code(unit, town.site, alice.id, now=town.now, new_code=lambda: town.code)
    assert (await town.text("second", f"CLAIM {code}")).startswith("Testville: dieses Handy gehört jetzt alice.")


async def test_who_changes_the_language_has_no_more_guesses(town: Town) -> None:
    await town.join("alice")
    await town.text("alice", "PIN 1357")
    for guess in range(5):
        await choose(town, "alice", "de" if guess % 2 else "en")
        wrong = ALL.said(reply_together.wrong_pin, "de" if guess % 2 else "en")
        assert await town.text("alice", f"{2000 + guess} hello") == wrong
    assert await town.text("alice", "1357 hello") == reply.too_many_tries()


async def test_a_notice_that_cannot_be_told_says_nothing(town: Town) -> None:
    await town.join("alice")
    alice = await town.account("alice")
    async with town.store.unit() as unit:
        assert alice.phone_id is not None
        await addresses.detach(unit, alice.phone_id)
        assert not await notify.tell_account(unit, town.site, alice.id, lambda: str(1 / 0), now=town.now)
        phones = (await unit.execute(select(address_table.c.account_id))).scalars().all()
    assert set(phones) == {None}
