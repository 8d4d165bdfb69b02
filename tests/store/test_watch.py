"""The store's mark: whoever keeps what was read while it stays equal keeps nothing that somebody has changed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import bell, facts
from store.unit import Store
from store.watch import Watch


@pytest.fixture
async def neighbour(store_url: str) -> AsyncIterator[Store]:
    """Another process's store on the same database."""
    opened = Store(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def frozen_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second in which PostgreSQL's mark would change by itself does not end."""
    monkeypatch.setattr("store.unit.monotonic", lambda: 7.0)


async def _until_it_changes(store: Store, mark: object) -> None:
    async with asyncio.timeout(30):
        while store.mark() == mark:  # noqa: ASYNC110 - another process rings no bell here
            await asyncio.sleep(0.001)


@pytest.mark.usefixtures("frozen_second")
async def test_the_mark_stays_while_nobody_commits(store: Store) -> None:
    mark = store.mark()
    async with store.reading() as reading:
        await facts.get(reading, "a")
    assert store.mark() == mark


@pytest.mark.parametrize("durable", [True, False])
async def test_what_this_process_commits_changes_the_mark_at_once(store: Store, durable: bool) -> None:
    for each in range(20):
        mark = store.mark()
        async with store.unit(durable=durable) as unit:
            await facts.put(unit, "a", str(each))
        assert store.mark() != mark


async def test_a_unit_that_ended_badly_changes_the_mark_too_since_nobody_knows_what_it_did(store: Store) -> None:
    mark = store.mark()
    with pytest.raises(ZeroDivisionError):
        async with store.unit():
            raise ZeroDivisionError
    assert store.mark() != mark


async def test_what_another_process_commits_changes_the_mark(store: Store, neighbour: Store) -> None:
    mark = store.mark()
    async with neighbour.unit() as unit:
        await facts.put(unit, "a", "x")
    await _until_it_changes(store, mark)


@pytest.mark.usefixtures("frozen_second")
async def test_a_bell_from_another_process_changes_the_mark(store: Store, neighbour: Store) -> None:
    async with asyncio.TaskGroup() as tasks:
        hearing = tasks.create_task(bell.hear(store))
        if not store.is_sqlite:
            await _until_it_changes(store, store.mark())  # it rings once when it listens
        mark = store.mark()
        async with neighbour.unit() as unit:
            await facts.put(unit, "a", "x")
            unit.ring()
        await _until_it_changes(store, mark)
        hearing.cancel()


def test_a_file_that_cannot_be_looked_at_is_never_taken_for_unchanged(tmp_path: Path) -> None:
    watch = Watch(str(tmp_path / "nowhere" / "birdwire.db"))
    first = watch._look()
    assert watch._look() != first
    watch.close()
