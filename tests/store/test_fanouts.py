"""Fan-out pages on both databases: who gets a post, on which channel, in which lane, and that nobody gets it twice."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update

from gateway.domain.types import Lane, Source
from gateway.service import fanout, posting
from gateway.service.posting import Published
from gateway.service.site import Site
from store import addresses, relations, routes
from store.schema import accounts, deliveries, fanouts, follows, mutes
from store.unit import Store, Unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def person(unit: Unit, name: str, *, phone: str = "", mail: str = "", **more: object) -> int:
    account: int = (
        await unit.execute(insert(accounts).returning(accounts.c.id), {"name": name, "created_at": NOW, **more})
    ).scalar_one()
    for channel, address in (("sms", phone), ("email", mail)):
        if address:
            row = await addresses.find_or_add(unit, channel, address, now=NOW)
            await addresses.attach(unit, row.id, account, proven_at=NOW)
    return account


async def follow(unit: Unit, follower: int, followee: int, *, texts: bool = True, **more: object) -> None:
    values = {"follower_id": follower, "followee_id": followee, "texts": texts, "created_at": NOW, "state": "accepted"}
    await unit.execute(insert(follows), {**values, **more})


async def publish(store: Store, site: Site, author: int, text: str) -> int:
    async with store.unit() as unit:
        outcome = await posting.publish(unit, site, author, text, source=Source.SMS, now=NOW)
    assert isinstance(outcome, Published)
    return outcome.post_ids[0]


async def fan_out(store: Store) -> int:
    steps = 0
    while True:
        async with store.unit(durable=False) as unit:
            if await fanout.step(unit, now=NOW) is None:
                return steps
        steps += 1


async def queued(store: Store, post_id: int) -> set[tuple[int, str, int]]:
    async with store.reading() as reading:
        rows = await reading.execute(
            select(deliveries.c.account_id, deliveries.c.channel, deliveries.c.lane).where(
                deliveries.c.post_id == post_id
            )
        )
        return {(account, channel, lane) for account, channel, lane in rows if account is not None}


@pytest.fixture(autouse=True)
async def _routes(store: Store) -> None:
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])


async def test_a_post_is_queued_by_text_and_mail_as_each_follower_chose(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice", phone="+1555001")
        both = await person(unit, "both", phone="+1555002", mail="both@x.example")
        mail_only = await person(unit, "mailonly", phone="+1555003", mail="m@x.example")
        silent = await person(unit, "silent", phone="+1555004", mail="s@x.example", texts_on=False, email_mode="off")
        digest = await person(unit, "digest", mail="d@x.example", email_mode="daily")
        asked = await person(unit, "asked", phone="+1555005")
        muted = await person(unit, "muted", phone="+1555006")
        for each in (both, silent, digest, muted):
            await follow(unit, each, alice)
        await follow(unit, mail_only, alice, texts=False)
        await follow(unit, asked, alice, state="requested")
        await unit.execute(insert(mutes), {"account_id": muted, "other_id": alice, "created_at": NOW})
    post = await publish(store, site, alice, "hello")
    await fan_out(store)
    assert await queued(store, post) == {
        (both, "sms", Lane.FIRST),
        (both, "email", Lane.FIRST),
        (mail_only, "email", Lane.FIRST),
        (digest, "email", Lane.FIRST),
    }
    async with store.reading() as reading:
        waits = select(deliveries.c.account_id).where(deliveries.c.state == "gathered")
        assert list((await reading.execute(waits)).scalars()) == [digest]


async def test_whoever_is_named_gets_it_once_as_a_mention_and_blocks_hold(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        bob = await person(unit, "bob", phone="+1555002")
        carol = await person(unit, "carol", phone="+1555003")
        await follow(unit, bob, alice)
        await relations.block(unit, carol, alice, now=NOW)
    post = await publish(store, site, alice, "see you, @bob and @carol")
    await fan_out(store)
    assert await queued(store, post) == {(bob, "sms", Lane.MENTION)}


async def test_a_protected_author_reaches_only_accepted_followers_even_by_name(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice", protected=True)
        bob = await person(unit, "bob", phone="+1555002")
        carol = await person(unit, "carol", phone="+1555003")
        await follow(unit, bob, alice)
    post = await publish(store, site, alice, "only for @bob, not @carol")
    await fan_out(store)
    assert {account for account, _, _ in await queued(store, post)} == {bob}
    assert carol not in {account for account, _, _ in await queued(store, post)}


async def test_a_post_that_opens_with_a_name_goes_to_those_who_follow_both(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        bob = await person(unit, "bob", phone="+1555002")
        of_both = await person(unit, "ofboth", phone="+1555003")
        of_alice = await person(unit, "ofalice", phone="+1555004")
        for each in (of_both, of_alice):
            await follow(unit, each, alice)
        await follow(unit, of_both, bob)
    post = await publish(store, site, alice, "@bob yes")
    await fan_out(store)
    assert await queued(store, post) == {(bob, "sms", Lane.MENTION), (of_both, "sms", Lane.FIRST)}


async def test_a_repost_reaches_only_those_who_have_not_got_the_post(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice", phone="+1555001")
        bob = await person(unit, "bob", phone="+1555002")
        has_it = await person(unit, "hasit", phone="+1555003")
        new = await person(unit, "new", phone="+1555004")
        await follow(unit, has_it, alice)
        for each in (has_it, new, alice):
            await follow(unit, each, bob)
    post = await publish(store, site, alice, "worth passing on")
    await fan_out(store)
    async with store.unit() as unit:
        passed_on = await posting.repost(unit, site, bob, post, source=Source.SMS, now=NOW)
    assert isinstance(passed_on, Published)
    await fan_out(store)
    assert await queued(store, passed_on.post_ids[0]) == {(new, "sms", Lane.FIRST)}


async def test_a_direct_message_goes_to_one_person_in_the_foremost_lane(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        bob = await person(unit, "bob", phone="+1555002", mail="bob@x.example")
        outcome = await posting.direct(unit, site, alice, bob, "psst", source=Source.SMS, now=NOW)
    assert isinstance(outcome, Published)
    await fan_out(store)
    assert await queued(store, outcome.post_ids[0]) == {(bob, "sms", Lane.ANSWER), (bob, "email", Lane.ANSWER)}


async def _thousands(store: Store, count: int) -> int:
    """An account with ``count`` followers by text; returns its id."""
    async with store.unit() as unit:
        star = await person(unit, "star")
        await unit.execute(
            insert(accounts),
            [{"name": None, "created_at": NOW, "phone_id": 1, "sms_route": 1} for _ in range(count)],
        )
        found = await unit.execute(select(accounts.c.id).where(accounts.c.sms_route.is_not(None)))
        await unit.execute(
            insert(follows),
            [
                {"followee_id": star, "follower_id": f, "state": "accepted", "texts": True, "created_at": NOW}
                for f in found.scalars()
            ],
        )
    return star


async def test_pages_grow_and_the_lanes_go_back_with_them(store: Store, site: Site) -> None:
    star = await _thousands(store, 1_200)
    post = await publish(store, site, star, "to all")
    assert await fan_out(store) == 3
    lanes = [lane for _, _, lane in await queued(store, post)]
    assert [lanes.count(lane) for lane in (Lane.FIRST, Lane.NEAR, Lane.FAR, Lane.TAIL)] == [100, 900, 200, 0]


async def test_a_small_post_takes_its_turn_between_the_pages_of_a_large_one(store: Store, site: Site) -> None:
    star = await _thousands(store, 1_200)
    large = await publish(store, site, star, "to all")
    async with store.unit(durable=False) as unit:
        await fanout.step(unit, now=datetime(2026, 11, 23, 12, 1, tzinfo=UTC))
    async with store.unit() as unit:
        small_author = await person(unit, "small")
        bob = await person(unit, "bob", phone="+1555002")
        await follow(unit, bob, small_author)
    small = await publish(store, site, small_author, "to one")
    async with store.unit(durable=False) as unit:
        await fanout.step(unit, now=datetime(2026, 11, 23, 12, 2, tzinfo=UTC))
    assert await queued(store, small) == {(bob, "sms", Lane.FIRST)}
    assert len(await queued(store, large)) == 100


async def test_a_page_done_twice_queues_nobody_twice(store: Store, site: Site) -> None:
    star = await _thousands(store, 300)
    post = await publish(store, site, star, "to all")
    async with store.unit(durable=False) as unit:
        await fanout.step(unit, now=NOW)
    async with store.unit() as unit:
        await unit.execute(update(fanouts).values(cursor=0, done=0))
    await fan_out(store)
    async with store.reading() as reading:
        rows = (await reading.execute(select(deliveries.c.account_id).where(deliveries.c.post_id == post))).all()
    assert len(rows) == len(set(rows)) == 300


async def test_an_audience_that_only_a_later_release_knows_is_left_to_its_daemons(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        bob = await person(unit, "bob", phone="+1555002")
        await follow(unit, bob, alice)
    theirs = await publish(store, site, alice, "first for whoever that may be")
    async with store.unit() as unit:
        await unit.execute(update(fanouts).values(stage="*whoever", cursor=7))
    ours = await publish(store, site, alice, "for followers")
    await fan_out(store)
    assert await queued(store, theirs) == set()
    assert await queued(store, ours) == {(bob, "sms", Lane.FIRST)}
    async with store.unit() as unit:
        assert not await fanout.any_waits(unit)
        (left,) = (await unit.execute(select(fanouts.c.post_id, fanouts.c.stage, fanouts.c.cursor))).all()
        assert tuple(left) == (theirs, "*whoever", 7)
        await unit.execute(update(fanouts).values(stage="", cursor=0))  # its daemons are done with that
    await fan_out(store)
    assert await queued(store, theirs) == {(bob, "sms", Lane.FIRST)}


async def test_a_deleted_post_is_queued_no_further(store: Store, site: Site) -> None:
    star = await _thousands(store, 300)
    post = await publish(store, site, star, "oops")
    async with store.unit(durable=False) as unit:
        await fanout.step(unit, now=NOW)
    async with store.unit() as unit:
        await posting.delete(unit, post, now=NOW)
    assert await fan_out(store) == 0
    async with store.reading() as reading:
        states = (await reading.execute(select(deliveries.c.state).where(deliveries.c.post_id == post))).scalars()
        assert set(states) == {"dead"}


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("link", "Published"), ("split", "Published"), ("refuse", "TooLong")],
)
async def test_a_long_text_follows_the_accounts_setting(store: Store, site: Site, mode: str, outcome: str) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice", overflow=mode)
        found = await posting.publish(unit, site, alice, "word " * 40, source=Source.SMS, now=NOW)
    assert type(found).__name__ == outcome
    if isinstance(found, Published):
        assert len(found.post_ids) == (2 if mode == "split" else 1)
        assert found.cut == (mode == "link")


async def test_the_same_words_within_a_minute_are_one_post(store: Store, site: Site) -> None:
    async with store.unit() as unit:
        alice = await person(unit, "alice")
        first = await posting.publish(unit, site, alice, "twice", source=Source.SMS, now=NOW)
        again = await posting.publish(unit, site, alice, " twice ", source=Source.WEB, now=NOW)
    assert isinstance(first, Published)
    assert again == posting.Duplicate(first.post_ids[0])
