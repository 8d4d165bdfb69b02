"""The timelines find their pages along indexes, on both databases."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql, sqlite

from store import timelines
from store.schema import accounts, follows, posts
from store.unit import Store

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PEOPLE, POSTS = 400, 8_000
READER = PEOPLE


@pytest.fixture
async def town(store: Store) -> Store:
    """Four hundred people, one of whom follows all the others; the first person writes more than all together."""
    async with store.unit() as unit:
        names = [{"id": n, "name": f"p{n}", "created_at": NOW} for n in range(1, PEOPLE + 1)]
        await unit.execute(insert(accounts), names)
        edges = [
            {"followee_id": n, "follower_id": READER, "state": "accepted", "created_at": NOW} for n in range(1, PEOPLE)
        ]
        await unit.execute(insert(follows), edges)
        rows = [
            {
                "id": n,
                "author_id": 1 if n % 3 else n % (PEOPLE - 1) + 1,
                "kind": "post",
                "text": f"post {n}",
                "source": "sms",
                "conversation_id": n,
                "created_at": NOW,
            }
            for n in range(1, POSTS + 1)
        ]
        await unit.execute(insert(posts), rows)
        await unit.execute(text("ANALYZE"))
    return store


async def explain(store: Store, statement: timelines.Statement, **values: object) -> str:
    """The database's plan, one step per line."""
    dialect = sqlite.dialect() if store.is_sqlite else postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    compiled = statement.params(**values).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    words = re.sub(r"(?<!:):(?=\w)", r"\\:", str(compiled))
    async with store.reading() as reading:
        verb = "EXPLAIN QUERY PLAN" if store.is_sqlite else "EXPLAIN"
        rows = (await reading.execute(text(f"{verb} {words}"))).all()
    return "\n".join(str(row[-1]) for row in rows)


CASES = [
    ("public", timelines._PUBLIC, {}),
    ("posts_of", timelines._POSTS_OF, {"author": 7}),
    ("tagged", timelines._TAGGED, {"tag": "x"}),
    ("conversation", timelines._CONVERSATION, {"conversation": 7, "after": 0}),
    ("home", timelines._HOME, {"me": READER}),
]


@pytest.mark.parametrize(("name", "statement", "values"), CASES, ids=[case[0] for case in CASES])
async def test_no_timeline_reads_all_posts(
    town: Store, name: str, statement: timelines.Statement, values: dict[str, object]
) -> None:
    plan = await explain(town, statement, **{"before": timelines.NEWEST, "most": 21, **values})
    if town.is_sqlite:
        for step in plan.splitlines():
            if re.match(r"SCAN (p|n|q|h|m)\b", step):
                assert name == "public", plan
                assert "USING" not in step, "the public timeline walks the posts themselves from the newest on"
        assert name in ("home", "conversation", "tagged") or "TEMP B-TREE FOR ORDER BY" not in plan, plan
    else:
        assert not re.search(r"Seq Scan on posts", plan), plan


async def test_home_holds_the_newest_posts_of_many_and_goes_on_where_a_page_ended(town: Store) -> None:
    async with town.reading() as reading:
        first = await timelines.home(reading, READER, most=20)
        second = await timelines.home(reading, READER, before=first[-1].id, most=20)
    assert [row.id for row in first] == list(range(POSTS, POSTS - 20, -1))
    assert [row.id for row in second] == list(range(POSTS - 20, POSTS - 40, -1))


async def test_home_goes_back_to_the_very_first_post(town: Store) -> None:
    seen, before = 0, timelines.NEWEST
    async with town.reading() as reading:
        while page := await timelines.home(reading, READER, before=before, most=500):
            seen, before = seen + len(page), page[-1].id
    assert seen == POSTS


async def test_posts_are_loaded_in_the_order_asked_for(town: Store) -> None:
    async with town.reading() as reading:
        assert [row.id for row in await timelines.load(reading, [5, 900, 3])] == [5, 900, 3]
        assert await timelines.load(reading, []) == []
