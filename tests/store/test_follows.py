"""Edges, requests, blocks, offers, codes and consent on both databases."""

from datetime import UTC, datetime, timedelta

from store import accounts, addresses, consents, follows, offers, proofs, relations
from store.follows import FollowRow
from store.unit import Store, Unit

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=10)
LATER = NOW + timedelta(minutes=11)


async def people(unit: Unit, *names: str) -> list[int]:
    made = [await accounts.create(unit, name, now=NOW) for name in names]
    return [account_id for account_id in made if account_id is not None]


async def test_an_edge_is_made_changed_and_removed(store: Store) -> None:
    async with store.unit() as unit:
        a, b = await people(unit, "a", "b")
        assert await follows.edge(unit, a, b) is None
        await follows.put(unit, a, b, state="requested", texts=True, now=NOW)
        assert await follows.edge(unit, a, b) == FollowRow(a, b, "requested", True, None, NOW)
        await follows.put(unit, a, b, state="accepted", mail=True, now=LATER)
        assert await follows.edge(unit, a, b) == FollowRow(a, b, "accepted", False, True, NOW)
        assert await follows.set_texts(unit, a, b, True)
        assert await follows.set_mail(unit, a, b, False)
        assert await follows.edge(unit, a, b) == FollowRow(a, b, "accepted", True, False, NOW)
        assert await follows.remove(unit, a, b)
        assert not await follows.remove(unit, a, b)
        assert not await follows.set_texts(unit, a, b, True)
        assert not await follows.set_mail(unit, a, b, True)


async def test_requests_are_granted_or_refused_and_edges_left_alone(store: Store) -> None:
    async with store.unit() as unit:
        a, b, c, d = await people(unit, "a", "b", "c", "d")
        await follows.put(unit, a, b, state="accepted", now=NOW)
        for who in (c, d):
            await follows.put(unit, a, who, state="requested", now=NOW)
        assert [person.name for person in await follows.requests(unit, a)] == ["c", "d"]
        assert not await follows.deny(unit, a, b)
        assert not await follows.accept(unit, a, b)
        assert await follows.deny(unit, a, c)
        assert await follows.accept_all(unit, a) == [d]
        assert [person.id for person in await follows.followers(unit, a)] == [b, d]
        await follows.put(unit, a, c, state="requested", now=NOW)
        assert await follows.accept(unit, a, c)
        await follows.put(unit, a, d, state="requested", now=NOW)
        assert await follows.deny_all(unit, a) == 1


async def test_lists_come_in_pages(store: Store) -> None:
    async with store.unit() as unit:
        star, *rest = await people(unit, "star", *(f"f{i}" for i in range(5)))
        await follows.add_missing(unit, [FollowRow(star, who, "accepted", False, None, NOW) for who in rest])
        await follows.add_missing(unit, [FollowRow(star, rest[0], "requested", True, None, NOW)])
        first = await follows.followers(unit, star, most=2)
        second = await follows.followers(unit, star, after=first[-1].id)
        assert [person.name for person in first + second] == ["f0", "f1", "f2", "f3", "f4"]
        assert [person.name for person in await follows.following(unit, rest[3])] == ["star"]
        edges = await follows.page(unit, most=3)
        edges += await follows.page(unit, followee=edges[-1].followee_id, follower=edges[-1].follower_id)
        assert [edge.follower_id for edge in edges] == rest


async def test_followings_are_counted_by_age(store: Store) -> None:
    async with store.unit() as unit:
        a, b, c = await people(unit, "a", "b", "c")
        await follows.put(unit, a, c, state="accepted", now=NOW)
        await follows.put(unit, b, c, state="requested", now=LATER)
        assert await follows.made_since(unit, c, NOW) == 2
        assert await follows.made_since(unit, c, SOON) == 1


async def test_followings_move_without_doubling_or_following_oneself(store: Store) -> None:
    async with store.unit() as unit:
        old, new, star, other = await people(unit, "old", "new", "star", "other")
        for followee in (new, star, other):
            await follows.put(unit, followee, old, state="accepted", texts=True, now=NOW)
        await follows.put(unit, star, new, state="accepted", now=NOW)
        await follows.move(unit, old, new)
        assert await follows.following(unit, old) == []
        assert [person.id for person in await follows.following(unit, new)] == [star, other]
        kept = await follows.edge(unit, star, new)
        assert kept is not None
        assert not kept.texts
        await follows.remove_all(unit, star)
        assert [person.id for person in await follows.following(unit, new)] == [other]


