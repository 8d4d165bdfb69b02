"""``birdwire export`` and ``birdwire import``, as operators run them."""

import asyncio
import stat
import zipfile
from pathlib import Path

import pytest

from store import accounts
from store.unit import Store
from tests.test_cli import Birdwire
from tests.traces import traces


@pytest.fixture
def birdwire(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Birdwire:
    """The command, on a migrated, empty database."""
    monkeypatch.chdir(tmp_path)
    return Birdwire(store_url, tmp_path)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Birdwire:
    """The command, on another instance."""
    monkeypatch.chdir(tmp_path)
    return Birdwire(f"sqlite:///{tmp_path / 'other.db'}", tmp_path)


@pytest.fixture
def alice(birdwire: Birdwire) -> Birdwire:
    """An instance with alice, who has written two posts."""
    birdwire.done("user", "add", "alice", "--phone", "+15550001001", "--email", "alice@mail.example", "--protected")
    birdwire.done("user", "add", "bob")
    birdwire.done("follow", "alice", "bob")
    for words in ("Grüße #ulm", "and again"):
        birdwire.done("post", "alice", words)
    return birdwire


def test_somebody_is_written_to_a_file_that_is_its_owners_alone(alice: Birdwire) -> None:
    assert "alice.zip: " in alice.done("export", "@Alice", "alice.zip")
    file = alice.folder / "alice.zip"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as opened:
        assert {"index.html", "account.json", "posts/0001.json", "posts/0001.html"} <= set(opened.namelist())
    assert "is there already" in alice.refused("export", "alice", "alice.zip")
    alice.done("export", "alice", "alice.zip", "--force")
    assert "nobody is called zed" in alice.refused("export", "zed", "zed.zip")
    assert alice.done("audit", "export", "-").count("member.export,alice") == 2
    assert "can't be written" in alice.refused("export", "alice", "nowhere/alice.zip")
    alice.misused("export", "alice")
    assert [each.name for each in alice.folder.glob("*.zip*")] == ["alice.zip"]


def test_somebody_is_brought_in_once(alice: Birdwire, other: Birdwire) -> None:
    alice.done("export", "alice", "alice.zip")
    other.done("user", "add", "dave")
    said = other.done("import", "alice.zip")
    assert said.startswith("alice is here, with 2 posts.\nNobody here is called: bob.\n")
    shown = other.json("user", "show", "alice")
    assert (shown["posts"], shown["protected"], shown["phones"]) == (2, True, ["+15550001001"])
    assert "brought in before: it is alice" in other.done("import", "alice.zip", "--as", "ally")
    assert other.json("import", "alice.zip") == {"name": "alice", "again": True}
    assert len(other.json("user", "list")) == 2
    assert other.done("audit", "export", "-").count("member.import,alice,http://127.0.0.1:8140") == 1


def test_where_the_name_is_taken_another_one_must_be_said(alice: Birdwire) -> None:
    alice.done("export", "alice", "alice.zip")
    assert "the name alice is taken: say --as NAME" in alice.refused("import", "alice.zip")
    assert "the name bob is taken" in alice.refused("import", "alice.zip", "--as", "bob")
    assert "1 to 15 letters" in alice.refused("import", "alice.zip", "--as", "no way")
    assert len(alice.json("user", "list")) == 2
    brought = alice.json("import", "alice.zip", "--as", "ally", "--prove")
    assert brought["posts"] == 2
    assert {each["reason"] for each in brought["addresses_left_out"]} == {"held"}
    assert alice.json("user", "show", "ally")["following"] == ["bob"]


def test_an_address_that_is_vouched_for_is_in_use(alice: Birdwire, other: Birdwire) -> None:
    alice.done("export", "alice", "alice.zip")
    other.done("import", "alice.zip", "--prove")

    async def ways() -> tuple[int | None, int | None]:
        store = Store(other.url)
        async with store.reading() as reading:
            row = await accounts.by_name(reading, "alice")
        await store.close()
        assert row is not None
        return row.phone_id, row.mail_id

    assert all(asyncio.run(ways()))
    assert "given,operator" in other.done("consents", "export", "-")


def test_a_file_that_is_no_export_is_refused_in_words(other: Birdwire) -> None:
    Path("no.zip").write_bytes(b"hello")
    assert "no.zip can't be brought in, and nothing was: it is not a zip" in other.refused("import", "no.zip")
    with zipfile.ZipFile("evil.zip", "w") as file:
        file.writestr("../../evil", "")
    assert "'../../evil', which no export does" in other.refused("import", "evil.zip")
    other.misused("import", "nowhere.zip")
    assert other.json("user", "list") == []


def test_whom_the_operator_deletes_leaves_nothing_behind(alice: Birdwire) -> None:
    alice_id = next(each["id"] for each in alice.json("user", "list") if each["name"] == "alice")
    alice.done("user", "delete", "alice", "--yes")

    async def look() -> set[str]:
        store = Store(alice.url)
        try:
            return await traces(store, ["alice", "+15550001001", "Grüße", "ulm"], alice_id)
        finally:
            await store.close()

    assert asyncio.run(look()) == set()


def test_a_copy_is_no_export_and_an_export_is_no_copy(alice: Birdwire, other: Birdwire) -> None:
    alice.done("export", "alice", "alice.zip")
    alice.done("backup", "all.zip")
    assert "it is no copy of ours" in other.refused("restore", "alice.zip")
    assert "which no export does" in other.refused("import", "all.zip")
