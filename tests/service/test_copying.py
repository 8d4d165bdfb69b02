"""A copy of everything: from either database into either, of one moment, and nothing half when something is wrong."""

import io
import json
import shutil
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway.service import copying
from gateway.service.copying import Copy, NotACopy, NotEmpty, OtherVersion, Restored, TooNew
from store import accounts, copies, posts, search, version
from store.posts import NewPost
from store.schema import metadata
from store.unit import Store
from tests.everything import Filler, all_rows

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Store]:
    store = Store(empty_url)
    yield store
    await store.close()


@pytest.fixture
async def origin(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A migrated, empty SQLite database: where a copy comes from when that makes no difference."""
    shutil.copy(sqlite_template, tmp_path / "origin.db")
    store = Store(f"sqlite:///{tmp_path / 'origin.db'}")
    yield store
    await store.close()


async def copied(store: Store) -> io.BytesIO:
    out = io.BytesIO()
    async with store.snapshot() as snapshot:
        await copying.write(snapshot, out, now=NOW, told=lambda _: None)
    return out


async def restored(store: Store, file: io.BytesIO) -> object:
    async with store.unit() as unit:
        return await Copy(file).restore(unit, told=lambda _: None)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_row_of_every_table_comes_over_to_either_database(store: Store, empty: Store, seed: int) -> None:
    await Filler(seed).fill(store, 60)
    file = await copied(store)
    outcome = await restored(empty, file)
    there, here = await all_rows(empty), await all_rows(store)
    assert there.keys() == metadata.tables.keys()
    for name, rows in here.items():
        assert rows, f"{name} had nothing to lose"
        assert there[name] == rows, name
    assert outcome == Restored(sum(map(len, here.values())), NOW, version.head())


async def test_a_copy_of_a_copy_is_the_same(store: Store, empty: Store) -> None:
    await Filler(4).fill(store, 30)
    first = await copied(store)
    await restored(empty, first)
    second = await copied(empty)
    assert contents(first).keys() == contents(second).keys()
    for name, lines in contents(first).items():
        if name.startswith("tables/"):
            assert sorted(lines.splitlines()) == sorted(contents(second)[name].splitlines())


async def test_ids_that_were_given_are_never_given_again(store: Store, empty: Store) -> None:
    async with store.unit() as unit:
        author = await accounts.create(unit, "alice", now=NOW)
        assert author
        new = NewPost(author, "post", "hello", "sms", NOW)  # type: ignore[arg-type]  # the plain words will do
        ids = [await posts.add(unit, new) for _ in range(3)]
        await unit.execute(text("DELETE FROM posts WHERE id = :last"), {"last": ids[-1]})
    await restored(empty, await copied(store))
    async with empty.unit() as unit:
        assert await posts.add(unit, new) == ids[-1] + 1
        assert await accounts.create(unit, "bob", now=NOW) == author + 1


async def test_what_was_copied_is_found_by_its_words(store: Store, empty: Store) -> None:
    async with store.unit() as unit:
        author = await accounts.create(unit, "alice", now=NOW)
        assert author
        new = NewPost(author, "post", "Grüße", "sms", NOW, words="grusse")  # type: ignore[arg-type]  # as above
        post = await posts.add(unit, new)
    await restored(empty, await copied(store))
    async with empty.reading() as reading:
        assert [row.id for row in await search.posts_with(reading, ["grusse"], most=5)] == [post]


async def test_a_copy_is_of_one_moment_while_others_write(store: Store) -> None:
    await Filler(5).fill(store, 120)
    before = await all_rows(store)
    out = io.BytesIO()
    written = 0

    async with store.snapshot() as snapshot:
        shapes = await copies.shapes(snapshot)
        async for page in copies.pages(snapshot, shapes[0]):
            async with store.unit() as unit:
                await unit.execute(text("DELETE FROM favourites"))
                await unit.execute(text("UPDATE accounts SET bio = 'changed'"))
                await accounts.create(unit, f"n{written}", now=NOW)
            written += len(page)
        await copying.write(snapshot, out, now=NOW, told=lambda _: None)
    assert len(contents(out)["tables/favourites.jsonl"].splitlines()) == len(before["favourites"])
    assert len(contents(out)["tables/accounts.jsonl"].splitlines()) == len(before["accounts"]) == written
    assert b"changed" not in contents(out)["tables/accounts.jsonl"]


async def test_no_more_than_some_megabytes_are_held_of_a_table(store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute(
            metadata.tables["notices"].insert(), [{"text": ("short" if n < 300 else "x" * 60_000)} for n in range(400)]
        )
    async with store.snapshot() as snapshot:
        [shape] = [each for each in await copies.shapes(snapshot) if each.name == "notices"]
        sizes = [sum(len(row[1]) for row in page) async for page in copies.pages(snapshot, shape)]
    assert sum(sizes) == 300 * 5 + 100 * 60_000
    assert max(sizes) < 7_000_000


async def test_an_older_copy_is_brought_to_this_version(empty: Store, tmp_path: Path) -> None:
    older = Store(f"sqlite:///{tmp_path / 'older.db'}")
    async with older.unit() as unit:
        await version.bring(unit, "0005")
        await unit.execute(text("INSERT INTO accounts (name, created_at) VALUES ('alice', 5)"))
        await unit.execute(
            text("INSERT INTO posts (author_id, kind, text, source, created_at) VALUES (1, 'post', 'hi', 'sms', 5)")
        )
    file = await copied(older)
    await older.close()
    assert await restored(empty, file) == Restored(2, NOW, "0005")
    async with empty.reading() as reading:
        assert await version.of(reading) == version.head()
        found = await reading.execute(text("SELECT value FROM facts WHERE name = 'folded_up_to'"))
        assert found.scalar_one() == "0", "the migrations did not see its rows"


async def test_nothing_is_put_into_a_database_that_holds_something(store: Store) -> None:
    file = await copied(store)
    async with store.unit() as unit:
        await accounts.create(unit, "alice", now=NOW)
    assert await restored(store, file) == NotEmpty("accounts")


async def test_an_empty_database_of_this_version_will_do(store: Store) -> None:
    assert await restored(store, await copied(store)) == Restored(0, NOW, version.head())


async def test_an_empty_database_of_another_version_will_not(origin: Store, empty: Store) -> None:
    file = await copied(origin)
    async with empty.unit() as unit:
        await version.bring(unit, "0008")
    assert await restored(empty, file) == OtherVersion("0008")


async def test_a_copy_of_a_later_release_is_refused(empty: Store, origin: Store) -> None:
    entries = contents(await copied(origin))
    head = json.loads(entries["birdwire.json"]) | {"schema": "9999"}
    assert await restored(empty, packed(entries | {"birdwire.json": json.dumps(head).encode()})) == TooNew("9999")


def with_line(line: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """One row more among the facts, which the end counts."""

    def change(entries: dict[str, bytes]) -> dict[str, bytes]:
        end = json.loads(entries["end.json"])
        end["rows"]["facts"] += 1
        facts = entries["tables/facts.jsonl"] + line
        return entries | {"tables/facts.jsonl": facts, "end.json": json.dumps(end).encode()}

    return change


def without(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda entries: {each: content for each, content in entries.items() if each != name}


def with_head(**changes: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda entries: (
        entries | {"birdwire.json": json.dumps(json.loads(entries["birdwire.json"]) | changes).encode()}
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (with_line(b'["a", "b"\n'), "facts, row 2"),
        (with_line(b'["a"]\n'), "facts, row 2: 1 values for 2 columns"),
        (with_line(b'["a", 1]\n'), "facts, row 2: value is of another kind"),
        (with_line(b'["a", true]\n'), "facts, row 2: value is of another kind"),
        (with_line(b'["a", 1e999]\n'), "facts, row 2"),
        (with_line(b'["a", {}]\n'), "facts, row 2"),
        (with_line(b"[" * 100_000 + b"\n"), "facts, row 2"),
        (with_line(b'["a", "\xff"]\n'), "facts, row 2"),
        (with_line(b'["a", "b"]'), "a row without an end"),
        (without("tables/posts.jsonl"), "posts is missing"),
        (without("birdwire.json"), "no birdwire.json"),
        (without("end.json"), "not all of one"),
        (with_head(format="something"), "birdwire.json"),
        (with_head(version=2), "birdwire.json"),
        (with_head(more=1), "birdwire.json"),
        (with_head(tables=[]), "do not name the same tables"),
        (lambda entries: entries | {"end.json": b'{"rows": {"accounts": 1}}'}, "do not name the same tables"),
        (lambda entries: entries | {"tables/facts.jsonl": b""}, "facts has 0 rows and not 1"),
    ],
)
async def test_what_is_wrong_with_a_copy_is_said_and_nothing_is_kept_of_it(
    origin: Store, empty: Store, change: Callable[[dict[str, bytes]], dict[str, bytes]], words: str
) -> None:
    async with origin.unit() as unit:
        await unit.execute(text("INSERT INTO facts (name, value) VALUES ('key', 'x')"))
    file = packed(change(contents(await copied(origin))))
    with pytest.raises(NotACopy, match=words):
        await restored(empty, file)
    async with empty.reading() as reading:
        assert await version.of(reading) is None


async def test_a_number_that_no_column_holds_is_refused(origin: Store, empty: Store) -> None:
    entries = contents(await copied(origin))
    end = json.loads(entries["end.json"])
    end["rows"]["post_tags"] = 1
    huge = {"tables/post_tags.jsonl": b'["tag", 9223372036854775808]\n', "end.json": json.dumps(end).encode()}
    with pytest.raises(NotACopy, match="post_tags, row 1: post_id is of another kind"):
        await restored(empty, packed(entries | huge))


@pytest.mark.parametrize("length", [0, 10, 500, 2000, -30])
async def test_a_copy_that_was_cut_off_is_refused(origin: Store, length: int) -> None:
    whole = (await copied(origin)).getvalue()
    with pytest.raises(NotACopy):
        Copy(io.BytesIO(whole[:length]))


async def test_a_copy_with_a_wrong_byte_is_refused(origin: Store, empty: Store) -> None:
    await Filler(6).fill(origin, 20)
    spoilt = bytearray((await copied(origin)).getvalue())
    spoilt[len(spoilt) // 2] ^= 0x55
    with pytest.raises(NotACopy, match=r"cannot be read|row"):
        await restored(empty, io.BytesIO(bytes(spoilt)))


def contents(file: io.BytesIO) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(entries: dict[str, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return out