async def test_blocks_are_seen_from_both_sides(store: Store) -> None:
    async with store.unit() as unit:
        a, b = await people(unit, "a", "b")
        await relations.block(unit, a, b, now=NOW)
        await relations.block(unit, a, b, now=NOW)
        assert await relations.blockers(unit, a, b) == await relations.blockers(unit, b, a) == {a}
        assert not await relations.unblock(unit, b, a)
        assert await relations.unblock(unit, a, b)
        assert await relations.blockers(unit, a, b) == set()
        await relations.mute(unit, a, b, now=NOW)
        await relations.remove_all(unit, b)
        assert not await relations.unmute(unit, a, b)


async def test_an_offer_replaces_the_one_before_and_expires(store: Store) -> None:
    async with store.unit() as unit:
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW)
        await offers.ask(unit, phone.id, "post", "get milk", expires_at=SOON)
        assert await offers.miss(unit, phone.id) == 1
        found = await offers.pending(unit, phone.id, now=NOW)
        assert found is not None
        assert (found.kind, found.words, found.tries) == ("post", "get milk", 1)
        await offers.ask(unit, phone.id, "delete", "", code_hash="h", expires_at=SOON)
        found = await offers.pending(unit, phone.id, now=NOW)
        assert found is not None
        assert (found.kind, found.code_hash, found.tries) == ("delete", "h", 0)
        assert await offers.pending(unit, phone.id, now=SOON) is None
        assert await offers.prune(unit, now=SOON) == 0
        assert await offers.prune(unit, now=SOON + offers.REMEMBERED) == 1
        await offers.close(unit, phone.id, now=SOON)


async def test_that_a_code_was_asked_is_remembered_over_other_questions(store: Store) -> None:
    async with store.unit() as unit:
        phone = await addresses.find_or_add(unit, "sms", "+15550001", now=NOW)
        (a,) = await people(unit, "a")
        assert not await offers.asked_code(unit, a, phone.id, since=NOW)
        await offers.ask(unit, phone.id, "delete", "", code_hash="h", expires_at=SOON)
        await offers.close(unit, phone.id, now=NOW)
        assert await offers.pending(unit, phone.id, now=NOW) is None
        await offers.ask(unit, phone.id, "post", "get milk", expires_at=SOON)
        assert await offers.asked_code(unit, a, phone.id, since=NOW)
        assert not await offers.asked_code(unit, a, phone.id, since=SOON)
        other = await addresses.find_or_add(unit, "email", "a@x.example", now=NOW)
        assert not await offers.asked_code(unit, a, other.id, since=NOW)
        await addresses.attach(unit, phone.id, a, proven_at=NOW)
        assert await offers.asked_code(unit, a, other.id, since=NOW)


async def test_a_code_serves_once_and_the_newest_alone(store: Store) -> None:
    async with store.unit() as unit:
        (a,) = await people(unit, "a")
        await proofs.add(unit, a, "claim", code_hash="one", expires_at=SOON)
        await proofs.add(unit, a, "claim", code_hash="two", expires_at=SOON, words="w")
        assert await proofs.find(unit, "claim", "one", now=NOW) is None
        assert await proofs.find(unit, "login", "two", now=NOW) is None
        assert await proofs.find(unit, "claim", "two", now=SOON) is None
        found = await proofs.find(unit, "claim", "two", now=NOW)
        assert found is not None
        assert (found.account_id, found.words) == (a, "w")
        await proofs.use(unit, found.id)
        assert await proofs.find(unit, "claim", "two", now=NOW) is None
        await proofs.add(unit, a, "claim", code_hash="three", expires_at=SOON)
        assert await proofs.prune(unit, now=LATER) == 1
        await proofs.forget_all(unit, a)


async def test_the_ledger_of_consent_only_grows(store: Store) -> None:
    async with store.unit() as unit:
        await consents.add(unit, "+15550001", action="given", how="sms", words="JOIN a", now=NOW)
        await consents.add(unit, "+15550001", action="refused", how="sms", words="STOP", now=LATER)
        assert [(row.action, row.words) for row in await consents.of(unit, "+15550001")] == [
            ("given", "JOIN a"),
            ("refused", "STOP"),
        ]
