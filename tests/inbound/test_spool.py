"""Large mails wait in files: whole, bounded, and gone when they are done with."""

import asyncio
import os
import tracemalloc
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbound import spool
from inbound.spool import ComingMail, Spool
from inbound.thinning import Content
from tests.inbound.talking import Line, Pile, connected, opened, ready_for_data, until

LONGEST = 1_000
SMALL = 4_000
LINES = st.sampled_from([b"", b".", b"..", b".x", b"words", b"x" * 500, b"\r", b"\n", b"a\rb", b"\n.\n", b"." * 300])


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", SMALL)


def stuffed(lines: list[bytes]) -> bytes:
    """The lines as a client sends them."""
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


async def received(blocks: Iterator[bytes], where: Spool | None = None) -> Content | str:
    coming = (where or Spool("", 10_000_000)).begin(LONGEST)
    try:
        for block in blocks:
            await coming.add(block)
        return await coming.whole()
    finally:
        coming.close()


def cut(data: bytes, at: list[int]) -> Iterator[bytes]:
    begun = 0
    for size in at:
        yield data[begun : begun + size]
        begun += size
    yield data[begun:]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(LINES, max_size=60), st.lists(st.integers(1, 3_000), max_size=12))
async def test_a_mail_is_the_same_from_memory_and_from_a_file_however_it_comes(
    lines: list[bytes], at: list[int]
) -> None:
    content = await received(cut(b"\r\n" + stuffed(lines), at))
    assert not isinstance(content, str)
    assert content[:] == b"".join(line + b"\r\n" for line in lines)


async def test_what_is_large_is_in_a_file_and_what_is_small_is_not() -> None:
    assert isinstance(await received(iter([b"\r\n" + stuffed([b"x" * 100] * 10)])), bytes)
    large = await received(cut(b"\r\n" + stuffed([b"x" * 100] * 1_000), [1_000] * 90))
    assert not isinstance(large, (bytes, str))
    assert len(large) == 102_000


@pytest.mark.parametrize("before", [0, 1, 200])
@pytest.mark.parametrize("after", [0, 200])
async def test_an_endless_line_is_refused_wherever_it_stands(before: int, after: int) -> None:
    for length, refused in ((LONGEST - 2, False), (LONGEST - 1, True), (20_000, True)):
        lines = [b"y" * 100] * before + [b"x" * length] + [b"y" * 100] * after
        content = await received(cut(b"\r\n" + stuffed(lines), [700] * 100))
        assert isinstance(content, str) == refused
        assert not refused or str(content).startswith("500 5.6.0")


async def test_there_is_room_for_so_much_and_no_more_and_it_is_given_back() -> None:
    where = Spool("", 150_000)
    mail = b"\r\n" + stuffed([b"x" * 100] * 1_000)
    first, second = where.begin(LONGEST), where.begin(LONGEST)
    for coming, refused in ((first, False), (second, True)):
        for block in cut(mail, [5_000] * 30):
            await coming.add(block)
        assert str(await coming.whole()).startswith("452 4.3.1") == refused
    assert where.waiting == 102_000
    first.close()
    second.close()
    assert where.waiting == 0
    content = await received(cut(mail, [5_000] * 30), where)
    assert len(content) == 102_000
    assert where.waiting == 0


async def test_a_folder_that_takes_nothing_defers_the_mail(tmp_path: Path) -> None:
    content = await received(
        cut(b"\r\n" + stuffed([b"x" * 100] * 100), [900] * 10), Spool(str(tmp_path / "none"), 10**9)
    )
    assert str(content).startswith("452 4.3.1")


async def test_a_full_disk_defers_the_mail() -> None:
    class Full(ComingMail):
        def _write(self, lines: bytes) -> None:
            raise OSError(28, "No space left on device")

    coming = Full(Spool("", 10**9), LONGEST)
    for block in cut(b"\r\n" + stuffed([b"x" * 100] * 100), [900] * 10):
        await coming.add(block)
    assert str(await coming.whole()).startswith("452 4.3.1")
    coming.close()


