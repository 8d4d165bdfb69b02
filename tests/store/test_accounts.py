"""Accounts on both databases."""

from datetime import UTC, datetime

from sqlalchemy import insert, select

from gateway.domain.types import EmailMode
from store import accounts, digests, follows
from store.schema import posts
from store.unit import Store

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def test_a_new_account_is_found_by_its_name_in_any_case(store: Store) -> None:
    async with store.unit() as unit:
        alice = await accounts.create(unit, "alice", now=NOW)
    async with store.reading() as reading:
        found = await accounts.by_name(reading, "ALICE")
        assert found is not None
        assert (found.id, found.name, found.protected, found.texts_on, found.email_mode) == (
            alice,
            "alice",
            False,
            True,
            "instant",
        )
        assert found.created_at == NOW
        assert await accounts.by_id(reading, found.id) == found
        assert await accounts.by_name(reading, "bob") is None
        assert await accounts.by_names(reading, ["alice", "bob"]) == [found]
        assert await accounts.by_names(reading, []) == []


async def test_a_taken_name_makes_no_second_account_and_spoils_nothing(store: Store) -> None:
    async with store.unit() as unit:
        assert await accounts.create(unit, "alice", now=NOW) is not None
        assert await accounts.create(unit, "alice", now=NOW) is None
        assert await accounts.create(unit, "bob", now=NOW) is not None


async def test_many_accounts_may_be_without_a_name(store: Store) -> None:
    async with store.unit() as unit:
        assert await accounts.create(unit, None, now=NOW) != await accounts.create(unit, None, now=NOW)


async def test_a_name_is_given_only_if_nobody_bears_it(store: Store) -> None:
    async with store.unit() as unit:
        alice = await accounts.create(unit, "alice", now=NOW)
        await accounts.create(unit, "bob", now=NOW)
        assert alice is not None
        assert not await accounts.rename(unit, alice, "bob")
        assert await accounts.rename(unit, alice, "alicia")
        assert await accounts.by_name(unit, "alice") is None


async def test_switches_are_kept(store: Store) -> None:
    async with store.unit() as unit:
        alice = await accounts.create(unit, "alice", now=NOW)
        assert alice is not None
        await accounts.set_protected(unit, alice, True)
        await accounts.set_texts_on(unit, alice, False)
        await digests.set_mode(unit, alice, EmailMode.DAILY, hour=None, digest_at=NOW)
        await accounts.set_suspended(unit, alice, NOW)
        await accounts.set_admin(unit, alice, True)
        row = await accounts.by_id(unit, alice)
        assert row is not None
        assert (row.protected, row.texts_on, row.email_mode, row.suspended_at, row.admin) == (
            True,
            False,
            "daily",
            NOW,
            True,
        )


async def test_a_deleted_account_frees_its_name_and_loses_its_words(store: Store) -> None:
    async with store.unit() as unit:
        alice = await accounts.create(unit, "alice", now=NOW)
        assert alice is not None
        await unit.execute(
            insert(posts),
            {"author_id": alice, "kind": "post", "text": "secret", "source": "sms", "created_at": NOW},
        )
        assert (await accounts.counts(unit, alice)).posts == 1
        assert await accounts.mark_deleted(unit, alice, NOW)
        assert not await accounts.mark_deleted(unit, alice, NOW)
        await accounts.wipe_posts(unit, alice, NOW)
        assert (await unit.execute(select(posts.c.text, posts.c.deleted_at))).one() == ("", NOW)
        assert (await accounts.counts(unit, alice)).posts == 0
        assert await accounts.create(unit, "alice", now=NOW) != alice


async def test_counts_know_only_accepted_edges(store: Store) -> None:
    async with store.unit() as unit:
        a, b, c = [await accounts.create(unit, name, now=NOW) for name in ("a", "b", "c")]
        assert a is not None
        assert b is not None
        assert c is not None
        await follows.put(unit, a, b, state="accepted", now=NOW)
        await follows.put(unit, a, c, state="requested", now=NOW)
        assert await accounts.counts(unit, a) == accounts.Counts(0, 1, 0)
        assert await accounts.counts(unit, b) == accounts.Counts(0, 0, 1)
        assert await accounts.counts(unit, c) == accounts.Counts(0, 0, 0)


async def test_pages_of_accounts_leave_the_deleted_out(store: Store) -> None:
    async with store.unit() as unit:
        ids = [await accounts.create(unit, f"n{i}", now=NOW) for i in range(5)]
        assert ids[1] is not None
        await accounts.mark_deleted(unit, ids[1], NOW)
        first = await accounts.page(unit, most=2)
        rest = await accounts.page(unit, after=first[-1].id)
        assert [row.id for row in first + rest] == [ids[0], ids[2], ids[3], ids[4]]
