"""Which errors a later try may mend, and what is said of them."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from store import postgresql, sqlite
from store.trouble import is_away, reason, trouble
from store.unit import Store

_ADD = text("INSERT INTO facts (name, value) VALUES (:name, :value)")
_WORDS = {"name": "private words", "value": "more of them"}


async def _raised(store: Store, statement: str, values: dict[str, object] | None = None) -> Exception:
    with pytest.raises(trouble()) as failed:
        async with store.unit() as unit:
            await unit.execute(text(statement), values)
    return failed.value


async def test_a_row_that_is_there_already_is_a_bug(store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute(_ADD, _WORDS)
    error = await _raised(store, str(_ADD), _WORDS)
    assert not is_away(error)
    assert "private" not in reason(error)


async def test_a_table_that_is_not_there_is_a_bug_and_is_named(store: Store) -> None:
    error = await _raised(store, "SELECT * FROM nests")
    assert not is_away(error)
    assert "nests" in reason(error)


async def test_a_value_that_does_not_fit_is_a_bug_and_is_not_quoted(store: Store) -> None:
    error = await _raised(
        store,
        "INSERT INTO facts (name, value) VALUES (CAST(:name AS INTEGER), :value)" if not store.is_sqlite
        else "INSERT INTO facts (name, value) VALUES (:name, json(:value))",
        _WORDS,
    )  # fmt: skip
    assert not is_away(error)
    assert "private" not in reason(error)
    assert "more of" not in reason(error)


async def test_a_lock_that_another_holds_for_too_long_is_worth_waiting_for(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    monkeypatch.setitem(postgresql._SETTINGS, "lock_timeout", "50ms")
    one, other = Store(store_url), Store(store_url)
    async with one.unit() as unit:
        await unit.execute(text("DELETE FROM routes"))
        if not one.is_sqlite:
            await unit.execute(text("LOCK TABLE facts"))
        error = await _raised(other, "SELECT count(*) FROM facts")
    assert is_away(error)
    assert "lock" in reason(error)
    await one.close()
    await other.close()


@pytest.mark.parametrize("where", ["postgresql://bird@127.0.0.1:1/nest", "postgresql://bird@/nest?host=/nowhere"])
async def test_a_server_that_is_not_there_is_away(where: str) -> None:
    store = Store(where)
    error = await _raised(store, "SELECT 1")
    assert is_away(error)
    assert reason(error)
    await store.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_server_that_throws_us_out_is_away(store: Store) -> None:
    async with store.reading() as reading:
        pid = (await reading.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        async with store.unit() as unit:
            await unit.execute(text(f"SELECT pg_terminate_backend({pid})"))
        with pytest.raises(trouble()) as failed:
            await reading.execute(text("SELECT 1"))
    assert is_away(failed.value)
    async with store.unit() as unit:
        await unit.execute(_ADD, _WORDS)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_database_that_is_not_there_is_away(store_url: str) -> None:
    store = Store(store_url.replace("/test_", "/no_test_"))
    assert is_away(await _raised(store, "SELECT 1"))
    await store.close()


async def test_a_folder_that_is_gone_is_away_and_a_file_that_is_no_database_is_not(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/gone/birdwire.db")
    assert is_away(await _raised(store, "SELECT 1"))
    await store.close()
    (tmp_path / "letter.txt").write_text("Dear database, " * 100)
    store = Store(f"sqlite:///{tmp_path}/letter.txt")
    assert not is_away(await _raised(store, "SELECT 1"))
    await store.close()


async def test_a_full_disk_is_away(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/small.db")
    async with store.unit() as unit:
        await unit.execute(text("CREATE TABLE big (blob)"))
        await unit.execute(text("PRAGMA max_page_count = 3"))
    error = await _raised(store, "INSERT INTO big VALUES (zeroblob(100000))")
    assert is_away(error)
    assert "full" in reason(error)
    await store.close()


@pytest.mark.parametrize(
    ("error", "away"),
    [(ConnectionResetError(), True), (TimeoutError(), True), (ValueError("x"), False), (KeyError("x"), False),
     (sqlite3.OperationalError("no code"), False)],
)  # fmt: skip
def test_what_networks_raise_is_away_and_bugs_are_not(error: Exception, away: bool) -> None:
    assert is_away(error) is away
