"""The queue's statements find their rows along indexes: claiming and fan-out cost the same however much is stored."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, text, update

from gateway.domain.types import Channel, Lane, Thread
from gateway.service import notify
from store import (
    addresses,
    audit,
    day_counts,
    digests,
    fanouts,
    forgetting,
    late,
    members,
    people,
    polls,
    queue,
    receipts,
    routes,
    standing,
)
from store import deliveries as deliveries_store
from store import posts as posts_store
from store.fanouts import Fanout
from store.queue import Settled
from store.schema import accounts, deliveries, follows, posts
from store.schema import audit as audit_table
from store.schema import receipts as receipts_table
from store.timelines import NEWEST
from store.unit import Store
from tests.databases import Databases

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FOLLOWERS, POSTS, STAR = 3_000, 10, 1


async def settle(url: str) -> None:
    """A star with three thousand followers and ten posts: nine delivered, the last one queued."""
    store = Store(url)
    async with store.unit() as unit:
        await routes.ensure(unit, ["+15550009999"])
        people = range(1, FOLLOWERS + 2)
        await unit.execute(
            insert(accounts), [{"id": n, "name": f"p{n}", "created_at": NOW, "sms_route": 1} for n in people]
        )
        await unit.execute(
            insert(follows),
            [
                {"followee_id": STAR, "follower_id": n, "state": "accepted", "texts": True, "created_at": NOW}
                for n in people
                if n != STAR
            ],
        )
        await unit.execute(
            insert(posts),
            [
                {"id": n, "author_id": STAR, "kind": "post", "text": "x", "source": "sms", "created_at": NOW}
                for n in range(1, POSTS + 2)
            ],
        )
        for post in range(1, POSTS + 1):
            await unit.execute(
                insert(deliveries),
                [
                    {
                        "post_id": post,
                        "account_id": n,
                        "channel": "sms",
                        "route": 1,
                        "lane": Lane.TAIL,
                        "state": "queued" if post == POSTS else "delivered",
                        "due_at": NOW,
                        "queued_at": NOW,
                    }
                    for n in people
                ],
            )
        await unit.execute(text("ANALYZE"))
    await store.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def settled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The town, for all tests to copy: the file of its database, or the name."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("settled") / "birdwire.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        asyncio.run(settle(f"sqlite:///{file}"))
        return str(file)
    databases: Databases = request.getfixturevalue("databases")
    name = asyncio.run(databases.migrated())
    asyncio.run(settle(databases.url(name)))
    return name


@pytest.fixture
def town_url(settled: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The url of a copy."""
    if settled.endswith(".db"):
        yield f"sqlite:///{shutil.copy(settled, tmp_path)}"
        return
    databases: Databases = request.getfixturevalue("databases")
    name = asyncio.run(databases.like(settled))
    yield databases.url(name)
    asyncio.run(databases.drop(name))


@pytest.fixture
async def town(town_url: str) -> AsyncIterator[Store]:
    opened = Store(town_url)
    yield opened
    await opened.close()


@contextmanager
def watching(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """The statements that run inside the block, as the database gets them, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        seen.append((statement, parameters[0] if many else parameters))

    engine = store._durable.sync_engine
    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", remember)


async def plan_of(store: Store, statement: str, parameters: Any) -> str:
    """The database's plan for a statement, one step per line."""
    verb = "EXPLAIN QUERY PLAN" if store.is_sqlite else "EXPLAIN"
    async with store.connection() as connection:
        rows = (await connection.exec_driver_sql(f"{verb} {statement}", parameters)).all()
    return "\n".join(str(row[-1]) for row in rows)


def reads_all(plan: str, table: str) -> bool:
    """Whether the plan reads a whole table."""
    return bool(re.search(rf"Seq Scan on {table}|SCAN {table}(?! USING)", plan))


async def check(store: Store, seen: list[tuple[str, Any]], *, tables: tuple[str, ...]) -> None:
    assert seen
    for statement, parameters in seen:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "WITH")):
            plan = await plan_of(store, statement, parameters)
            for table in tables:
                assert not reads_all(plan, table), f"{statement}\n{plan}"