async def test_a_mail_may_be_given_up_while_it_is_written() -> None:
    where = Spool("", 10**9)
    coming = where.begin(LONGEST)
    writing = asyncio.create_task(coming.add(b"\r\n" + stuffed([b"x" * 100] * 100)))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    coming.close()
    assert where.waiting == 0


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def large_mail(size: int, words: bytes = b"look at this") -> bytes:
    """A mail of so many bytes, with a picture behind its words."""
    head = (
        b"From: a@example.org\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + words +
        b"\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )  # fmt: skip
    return head + b"QUJD" * 19 + b"\r\n" + (b"QUJD" * 19 + b"\r\n") * ((size - len(head)) // 78 - 1) + b"--b--\r\n"


async def test_a_large_mail_is_taken_with_its_words_and_leaves_nothing_behind(tmp_path: Path) -> None:
    pile = Pile()
    async with opened(pile, spool_folder=str(tmp_path)) as door:
        before = open_files()
        for words in (b"first", b"..second", b"third"):
            async with ready_for_data(door) as line:
                await line.say(large_mail(200_000, words))
                assert (await line.ask(b".\r\n")).startswith("250")
        async with ready_for_data(door) as line:
            await line.say(large_mail(200_000))
            await until(lambda: door.spool.waiting > 100_000)
        await until(lambda: door.spool.waiting == 0 and door._in_hand == 0)
        await until(lambda: open_files() <= before)
    assert [(m.text, m.dropped) for m in pile.messages] == [("first", 1), (".second", 1), ("third", 1)]
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # a path's own way of listing looks like work for a thread


async def test_a_large_mail_that_there_is_no_room_for_is_deferred_and_the_next_one_is_taken(pile: Pile) -> None:
    async with opened(pile, max_spooled=100_000) as door:
        async with connected(door) as line:
            await line.hear()
            for mail, answer in (
                (large_mail(300_000), "452 4.3.1"),
                (large_mail(50_000), "250"),
                (b"\r\nsmall\r\n", "250"),
            ):
                for command in (
                    b"EHLO me",
                    b"MAIL FROM:<a@example.org>",
                    b"RCPT TO:<post+alice@birds.example>",
                    b"DATA",
                ):
                    await line.ask(command + b"\r\n")
                await line.say(mail)
                assert (await line.ask(b".\r\n")).startswith(answer)
        assert door.spool.waiting == 0
    assert [message.text for message in pile.messages] == ["look at this", "small"]


async def test_what_waits_in_files_takes_no_room_in_memory_from_others(pile: Pile) -> None:
    async with opened(pile, max_in_hand=2_000_000) as door, ready_for_data(door) as line:
        await line.say(large_mail(6_000_000))
        await until(lambda: door.spool.waiting > 5_900_000)
        assert door._in_hand < 100_000
        assert (await line.ask(b".\r\n")).startswith("250")


@pytest.fixture
async def pile() -> Pile:
    return Pile()


async def test_eight_mails_of_25_megabytes_at_once_take_little_memory(
    pile: Pile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 1024 * 1024)
    head, line_of = large_mail(400).split(b"QUJD" * 19, 1)[0], b"QUJD" * 19 + b"\r\n"
    block = line_of * (1024 * 1024 // len(line_of))

    async def send(line: Line) -> str:
        await line.say(head)
        for _ in range(24):
            await line.say(block)
        return await line.ask(b"--b--\r\n.\r\n")

    async with opened(pile, timeout=120.0) as door, AsyncExitStack() as open_lines:
        lines = [await open_lines.enter_async_context(ready_for_data(door)) for _ in range(8)]
        tracemalloc.start()
        try:
            answers = await asyncio.gather(*map(send, lines))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert [answer[:3] for answer in answers] == ["250"] * 8
    assert {(m.text, m.dropped) for m in pile.messages} == {("look at this", 1)}
    assert peak < 60 * 1024 * 1024
