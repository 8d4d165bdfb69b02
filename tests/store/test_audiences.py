"""Who listens for a word, a tag or a group gets a post by the same pages as followers, and nobody gets it twice."""

import pytest
from sqlalchemy import func, insert, select

from gateway.domain.carriage import objection
from gateway.domain.types import Lane, Source
from gateway.domain.unsubscribe import DeliverysMail
from gateway.service import fanout, listening, posting, unsubscribing
from gateway.service.posting import Published
from gateway.service.site import Site
from store import accounts as people
from store import listeners as store_listeners
from store import queue, relations, routes
from store.schema import accounts, deliveries, fanouts, listeners
from store.unit import Store, Unit
from tests.store.test_fanouts import NOW, fan_out, follow, person, publish, queued


@pytest.fixture(autouse=True)
async def _routes(store: Store) -> None:
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])


async def listen(unit: Unit, account: int, *keys: str, texts: bool = True, mail: bool = False) -> None:
    for key in keys:
        await store_listeners.put(unit, key, account, texts=texts, mail=mail, now=NOW)


async def via(store: Store, post_id: int) -> dict[int | None, str | None]:
    async with store.reading() as reading:
        rows = await reading.execute(
            select(deliveries.c.account_id, deliveries.c.via).where(deliveries.c.post_id == post_id)
        )
        return dict(tuple(row) for row in rows)