async def test_a_claim_goes_along_the_index_of_what_is_due(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            ids = await queue.claim(unit, 1, most=50, until=NOW + timedelta(minutes=1), now=NOW)
    assert len(ids) == 50
    await check(town, seen, tables=("deliveries", "older", "open"))
    statement, parameters = seen[-1]
    plan = await plan_of(town, statement, parameters)
    assert "ix_deliveries_due" in plan
    assert "ix_deliveries_open" in plan


async def test_details_and_settle_touch_only_the_claimed_rows(town: Store) -> None:
    async with town.unit() as unit:
        ids = await queue.claim(unit, 1, most=20, until=NOW + timedelta(minutes=1), now=NOW)
        with watching(town) as seen:
            await queue.details(unit, ids)
            await queue.settle(unit, [Settled(each, 1, "sent", NOW, NOW) for each in ids])
    await check(town, seen, tables=("deliveries",))


async def test_a_fan_out_page_reads_only_its_followers(town: Store) -> None:
    fanout = Fanout(POSTS + 1, STAR, None, None, None, deleted=False, cursor=10, done=10)
    async with town.unit() as unit:
        with watching(town) as seen:
            queued, ended = await fanouts.queue_page(unit, fanout, lane=Lane.FIRST, size=100, now=NOW)
    assert (queued, ended) == (100, False)
    await check(town, seen, tables=("follows", "deliveries"))


async def test_a_page_looks_once_for_what_is_queued_already_also_where_the_planner_takes_it_for_small(
    town: Store,
) -> None:
    if town.is_sqlite:
        return  # passes over it by ON CONFLICT
    unknown, readers = 2, 900
    async with town.unit() as unit:
        people = range(10, 10 + readers)
        edges = [
            {"followee_id": unknown, "follower_id": n, "state": "accepted", "texts": True, "created_at": NOW}
            for n in people
        ]
        await unit.execute(insert(follows), edges)  # and no statistics of them
    fanout = Fanout(POSTS + 1, unknown, None, None, None, deleted=False, cursor=0, done=100)
    with watching(town) as seen:
        async with town.unit() as unit:
            assert await fanouts.queue_page(unit, fanout, lane=Lane.NEAR, size=readers, now=NOW) == (readers, False)
            await unit.execute(text("DELETE FROM deliveries WHERE post_id = :post"), {"post": POSTS + 1})
    (queue_them,) = [each for each in seen if "INSERT INTO deliveries" in each[0]]
    async with town.connection() as connection:
        found = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {queue_them[0]}", queue_them[1])
        plan = [str(row[0]) for row in found]
        await connection.rollback()
    looks = [line for line in plan if "uq_deliveries_post_account_channel" in line]
    assert len(looks) == 1
    assert looks[0].endswith("loops=1)"), "\n".join(plan)


async def test_dropping_what_waits_for_a_phone_reads_only_what_waits_for_it(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            await deliveries_store.drop_texts_but_answers(unit, 8, "off", now=NOW)
            dropped = await deliveries_store.drop_for_account(unit, 7, Channel.SMS, "stop", now=NOW)
    assert dropped == 1
    await check(town, seen, tables=("deliveries",))


async def test_dropping_the_notices_of_a_phone_reads_only_what_is_foremost(town: Store) -> None:
    async with town.unit() as unit:
        phone = await addresses.find_or_add(unit, "sms", "+15550001001", now=NOW)
        await notify.tell(unit, phone.id, "hello", now=NOW)
        with watching(town) as seen:
            assert await deliveries_store.drop_for_address(unit, phone, "stop", now=NOW) == 1
    await check(town, seen, tables=("deliveries",))
    assert "ix_deliveries_due" in await plan_of(town, *seen[0])


async def test_pruning_reads_only_its_part_of_what_is_kept(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            assert await deliveries_store.prune(unit, before=NOW, after=500, look=100, most=10) == (0, 600)
    for statement, parameters in seen:
        plan = await plan_of(town, statement, parameters)
        assert not reads_all(plan, "deliveries"), f"{statement}\n{plan}"


async def test_forgetting_who_left_reads_only_its_part(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            assert not await forgetting.anything_open(unit, 99_999, [7, 8])
            last = await forgetting.wipe_notices(unit, 7, [7, 8], until=NOW, after=500)
            assert last == 500 + forgetting.LOOKED_AT_ONCE
    for statement, parameters in seen:
        plan = await plan_of(town, statement, parameters)
        assert not reads_all(plan, "deliveries"), f"{statement}\n{plan}"
        if town.is_sqlite:  # knows not that there are none
            assert not reads_all(plan, "notices"), f"{statement}\n{plan}"


async def test_housekeeping_reads_only_leases(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            await queue.take_back(unit, NOW)
            await queue.claim_look_ups(unit, most=10, until=NOW, now=NOW)
    await check(town, seen, tables=("deliveries",))


async def test_looking_for_what_waits_for_a_retired_number_reads_nothing_else(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            assert await routes.leave_retired(unit) == 0
    await check(town, seen, tables=("deliveries",))
    assert "ix_deliveries_due" in await plan_of(town, *seen[0])


async def test_asking_late_reads_only_what_is_to_be_asked_about(town: Store) -> None:
    async with town.unit() as unit:
        [waits] = await queue.claim(unit, 1, most=1, until=NOW, now=NOW)
        await queue.settle(unit, [Settled(waits, 1, "sent", NOW, NOW, NOW, "SM1")])
        with watching(town) as seen:
            assert await late.is_due(unit, now=NOW)
            assert [each.id for each in await late.claim(unit, most=10, until=NOW, now=NOW)] == [waits]
            await late.ask_at(unit, waits, "SM1", None)
    await check(town, seen, tables=("deliveries",))
    for statement, parameters in seen[:2]:
        assert "ix_deliveries_late" in await plan_of(town, statement, parameters)


async def test_matching_reports_reads_only_those_that_are_nobodys(town: Store) -> None:
    async with town.unit() as unit:
        report = {"source": "twilio", "error_code": "", "received_at": NOW}
        known = [
            {**report, "remote_id": f"SM{n}", "status": "sent", "delivery_id": 9_000 + n} for n in range(FOLLOWERS)
        ]
        await unit.execute(insert(receipts_table), known)
        nobodys = {**report, "remote_id": "SMX", "status": "sent", "delivery_id": None}
        await unit.execute(insert(receipts_table), nobodys)
        await unit.execute(text("ANALYZE"))
    async with town.unit() as unit:
        with watching(town) as seen:
            assert await late.unmatched(unit, since=NOW - timedelta(days=1), most=10) == []
            assert await receipts.subject(unit, None, "SMX") is None
    await check(town, seen, tables=("deliveries", "receipts"))
    assert "ix_deliveries_remote" in await plan_of(town, *seen[1])


async def test_looking_for_the_last_poll_reads_the_polls_and_not_all_posts(town: Store) -> None:
    if not town.is_sqlite:
        return  # knows how many there are of each
    async with town.unit() as unit:
        await polls.add(unit, POSTS, "Lunch?", ["pizza", "soup"], closes_at=NOW)
        with watching(town) as seen:
            assert await polls.last_received(unit, 7) is None
    await check(town, seen, tables=("posts", "carrier", "deliveries"))


async def test_a_post_that_was_passed_on_often_is_asked_once_whether_it_is_a_poll(town: Store) -> None:
    async with town.unit() as unit:
        await polls.add(unit, 1, "Lunch?", ["pizza", "soup"], closes_at=NOW)
        await polls.vote(unit, 1, 7, 1)
        reposts = range(20, 25)
        repost = {"author_id": 2, "kind": "repost", "text": "", "source": "sms", "created_at": NOW, "repost_of_id": 1}
        await unit.execute(insert(posts), [{**repost, "id": n} for n in reposts])
        with watching(town) as seen:
            assert sorted(await posts_store.wipe(unit, 1, NOW)) == [1, *reposts]
        assert await polls.counts(unit, 1) == {}
    assert sum("poll" in statement for statement, _ in seen) == 2


async def test_looking_for_what_a_wrong_clock_queued_reads_only_what_is_not_due(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            assert await deliveries_store.bring_back(unit, believable=NOW, until=NOW, now=NOW) == 0
    await check(town, seen, tables=("deliveries",))


async def test_making_and_filling_digests_reads_only_what_waits_for_them(town: Store) -> None:
    people = range(10, 210)
    async with town.unit() as unit:
        of_digests = update(accounts).where(accounts.c.id.in_(people))
        await unit.execute(of_digests.values(email_mode="daily", digest_at=NOW))
        waiting = (
            update(deliveries).where(deliveries.c.account_id.in_(people)).where(deliveries.c.post_id.in_([1, POSTS]))
        )
        await unit.execute(waiting.values(channel="email", state="gathered"))
        await unit.execute(text("ANALYZE"))
    with watching(town) as seen:
        async with town.unit() as unit:
            found = await digests.due(unit, most=100, now=NOW)
            made = await digests.bundle(unit, [each.id for each in found], words="", now=NOW)
            assert len(made) == 100
            await digests.move(unit, {each.id: NOW + timedelta(days=1) for each in found})
            assert await digests.drop(unit, [9, 209], "mail is off", now=NOW) == 2
            digest = select(func.max(deliveries.c.digest_id))
            digest_id = (await unit.execute(digest)).scalar_one()
            newest = await digests.brought(unit, digest_id, most=10)
            assert len(newest) == await digests.how_many(unit, digest_id) == 2
            assert await digests.brought(unit, digest_id, most=10, below=newest[0]) == newest[1:]
            await digests.unmake(unit, [digest_id])
            assert await digests.how_many(unit, digest_id) == 2
            await queue.details(unit, newest)
            await digests.leave_out(unit, [(newest[0], "deleted")])
            assert await digests.bring_back(unit, believable=NOW + timedelta(days=3), now=NOW) == 0
            assert await deliveries_store.drop_for_account(unit, 208, Channel.EMAIL, "gone", now=NOW) == 2
            assert await deliveries_store.drop_between(unit, 207, STAR, "blocked", now=NOW) == 2
    await check(town, [each for each in seen if "max(" not in each[0]], tables=("deliveries", "accounts"))
    plans = [await plan_of(town, *each) for each in seen]
    assert any("ix_accounts_digest_at" in plan for plan in plans)
    assert any("ix_deliveries_gathered" in plan for plan in plans)
    assert any("ix_deliveries_bundled" in plan for plan in plans)


@pytest.mark.parametrize("stands", [True, False], ids=["its first post stands", "its first post is deleted"])
async def test_what_an_answer_goes_on_from_and_the_mail_that_brought_it_are_looked_for_by_their_posts(
    town: Store, stands: bool
) -> None:
    a_post = {"kind": "post", "text": "z", "source": "sms", "created_at": NOW}
    others = [a_post | {"id": n, "author_id": n - 98, "conversation_id": n} for n in range(100, FOLLOWERS + 100)]
    async with town.unit() as unit:
        await unit.execute(insert(posts), others)
        await unit.execute(text("ANALYZE"))
        await unit.execute(update(posts).where(posts.c.id == POSTS).values(reply_to_id=1, conversation_id=1))
        await unit.execute(update(posts).where(posts.c.id == 1).values(conversation_id=1))
        if not stands:
            await unit.execute(update(posts).where(posts.c.id == 1).values(deleted_at=NOW))
            await unit.execute(update(posts).where(posts.c.id == 3).values(text="y", conversation_id=1))
        await unit.execute(update(deliveries).where(deliveries.c.account_id < 30).values(channel="email", route=0))
        await unit.execute(update(deliveries).where(deliveries.c.post_id == 1).values(state="sent"))
        ids = await queue.claim(unit, 0, most=10, until=NOW + timedelta(minutes=1), now=NOW)
        with watching(town) as seen:
            found = await queue.details(unit, ids)
        first = select(deliveries.c.id, deliveries.c.account_id).where(deliveries.c.post_id == 1)
        mails = {account: delivery for delivery, account in await unit.execute(first)}
    assert [each.answered_mail for each in found] == [mails[each.account_id] for each in found]
    assert len(found) == 10
    expected = Thread("x", "", "x", f"p{STAR}", 1) if stands else Thread("y", "", "", f"p{STAR}", 1)
    assert {each.thread for each in found} == {expected}
    of_posts = ("early", "later", "first")
    of_authors = ("begun_author", "later_author", "first_author", "answered_author")
    await check(town, seen, tables=("deliveries", "mailed", "follows", *of_posts, *of_authors))


async def test_the_directory_reads_no_more_than_it_shows(town: Store) -> None:
    async with town.unit() as unit:
        with watching(town) as seen:
            newest = await people.newest(unit, 0, before=1_000, most=50)
            named = await people.by_name(unit, 7, after="p2", most=50)
            counted = await people.counted(unit, after=1_000, most=50)
    assert [each.id for each in newest] == list(range(999, 949, -1))
    assert [each.name for each in named[:2]] == ["p20", "p200"]
    assert counted == [(each, 0) for each in range(1_001, 1_051)]
    await check(town, seen, tables=("accounts",))  # all follows are the star's here, so they may be read as they stand
    for statement, parameters in seen:
        plan = await plan_of(town, statement, parameters)
        assert not re.search("Sort|TEMP B-TREE", plan), plan
        assert re.search(r"SEARCH accounts USING|Index Scan.* on accounts", plan), plan


# ---- what administrators look at


@pytest.fixture
async def calm_town(town: Store) -> Store:
    """The town when nearly all is delivered: a little waits, a little was given up, a little is on its way."""
    async with town.unit() as unit:
        for first, values in (
            (1, {"state": "queued"}),
            (101, {"state": "dead", "settled_at": NOW, "reason": "no such phone"}),
            (201, {"state": "claimed", "lease_until": NOW}),
            (301, {"state": "delivered"}),
        ):
            last = update(deliveries).where(deliveries.c.post_id == POSTS, deliveries.c.account_id >= first)
            await unit.execute(last.values(values))
        await unit.execute(text("ANALYZE"))
    return town


async def test_the_queue_is_looked_at_along_the_index_of_what_is_open(calm_town: Store) -> None:
    async with calm_town.unit() as unit:
        with watching(calm_town) as seen:
            [route] = await standing.waiting(unit, now=NOW)
            [hand] = await standing.in_hand(unit)
            assert await standing.given_up(unit, since=NOW - timedelta(days=1)) == 100
    assert (route.all, route.ages[0], hand.claimed) == (100, 100, 100)
    await check(calm_town, seen, tables=("deliveries",))


async def test_the_depth_of_the_queue_is_counted_along_an_index_and_nothing_is_put_by(calm_town: Store) -> None:
    async with calm_town.unit() as unit:
        with watching(calm_town) as seen:
            depths = await deliveries_store.depths(unit)
    assert {(each.channel, each.state): each.count for each in depths}[Channel.SMS, "queued"] == 100
    await check(calm_town, seen, tables=("deliveries",))
    queued = await plan_of(calm_town, *seen[0])
    assert not re.search("Sort|TEMP B-TREE", queued), queued
    assert not calm_town.is_sqlite or "ix_deliveries_due" in queued, queued


async def test_lists_of_the_queue_read_no_more_than_they_show(calm_town: Store) -> None:
    first, last = (datetime(1970, 1, 1, tzinfo=UTC), 0), (datetime(2100, 1, 1, tzinfo=UTC), 10**18)
    async with calm_town.unit() as unit:
        with watching(calm_town) as seen:
            waiting = await standing.queued_on(unit, [0, 1], after=first, most=60)
            rest = await standing.queued_on(unit, [0, 1], after=(waiting[-1].at, waiting[-1].id), most=60)
            going = await standing.held(unit, after=first, most=10)
            lost = await standing.lost(unit, before=last, most=10)
            further = await standing.lost(unit, before=(lost[-1].at, lost[-1].id), most=10)
    assert [len(each) for each in (waiting, rest, going, lost, further)] == [60, 40, 10, 10, 10]
    assert not {each.id for each in waiting} & {each.id for each in rest}
    assert max(each.id for each in further) < min(each.id for each in lost)
    await check(calm_town, seen, tables=("deliveries",))
    assert "ix_deliveries_due" in await plan_of(calm_town, *seen[0])
    assert "ix_deliveries_dead" in await plan_of(calm_town, *seen[-1])


async def test_counting_reads_only_what_came_since_it_was_done_last(calm_town: Store) -> None:
    async with calm_town.unit() as unit:
        with watching(calm_town) as seen:
            found = await day_counts.posts_after(unit, 5, until=NOW, most=3)
            first = await day_counts.first_given_up(unit, after=NOW - timedelta(minutes=5), until=NOW)
            assert first == NOW
            lost = await day_counts.given_up_between(unit, first, NOW)
    assert [post_id for post_id, _, _ in found] == [6, 7, 8]
    assert lost == {"sms": 100}
    await check(calm_town, seen, tables=("deliveries",))
    if calm_town.is_sqlite:  # PostgreSQL knows that there are only eleven posts
        await check(calm_town, seen[:1], tables=("posts",))


async def test_members_are_leafed_through_without_reading_all_of_them(calm_town: Store) -> None:
    async with calm_town.unit() as unit:
        with watching(calm_town) as seen:
            listed = await members.listed(unit, "all", before=NEWEST, most=50)
            further = await members.listed(unit, "named", before=listed[-1].id, most=50)
    assert [len(listed), len(further)] == [50, 50]
    await check(calm_town, seen, tables=("accounts",))


async def test_a_members_page_finds_what_was_done_about_them_along_an_index(calm_town: Store) -> None:
    async with calm_town.unit() as unit:
        row = {"at": NOW, "door": "web", "who_id": 1, "who": "p1", "act": "member.see", "about": "p2", "words": ""}
        await unit.execute(insert(audit_table), [{**row, "about_id": n} for n in range(1, 3_001)])
        await unit.execute(text("ANALYZE"))
    async with calm_town.unit() as unit:
        with watching(calm_town) as seen:
            assert len(await audit.newest(unit, before=NEWEST, most=10, about=7)) == 1
            assert await audit.did_lately(unit, 1, "member.see", 7, since=NOW - timedelta(minutes=1))
            assert len(await audit.newest(unit, before=NEWEST, most=10)) == 10
    await check(calm_town, seen, tables=("audit",))
