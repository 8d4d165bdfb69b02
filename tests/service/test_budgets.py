"""At the end of a budget posts go by mail or feed, answers still go out, and whose texts stop is told once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gateway.domain import budget as rules
from gateway.domain import reply_listening
from gateway.domain.budget import Budget, Of
from gateway.domain.delivery import Deferred, Outcome, RetryRules, Sent
from gateway.domain.pace import Pace
from gateway.domain.reason import USED_UP
from gateway.domain.types import Outgoing
from gateway.domain.unsubscribe import what_stops
from gateway.service import budgets, claiming, fanout, notify, settling, unsubscribing
from gateway.service.settling import Result
from store import addresses, routes, usage
from store import deliveries as deliveries_store
from store.schema import deliveries
from tests.service.conversing import OTHER_NUMBER, OURS, Town

LEASE = timedelta(minutes=2)
MONTH = 203001
TEXTS_USED_UP = "This month's texts are used up: no more posts by text until the next month. You find them at https://birds.example/"


async def send(town: Town, outcome: Outcome | None = None) -> list[str]:
    """Send what may be sent now by text; the words, in the order of sending."""
    step: fanout.Step | None = fanout.Step(0, False)
    while step is not None:
        async with town.store.unit() as unit:
            step = await fanout.step(unit, now=town.now)
    given: list[Outgoing] = []
    while True:
        async with town.store.unit() as unit:
            route = (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[2]
            batch = await claiming.claim(unit, route, Pace(), most=50, lease=LEASE, now=town.now, site=town.site)
            results = [Result(each, outcome or Sent(f"SM{each.id}")) for each in batch.deliveries]
            dice = [0.5] * len(results)
            await settling.settle(unit, town.site, route, results, rules=RetryRules(), now=town.now, dice=dice)
        given += batch.deliveries
        if not batch.deliveries and not batch.refused:
            return [each.text for each in given]


async def send_mails(town: Town) -> list[Outgoing]:
    """Send what may be sent now by mail."""
    async with town.store.unit() as unit:
        route = (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[0]
        batch = await claiming.claim(unit, route, Pace(), most=50, lease=LEASE, now=town.now, site=town.site)
        results = [Result(each, Sent(f"M{each.id}")) for each in batch.deliveries]
        dice = [0.5] * len(results)
        await settling.settle(unit, town.site, route, results, rules=RetryRules(), now=town.now, dice=dice)
    return batch.deliveries


async def all_mails(town: Town) -> list[Outgoing]:
    """Send all that waits for mailboxes; one at a time goes to each person."""
    sent: list[Outgoing] = []
    while mails := await send_mails(town):
        sent += mails
    return sent


async def used(town: Town, whose: Of, name: str | None = None) -> int:
    key = (whose, 0 if name is None else (await town.account(name)).id)
    async with town.store.reading() as reading:
        return (await usage.used(reading, MONTH, [key])).get(key, 0)


async def mail_waits(town: Town) -> int:
    async with town.store.reading() as reading:
        waiting = select(func.count()).where(deliveries.c.channel == "email", deliveries.c.state == "queued")
        return (await reading.execute(waiting)).scalar_one()


@pytest.fixture
async def crowd(town: Town) -> Town:
    """bob and carol follow alice by text."""
    await town.join("alice", "bob", "carol")
    await town.text("bob", "FOLLOW alice")
    await town.text("carol", "FOLLOW alice")
    return town


async def give_mailbox(town: Town, name: str) -> None:
    account = await town.account(name)
    async with town.store.unit() as unit:
        mailbox = await addresses.find_or_add(unit, "email", f"{name}@mail.example", now=town.now)
        await addresses.attach(unit, mailbox.id, account.id, proven_at=town.now)
        await unit.execute(deliveries.delete().where(deliveries.c.channel == "email"))


async def say(town: Town, *words: str) -> None:
    for each in words:
        await town.text("alice", each)


async def test_a_recipients_texts_stop_and_they_are_told_once(crowd: Town) -> None:
    crowd.site = replace(crowd.site, budget=Budget(recipient=2))
    await say(crowd, "one", "two", "three", "four")
    told = await send(crowd)
    assert sorted(told[:4]) == ["alice: one"] * 2 + ["alice: two"] * 2
    assert told[4:] == [TEXTS_USED_UP] * 2
    await say(crowd, "five")
    assert await send(crowd) == []
    crowd.now += timedelta(days=31)
    await say(crowd, "february")
    assert await send(crowd) == ["alice: february"] * 2


async def test_an_authors_posts_stop_exactly_at_the_limit_and_the_author_is_told(crowd: Town) -> None:
    crowd.site = replace(crowd.site, budget=Budget(author=3))
    await say(crowd, "one", "two")
    assert sorted(await send(crowd)) == [
        "Your posts have used up this month's texts. Until the next month they go out by mail and on the site.",
        "alice: one",
        "alice: one",
        "alice: two",
    ]
    assert await used(crowd, Of.AUTHOR, "alice") == 3
    await crowd.text("carol", "LEAVE alice")
    await crowd.text("carol", "FOLLOW bob")
    await crowd.text("bob", "so I do")
    assert await send(crowd) == ["bob: so I do"]


async def test_at_the_sites_limit_posts_go_by_mail_to_those_who_have_it(crowd: Town) -> None:
    await give_mailbox(crowd, "bob")
    await give_mailbox(crowd, "carol")
    await crowd.mail("carol", "EMAIL OFF")
    crowd.site = replace(crowd.site, budget=Budget(site=2))
    await say(crowd, "one", "two")
    bob = await crowd.account("bob")
    async with crowd.store.unit() as unit:  # as if mail did not come at once
        await unit.execute(deliveries.delete().where(deliveries.c.channel == "email"))
    assert await send(crowd) == ["alice: one", "alice: one", TEXTS_USED_UP]
    mails = await all_mails(crowd)
    assert {each.account_id for each in mails} == {bob.id}
    assert sorted(each.text for each in mails) == [
        "This month's texts are used up: no more posts by text until the next month."
        " They come by mail where you have it on.",
        "one",
        "two",
    ]
    await say(crowd, "three")
    assert await send(crowd) == []
    assert [each.text for each in await all_mails(crowd)] == ["three"]


async def test_at_the_sites_limit_who_has_no_mailbox_is_told_once_by_a_last_text(crowd: Town) -> None:
    crowd.site = replace(crowd.site, budget=Budget(site=2))
    await say(crowd, "one", "two", "three")
    assert await send(crowd) == ["alice: one", "alice: one", TEXTS_USED_UP, TEXTS_USED_UP]
    await say(crowd, "four")
    assert await send(crowd) == []
    assert await mail_waits(crowd) == 0
    assert await used(crowd, Of.SITE) == 4


async def test_last_texts_go_to_so_many_and_not_to_everybody(crowd: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "last_words", lambda limit: 1)
    crowd.site = replace(crowd.site, budget=Budget(site=2))
    await say(crowd, "one", "two", "three")
    assert await send(crowd) == ["alice: one", "alice: one", TEXTS_USED_UP]
    monkeypatch.setattr(rules, "last_words", lambda limit: 2)  # one more: for whom it was not for, met again
    await say(crowd, "four")
    assert await send(crowd) == [TEXTS_USED_UP]
    await say(crowd, "five")
    assert await send(crowd) == []


async def test_the_end_of_the_sites_budget_costs_no_text_to_everybody(
    crowd: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "last_words", lambda limit: 0)
    crowd.site = replace(crowd.site, budget=Budget(site=2, author=100, recipient=2))
    await say(crowd, "one", "two", "three")
    assert await send(crowd) == ["alice: one", "alice: one"]
    assert await mail_waits(crowd) == 0
    assert await used(crowd, Of.SITE) == 2
    async with crowd.store.reading() as reading:
        why = select(func.count()).where(deliveries.c.reason == USED_UP, deliveries.c.state == "dead")
        assert (await reading.execute(why)).scalar_one() == 4
    crowd.site = replace(crowd.site, budget=Budget(site=100, recipient=1))  # now it is their own that is used up
    await say(crowd, "four")
    assert [words[:25] for words in await send(crowd)] == ["This month's texts are us"] * 2


LISTENING = [("TRACK wifi", "wifi"), ("FOLLOW #wifi", "#wifi"), ("JOIN !team", "!team")]


@pytest.fixture
async def listeners(town: Town) -> Town:
    """bob and carol, who follow nobody and have mailboxes; there are texts for one post in the month."""
    await town.join("alice", "bob", "carol")
    await town.text("alice", "JOIN !team")
    for name in ("bob", "carol"):
        await give_mailbox(town, name)
    town.site = replace(town.site, budget=Budget(recipient=1))
    return town


@pytest.mark.parametrize(("wish", "via"), LISTENING)
async def test_what_somebody_listens_to_goes_by_mail_too(listeners: Town, wish: str, via: str) -> None:
    await listeners.text("bob", wish)
    await listeners.text("carol", wish)
    await listeners.mail("carol", "EMAIL OFF")
    await say(listeners, "!team the #wifi is up", "!team the #wifi is down")
    told = await send(listeners)
    assert sum(words.startswith("alice: ") for words in told) == 2
    bob = await listeners.account("bob")
    mails = await send_mails(listeners)
    assert [(each.account_id, each.text, each.via) for each in mails if each.post_id] == [
        (bob.id, "!team the #wifi is down", via)
    ]


@pytest.mark.parametrize(("wish", "via"), LISTENING)
async def test_who_unsubscribed_from_what_they_listen_to_gets_no_mail_in_place_of_a_text(
    listeners: Town, wish: str, via: str
) -> None:
    await listeners.text("bob", wish)
    await say(listeners, "!team the #wifi is up", "!team the #wifi is down")
    await send(listeners)
    (mail,) = await send_mails(listeners)
    async with listeners.store.unit() as unit:
        stop = what_stops(mail, listeners.site.key)
        done = await unsubscribing.unsubscribe(unit, listeners.site, stop, now=listeners.now)
    assert done is not None
    assert done.words == reply_listening.unsubscribed_from(via)
    await listeners.text("bob", wish)  # once more, by text: that says nothing of mails
    await say(listeners, "!team #wifi?")
    await send(listeners)
    assert await send_mails(listeners) == []
    await listeners.mail("bob", wish)
    await say(listeners, "!team #wifi!")
    await send(listeners)
    assert [each.text for each in await send_mails(listeners)] == ["!team #wifi!"]


async def test_who_listens_no_longer_gets_no_mail_in_place_of_a_text(listeners: Town) -> None:
    await listeners.text("bob", "TRACK wifi")
    await say(listeners, "wifi is up", "wifi is down")
    await send(listeners)
    await listeners.text("bob", "UNTRACK wifi")
    assert await send_mails(listeners) == []


async def test_answers_go_out_all_the_same_and_count(crowd: Town) -> None:
    crowd.site = replace(crowd.site, budget=Budget(site=1, recipient=1))
    bob = await crowd.account("bob")
    async with crowd.store.unit() as unit:
        assert bob.phone_id is not None
        for words in ("one answer", "another answer"):
            await notify.tell(unit, bob.phone_id, words, answers=True, now=crowd.now)
    assert await send(crowd) == ["one answer", "another answer"]
    assert await used(crowd, Of.SITE) == await used(crowd, Of.RECIPIENT, "bob") == 2


async def test_what_was_not_sent_is_given_back(crowd: Town) -> None:
    crowd.site = replace(crowd.site, budget=Budget(site=2, author=2, recipient=1))
    await say(crowd, "one")
    await send(crowd, Deferred("busy"))
    assert await used(crowd, Of.SITE) == await used(crowd, Of.AUTHOR, "alice") == 0
    crowd.now += timedelta(hours=1)
    assert await send(crowd) == ["alice: one"] * 2
    assert await used(crowd, Of.SITE) == await used(crowd, Of.AUTHOR, "alice") == 2


async def test_the_operator_is_warned_once_at_four_fifths(crowd: Town) -> None:
    crowd.site = replace(crowd.site, budget=Budget(site=5))
    await say(crowd, "one", "two")
    await send(crowd)
    async with crowd.store.unit() as unit:
        assert await usage.warn(unit, MONTH, crowd.site.budget) == [((Of.SITE, 0), 4)]
        (standing,) = await budgets.look(unit, crowd.site, now=crowd.now)
        assert (standing.whose, standing.near, standing.used_up, standing.most) == ("site", 1, 0, 4)
        assert await usage.warn(unit, MONTH, crowd.site.budget) == []


async def test_the_bill_says_what_was_taken_by_day_number_and_country(crowd: Town) -> None:
    await say(crowd, "one", "two")
    await send(crowd)
    crowd.now += timedelta(days=1)
    await say(crowd, "three")
    await send(crowd)
    async with crowd.store.reading() as reading:
        assert await budgets.bill_of(reading, MONTH) == [
            usage.Billed("2030-01-01", OURS, "US", 4, 4),
            usage.Billed("2030-01-02", OURS, "US", 2, 2),
        ]
        assert await budgets.bill_of(reading, 202912) == []


async def test_what_a_budget_stopped_is_not_tried_again(crowd: Town) -> None:
    crowd.site = replace(crowd.site, budget=Budget(recipient=1))
    await say(crowd, "one", "two")
    await send(crowd)
    async with crowd.store.reading() as reading:
        stopped = select(func.count()).where(deliveries.c.reason == USED_UP, deliveries.c.state == "dead")
        assert (await reading.execute(stopped)).scalar_one() == 2
        assert await deliveries_store.dead(reading, most=10) == []