async def test_who_tracks_a_word_or_a_tag_gets_it_and_others_do_not(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice", phone="+1555001")
        word = await person(unit, "word", phone="+1555002")
        tag = await person(unit, "tag", phone="+1555003")
        part = await person(unit, "part", phone="+1555004")
        mail = await person(unit, "mail", phone="+1555005", mail="m@x.example")
        await listen(unit, word, "cafe")
        await listen(unit, tag, "#lunch")
        await listen(unit, part, "caf", "lun", "#cafe")
        await listen(unit, mail, "lunch", texts=False, mail=True)
        await listen(unit, alice, "cafe")
    post = await publish(store, site, alice, "Meet at the CAFÉ for #Lunch")
    await fan_out(store)
    assert await queued(store, post) == {
        (word, "sms", Lane.FIRST),
        (tag, "sms", Lane.FIRST),
        (mail, "email", Lane.FIRST),
    }
    assert await via(store, post) == {word: "cafe", tag: "#lunch", mail: "lunch"}


async def test_nobody_gets_a_post_twice_by_name_tag_word_group_and_following(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        bob = await person(unit, "bob", phone="+1555002")
        carol = await person(unit, "carol", phone="+1555003")
        dave = await person(unit, "dave", phone="+1555004")
        for each in (bob, carol, dave):
            await listen(unit, each, "wifi", "#wifi", "!team")
        await follow(unit, bob, alice)
        await follow(unit, carol, alice)
        outcome = await posting.publish(
            unit, site, alice, "!team is the #wifi down, @carol?", source=Source.SMS, now=NOW, group="team"
        )
    assert isinstance(outcome, Published)
    await fan_out(store)
    assert await queued(store, outcome.post_ids[0]) == {
        (bob, "sms", Lane.FIRST),
        (carol, "sms", Lane.MENTION),
        (dave, "sms", Lane.FIRST),
    }
    assert await via(store, outcome.post_ids[0]) == {bob: None, carol: None, dave: "!team"}


async def test_words_do_not_carry_across_blocks_mutes_protection_or_a_phone_that_is_off(
    store: Store, site: Site
) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        closed = await person(unit, "closed", protected=True)
        names = ("blocker", "blocked", "muter", "off", "asked", "follower", "plain")
        ids = {
            name: await person(unit, name, phone=f"+155500{i}", texts_on=name != "off") for i, name in enumerate(names)
        }
        for each in ids.values():
            await listen(unit, each, "wifi")
        await relations.block(unit, ids["blocker"], alice, now=NOW)
        await relations.block(unit, alice, ids["blocked"], now=NOW)
        await relations.mute(unit, ids["muter"], alice, now=NOW)
        await follow(unit, ids["asked"], closed, state="requested")
        await follow(unit, ids["follower"], closed, texts=False)
    post = await publish(store, site, alice, "wifi?")
    hidden = await publish(store, site, closed, "wifi, for friends")
    await fan_out(store)
    assert {account for account, _, _ in await queued(store, post)} == {ids["asked"], ids["follower"], ids["plain"]}
    assert {account for account, _, _ in await queued(store, hidden)} == {ids["follower"]}


async def test_a_word_with_a_thousand_trackers_goes_out_by_pages_and_again_after_a_crash(
    store: Store, site: Site
) -> None:
    async with store.unit() as unit:
        star = await person(unit, "star")
        await unit.execute(
            insert(accounts), [{"name": None, "created_at": NOW, "phone_id": 1, "sms_route": 1} for _ in range(1_200)]
        )
        everybody = select(accounts.c.id).where(accounts.c.sms_route.is_not(None)).order_by(accounts.c.id)
        ids = list((await unit.execute(everybody)).scalars())
        values = [{"key": "wifi", "account_id": each, "texts": True, "created_at": NOW} for each in ids]
        await unit.execute(insert(listeners), values)
        for each in ids[-50:]:
            await follow(unit, each, star)
        await listen(unit, ids[-7], "down")
    post = await publish(store, site, star, "the wifi is down")
    steps = [await _step(store) for _ in range(3)]
    assert [step.queued for step in steps] == [50, 0, 50]
    async with store.reading() as reading:
        at = (await reading.execute(select(fanouts.c.stage, fanouts.c.cursor > 0))).one()
    assert tuple(at) == ("wifi", True)
    async with store.unit() as unit:
        await unit.execute(fanouts.update().values(cursor=0))
    assert await fan_out(store) == 2
    async with store.reading() as reading:
        rows = await reading.execute(select(deliveries.c.account_id).where(deliveries.c.post_id == post))
        got = list(rows.scalars())
        assert (await reading.execute(select(func.count()).select_from(fanouts))).scalar_one() == 0
    assert len(got) == len(set(got)) == 1_200


async def _step(store: Store) -> fanout.Step:
    async with store.unit(durable=False) as unit:
        step = await fanout.step(unit, now=NOW)
    assert step is not None
    return step


async def test_what_is_tracked_no_longer_is_not_sent_although_it_waits(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        bob = await person(unit, "bob", phone="+1555002")
        carol = await person(unit, "carol", phone="+1555003")
        await listen(unit, bob, "wifi")
        await listen(unit, carol, "wifi")
    post = await publish(store, site, alice, "wifi?")
    await fan_out(store)
    async with store.unit() as unit:
        assert await listening.end(unit, bob, "wifi")
        ids = (await unit.execute(select(deliveries.c.id).where(deliveries.c.post_id == post))).scalars()
        objections = {each.account_id: objection(each) for each in await queue.details(unit, list(ids))}
    assert objections == {bob: "the recipient no longer asks for what it came for", carol: ""}


async def test_the_link_in_a_mail_that_a_word_brought_ends_the_mails_for_the_word(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        bob = await person(unit, "bob", mail="bob@x.example")
        await listen(unit, bob, "wifi", mail=True)
    post = await publish(store, site, alice, "wifi?")
    await fan_out(store)
    async with store.unit() as unit:
        delivery = (await unit.execute(select(deliveries.c.id).where(deliveries.c.post_id == post))).scalar_one()
        done = await unsubscribing.unsubscribe(unit, site, DeliverysMail(delivery), now=NOW)
    assert done is not None
    assert done.words == "You get no more mails for wifi."
    again = await publish(store, site, alice, "wifi!")
    await fan_out(store)
    assert await queued(store, again) == set()
    async with store.reading() as reading:
        reader = await people.by_id(reading, bob)
        assert reader is not None
        assert reader.email_mode == "instant"
