"""Posts that are older than SEARCH are found by and by: in small steps, each post once, whoever does them."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from gateway.housekeeping import Job, keep_house
from gateway.service import reading, tending
from gateway.service.site import Site
from outbound.worker import DeliverySettings, Tools
from store import facts, search
from store import posts as store_posts
from store.schema import accounts, posts
from store.unit import Store, Unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLDER = 500
NO_POST = {3: "direct", 5: "repost"}
DELETED = 7


@pytest.fixture
async def old_town(store: Store) -> Store:
    """Five hundred posts that were written when nothing was folded, as migration 0006 leaves them."""
    async with store.unit() as unit:
        await unit.execute(insert(accounts), {"id": 1, "name": "alice", "created_at": NOW})
        values = {"author_id": 1, "source": "sms", "created_at": NOW, "to_account_id": None, "repost_of_id": None}
        await unit.execute(
            insert(posts),
            [
                {
                    **values,
                    "id": number,
                    "kind": NO_POST.get(number, "post"),
                    "text": "" if number == DELETED else f"Café n{number}",
                    "full_text": "Café and the whole long text" if number == 9 else None,
                    "deleted_at": NOW if number == DELETED else None,
                }
                for number in range(1, OLDER + 1)
            ],
        )
        await facts.put(unit, "folded_up_to", "0")
    return store


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each post was given its words."""
    times: Counter[int] = Counter()
    give_words = search.give_words

    async def count(unit: Unit, found_by: list[tuple[int, str]]) -> None:
        await give_words(unit, found_by)
        times.update(number for number, _ in found_by)

    monkeypatch.setattr(search, "give_words", count)
    return times


async def step(store: Store) -> bool:
    async with store.unit() as unit:
        return await tending.fold_older(unit)


async def found(store: Store, words: str) -> list[int]:
    """The posts with these words, the newest first."""
    ids: list[int] = []
    async with store.reading() as asked:
        while page := await search.posts_with(asked, words.split(), before=min(ids, default=2**40), most=200):
            ids += [each.id for each in page]
    return ids


ALL = [number for number in range(OLDER, 0, -1) if number not in {*NO_POST, DELETED}]


async def test_search_finds_what_is_folded_already_and_in_the_end_all(old_town: Store) -> None:
    assert await found(old_town, "cafe") == []
    assert await step(old_town)
    assert await found(old_town, "cafe") == [number for number in ALL if number <= 200]
    assert await step(old_town)
    assert not await step(old_town)
    assert await found(old_town, "cafe") == ALL
    assert await found(old_town, "whole long") == [9]
    async with old_town.reading() as asked:
        assert [each.id for each in (await reading.search(asked, "CAFÉ n77")).posts] == [77]


async def test_who_is_started_again_goes_on_where_the_last_one_ended(old_town: Store, given: Counter[int]) -> None:
    assert await step(old_town)
    started_again = Store(old_town.url.render_as_string(hide_password=False))
    while await step(started_again):
        pass
    await started_again.close()
    assert dict(given) == dict.fromkeys(ALL, 1)


async def test_a_step_that_is_undone_is_done_again(old_town: Store) -> None:
    async def fail() -> None:
        async with old_town.unit() as unit:
            assert await tending.fold_older(unit)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await found(old_town, "cafe") == []
    while await step(old_town):
        pass
    assert await found(old_town, "cafe") == ALL


async def test_several_daemons_fold_each_post_once(old_town: Store, given: Counter[int]) -> None:
    stores = [Store(old_town.url.render_as_string(hide_password=False)) for _ in range(3)]

    async def keep_at_it(store: Store) -> None:
        waits = True
        while waits:
            await step(store)
            async with store.glancing() as asked:
                waits = await tending.are_unfolded(asked)

    async with asyncio.timeout(60):
        await asyncio.gather(*map(keep_at_it, stores))
    for store in stores:
        await store.close()
    assert dict(given) == dict.fromkeys(ALL, 1)
    assert await found(old_town, "cafe") == ALL


async def test_nobody_waits_for_another_daemon_that_is_at_it(old_town: Store) -> None:
    if old_town.is_sqlite:
        return  # one writer at a time
    other = Store(old_town.url.render_as_string(hide_password=False))
    async with asyncio.timeout(20), old_town.unit() as unit:
        assert await tending.fold_older(unit)
        assert not await step(other)
        async with other.glancing() as asked:
            assert await tending.are_unfolded(asked)
    await other.close()


async def test_what_is_deleted_or_written_meanwhile_is_left_as_it_is(old_town: Store) -> None:
    async with old_town.unit() as unit:
        page = await search.written_after(unit, 0, most=20)
    async with old_town.unit() as unit:
        await store_posts.wipe(unit, 11, NOW)
        await unit.execute(update(posts).where(posts.c.id == 12).values(words="its own words"))
    async with old_town.unit() as unit:
        await search.give_words(unit, [(number, "cafe") for number, text in page if text is not None])
    assert await found(old_town, "cafe") == [number for number in ALL if number <= 20 and number not in {11, 12}]
    assert await found(old_town, "own words") == [12]


@contextmanager
def watching(store: Store) -> Iterator[list[str]]:
    """The statements that run inside the block; the BEGIN of a unit on SQLite is one."""
    seen: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool) -> None:
        seen.append(statement)

    engines = {store._durable, store._relaxed, store._readers, store._glances}
    with ExitStack() as stack:
        for engine in engines:
            event.listen(engine.sync_engine, "before_cursor_execute", remember)
            stack.callback(event.remove, engine.sync_engine, "before_cursor_execute", remember)
        yield seen


def folding(store: Store, site: Site) -> Job:
    """The job of a daemon that was just started."""
    tools = Tools(store, site, DeliverySettings(), lambda: NOW, Random(1).random)  # noqa: S311
    (job,) = [job for job, _ in keep_house(tools, None)._jobs if job.__name__ == "fold_older_posts"]
    return job


async def test_a_daemon_folds_what_there_is_and_then_asks_nothing_any_more(old_town: Store, site: Site) -> None:
    job = folding(old_town, site)
    async with asyncio.timeout(60):
        while await found(old_town, "cafe") != ALL:
            await job()
    await job()
    with watching(old_town) as seen:
        await job()
    assert seen == []


async def test_where_nothing_is_older_a_daemon_looks_once(store: Store, site: Site) -> None:
    job = folding(store, site)
    with watching(store) as seen:
        await job()
        await job()
    assert [statement.split()[0] for statement in seen] == ["SELECT"]
