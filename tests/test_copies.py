"""``birdwire backup`` and ``birdwire restore``, as operators run them."""

import io
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from gateway import cli_base, cli_copies
from gateway.cli_base import counting
from tests.test_cli import ROOT, Birdwire


@pytest.fixture
def birdwire(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Birdwire:
    """The command, on a migrated, empty database."""
    monkeypatch.chdir(tmp_path)
    return Birdwire(store_url, tmp_path)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Birdwire:
    """The command, on a SQLite database that does not exist yet."""
    monkeypatch.chdir(tmp_path)
    return Birdwire(f"sqlite:///{tmp_path / 'fresh.db'}", tmp_path)


@pytest.fixture
def other(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Birdwire:
    """The command, on a database with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return Birdwire(empty_url, tmp_path)


def test_an_instance_moves_from_either_database_to_either(birdwire: Birdwire, other: Birdwire) -> None:
    birdwire.done("user", "add", "alice", "--phone", "+15550001001", "--email", "alice@mail.example")
    birdwire.done("user", "add", "bob", "--email", "bob@mail.example")
    birdwire.done("follow", "bob", "alice")
    birdwire.done("post", "alice", "Grüße, @bob #hello")
    assert "rows" in birdwire.done("backup", "all.zip")
    said = other.done("restore", "all.zip")
    assert "are there" in said
    assert "birdwire queue hold" in said
    for command in (["user", "show", "alice"], ["user", "show", "bob"], ["queue", "list"], ["user", "list"]):
        assert other.json(*command) == birdwire.json(*command)
    assert other.json("post", "alice", "and on")["ids"] > birdwire.json("queue", "list")[0]["post_id"] * [1]
    assert "there is something in that database already (" in other.refused("restore", "all.zip")


def test_a_copy_is_its_owners_alone_and_overwrites_nothing(birdwire: Birdwire) -> None:
    birdwire.done("backup", "all.zip")
    file = birdwire.folder / "all.zip"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert "is there already" in birdwire.refused("backup", "all.zip")
    assert file.read_bytes() == before
    birdwire.done("user", "add", "alice")
    birdwire.done("backup", "all.zip", "--force")
    assert file.read_bytes() != before
    assert "can't be written: No such file" in birdwire.refused("backup", "nowhere/all.zip")
    assert [each.name for each in birdwire.folder.glob("*.zip*")] == ["all.zip"]


def test_a_restored_queue_can_be_held_at_once(birdwire: Birdwire, other: Birdwire) -> None:
    birdwire.done("backup", "all.zip")
    other.done("restore", "all.zip", "--hold")
    assert other.json("queue", "status")["held_since"]


def test_what_is_no_copy_is_refused_in_words(other: Birdwire, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"hello")
    assert "nothing was: it is not a zip file" in other.refused("restore", "no.zip")
    (tmp_path / "plain.db").write_bytes(b"SQLite format 3\0...")
    assert "is a SQLite database: put it in the place" in other.refused("restore", "plain.db")
    assert "does not exist" in other.misused("restore", "nowhere.zip")


def test_a_copy_with_two_rows_of_one_key_leaves_nothing(birdwire: Birdwire, other: Birdwire) -> None:
    birdwire.done("user", "add", "alice")
    birdwire.done("backup", "all.zip")
    with zipfile.ZipFile("all.zip") as file:
        entries = {name: file.read(name) for name in file.namelist()}
    entries["tables/accounts.jsonl"] *= 2
    entries["end.json"] = entries["end.json"].replace(b'"accounts":1', b'"accounts":2')
    with zipfile.ZipFile("twice.zip", "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    assert "nothing was restored: " in other.refused("restore", "twice.zip")
    assert "is at no version, it is empty" in other.run("db", "status", code=1).stdout
    other.done("restore", "all.zip")
    assert other.json("user", "show", "alice")


def test_a_plain_copy_of_sqlite_is_a_whole_database_in_one_file(fresh: Birdwire) -> None:
    fresh.done("user", "add", "alice")
    fresh.done("backup", "copy.db")
    with sqlite3.connect(fresh.folder / "copy.db") as copy:
        assert copy.execute("SELECT name FROM accounts").fetchall() == [("alice",)]
    copy.close()
    assert sorted(path.name for path in fresh.folder.glob("copy*")) == ["copy.db"]
    assert stat.S_IMODE((fresh.folder / "copy.db").stat().st_mode) == 0o600
    assert "is there already" in fresh.refused("backup", "copy.db")
    assert "can't be written" in fresh.refused("backup", "nowhere/copy.db")


def test_a_plain_copy_ends_while_others_write(fresh: Birdwire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_copies, "_PAGES", 1)
    fresh.done("user", "add", "alice")
    stop = threading.Event()

    def write() -> None:
        connection = sqlite3.connect(fresh.folder / "fresh.db", timeout=30)
        number = 0
        while not stop.is_set():
            number += 1
            connection.execute("INSERT INTO facts (name, value) VALUES (?, ?)", (f"n{number}", "x" * 500))
            connection.commit()
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        fresh.done("backup", "copy.db")
    finally:
        stop.set()
        writer.join()
    with sqlite3.connect(fresh.folder / "copy.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copy.close()


@pytest.mark.parametrize("file", ["copy.db", "all.zip"])
def test_a_copy_of_nothing_is_refused(fresh: Birdwire, file: str) -> None:
    assert "there is no database" in fresh.refused("backup", file)
    assert list(fresh.folder.iterdir()) == []


def test_an_empty_database_has_nothing_to_copy(other: Birdwire) -> None:
    if other.url.startswith("postgresql"):
        assert "there is nothing in the database" in other.refused("backup", "all.zip")


def test_a_database_that_does_not_answer_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    birdwire = Birdwire(f"postgresql://u:hush@/db?host={tmp_path}", tmp_path)
    said = birdwire.refused("backup", "all.zip")
    assert said.startswith("birdwire: the database can't be used: ")
    assert "hush" not in said


def test_a_full_disk_is_told_in_words_and_leaves_nothing(fresh: Birdwire) -> None:
    fresh.done("user", "add", "alice")
    with sqlite3.connect(fresh.folder / "fresh.db") as database:
        for number in range(100):
            database.execute("INSERT INTO facts (name, value) VALUES (?, ?)", (str(number), os.urandom(3_000).hex()))
    database.close()
    code = (
        "import resource, signal; from gateway.cli import main; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); main(['backup', 'all.zip'])"
    )
    environment = {**os.environ, "BIRDWIRE_STORE__URL": fresh.url, "BIRDWIRE_CONFIG": "", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=fresh.folder, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (1, "birdwire: all.zip can't be written: File too large\n")
    assert list(fresh.folder.glob("all*")) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_shown_after_two_seconds_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_base.sys, "stderr", Terminal())
    moments = iter([0.0, 1.0, 1.9, 2.1])
    with counting(100, "copying", clock=lambda: next(moments)) as told:
        told(10)
        told(10)
        assert cli_base.sys.stderr.getvalue() == ""
        told(30)
        assert "copying" in cli_base.sys.stderr.getvalue()
        told(50)
    assert "100%" in cli_base.sys.stderr.getvalue()
