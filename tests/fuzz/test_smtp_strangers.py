"""Any bytes from a stranger, from a proxy, in whatever pieces: each connection ends and leaves nothing behind."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.mail import MailDoor
from tests.fuzz.test_smtp_bytes import BODIES, COMMANDS, ENDS, is_smtp
from tests.fuzz.trying import bounded, converse, tried
from tests.inbound.talking import POST, Pile, connected, opened

LINES = (b"EHLO me.example", b"MAIL FROM:<a@home.example>", b"RCPT TO:<%s>" % POST.encode(), b"DATA")
HELLO = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PROXY_WORDS = st.one_of(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from([b"PROXY", b" ", b"TCP4", b"TCP6", b"UNKNOWN", b"192.0.2.7", b"::1", b"25", b"99999", b"\r\n"]),
        max_size=12,
    ).map(b"".join),
    st.tuples(
        st.sampled_from([b"\x21", b"\x20", b"\x31", b"\x2f"]), st.binary(min_size=3, max_size=3), st.binary()
    ).map(lambda parts: SIGNATURE + b"".join(parts)),
)
SAID = st.lists(st.one_of(COMMANDS, st.binary(max_size=100), st.tuples(BODIES, ENDS).map(b"".join)), max_size=8)


@pytest.fixture(params=[(), ("127.0.0.1",)], ids=["stranger", "proxy"])
async def door(request: pytest.FixtureRequest) -> AsyncIterator[MailDoor]:
    rules: dict[str, Any] = {"own_networks": (), "greet_pause": 0.0, "mails_per_minute": 0, "recipients_per_minute": 0}
    async with opened(Pile(), proxies=request.param, patience=3600.0, timeout=2.0, **rules) as door:
        yield door


async def is_at_rest_and_takes_the_next(door: MailDoor) -> None:
    async with asyncio.timeout(20):
        while door._sessions:  # noqa: ASYNC110  # nothing rings when the last one has gone
            await asyncio.sleep(0.001)
    assert (door.gate._all, dict(door.gate._connections), door._in_hand) == (0, {}, 0)
    async with connected(door) as line:
        assert (await line.ask(HELLO if door.settings.proxies else b"")).startswith("220")
        for said in LINES:
            assert (await line.ask(said + b"\r\n"))[0] in "23"
        assert (await line.ask(b"\r\nhello\r\n.\r\n")).startswith("250")


@tried(60, 3000)
@given(first=PROXY_WORDS, said=SAID, polite=st.booleans())
@example(first=b"", said=[], polite=True)
@example(first=SIGNATURE + b"\x21\x11\xff\xff", said=[], polite=True)
async def test_any_conversation_of_a_stranger_ends_and_leaves_nothing(
    door: MailDoor, first: bytes, said: list[bytes], polite: bool
) -> None:
    with bounded():
        answer = await converse(door.port, HELLO if polite else first, *said, b"QUIT\r\n", hang_up=True)
    assert is_smtp(answer), answer
    await is_at_rest_and_takes_the_next(door)


@tried(60, 3000)
@given(pieces=st.lists(BODIES, max_size=6), cuts=st.lists(st.integers(min_value=1, max_value=200), min_size=1))
@example(pieces=[b"\r\n.\r"], cuts=[1])
async def test_a_mail_arrives_the_same_in_whatever_pieces_it_comes(pieces: list[bytes], cuts: list[int]) -> None:
    """At most a few thousand pieces, so that it takes no time."""
    letter = (b"".join(pieces) + b"\r\n")[:5000]
    if not letter.endswith(b"\r\n"):
        letter += b"\r\n"
    lines = [line + b"\r\n" for line in letter.split(b"\r\n")[:-1]]
    stuffed = b"".join(b"." + line if line.startswith(b".") else line for line in lines) + b".\r\n"
    pile = Pile()
    async with opened(pile) as door, connected(door) as line:
        await line.hear()
        for said in LINES:
            assert (await line.ask(said + b"\r\n"))[0] in "23"
        at = 0
        for length in itertools.cycle(cuts):
            await line.say(stuffed[at : at + length])
            at += length
            if at >= len(stuffed):
                break
        assert (await line.hear()).startswith("250")
        assert (await line.ask(b"NOOP\r\n")).startswith("250")
    assert [message.raw for message in pile.messages] == [letter.decode("utf-8", "replace").replace("\0", "\ufffd")]
