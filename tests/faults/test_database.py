"""A database that goes away, is full or locked under load: what cannot be kept is refused, so that it comes again."""

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.unit import Store
from store.version import upgrade
from tests.faults import trouble
from tests.faults.conftest import Founding
from tests.faults.town import MINUTES, Town
from tests.wiring import OUR_NUMBER

on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


async def is_refused(town: Town) -> None:
    """What comes now is refused so that it comes again; what does not come again is not there."""
    result = await town.carrier.text(town.authors[0].phone, OUR_NUMBER, "nobody says this again")
    assert result.status == 503
    assert await town.hand_in("\r\nnor this\r\n", town.authors[0].posting_address) // 100 == 4
    await town.turns_away()


@pytest.fixture
def postgres() -> Iterator[trouble.Postgres]:
    server = trouble.Postgres()
    yield server
    server.stop()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_postgresql_is_restarted_under_load(found: Founding, postgres: trouble.Postgres, mode: str) -> None:
    url = f"postgresql://postgres@/postgres?host={postgres.host}"
    store = Store(url)
    await upgrade(store)
    await store.close()
    async with found(url) as town:
        async with town.busy():
            for _ in range(2):
                await town.a_while()
                with town.crash():
                    await postgres.restart(mode)
            await town.a_while()
        await town.balances()


@on_postgresql
async def test_all_connections_to_postgresql_are_cut_under_load(town: Town, postgres_folder: Path) -> None:
    assert town.store.url.database is not None
    async with town.busy():
        for _ in range(50 if MINUTES else 5):
            await town.a_while(5)
            with town.crash():
                await trouble.cut_connections(str(postgres_folder), town.store.url.database)
    await town.balances()


async def test_the_disk_is_full_and_then_there_is_room_again(
    found: Founding, tmp_path: Path, sqlite_template: Path
) -> None:
    with trouble.a_small_disk(tmp_path) as disk:
        if disk is None:
            pytest.skip("only root may make a file system")
        shutil.copy(sqlite_template, disk / "birdwire.db")
        async with found(f"sqlite:///{disk / 'birdwire.db'}") as town:
            async with town.busy():
                await town.a_while()
                with trouble.filled(disk):
                    await is_refused(town)
                await town.a_while()
            await town.balances()
            assert town.daemon.statuses == []


@on_sqlite
async def test_no_file_may_grow_and_then_it_may_again(town: Town, tmp_path: Path) -> None:
    async with town.busy():
        await town.a_while()
        with trouble.limited(town.daemon.pid, resource.RLIMIT_FSIZE, (tmp_path / "birdwire.db-wal").stat().st_size):
            await is_refused(town)
        await town.a_while()
    await town.balances()
    assert town.daemon.statuses == []


async def test_sqlite_is_locked_by_somebody_else_for_longer_than_we_wait(
    found: Founding, tmp_path: Path, sqlite_template: Path
) -> None:
    file = tmp_path / "birdwire.db"
    shutil.copy(sqlite_template, file)
    async with found(f"sqlite:///{file}", sqlite_patience=30 if MINUTES else 0.5) as town:
        async with town.busy():
            await town.a_while()
            with trouble.locked(file):
                await town.turns_away()
            await town.a_while()
        await town.balances()
        assert town.daemon.statuses == []
