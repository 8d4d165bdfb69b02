"""A mail as it goes over the wire: nothing within it can be taken for its end. And how long its replies may take."""

import asyncio
import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.smtp import Conversation, on_the_wire

PIECES = st.lists(
    st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"\0", b"a", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\x85"]),
    max_size=20,
).map(b"".join)


def as_received(wire: bytes) -> bytes:
    """What a server makes of it (RFC 5321 4.5.2)."""
    assert wire.endswith(b"\r\n.\r\n") or wire == b".\r\n"
    lines = wire[:-3].split(b"\r\n")[:-1]
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)


@given(mail=PIECES)
def test_no_reader_finds_an_end_before_the_end(mail: bytes) -> None:
    wire = on_the_wire(mail)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire)
    for line_end in (rb"\r\n", rb"\n", rb"\r", rb"\r\n?|\n"):
        lines = re.split(line_end, wire)
        assert [line.strip(b"\r\n") for line in lines].index(b".") == len(lines) - 2


@given(mail=PIECES)
def test_what_arrives_is_what_was_sent_with_proper_line_ends(mail: bytes) -> None:
    proper = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    if not proper.endswith(b"\r\n"):
        proper += b"\r\n"
    assert as_received(on_the_wire(mail)) == proper


@pytest.mark.parametrize(
    ("mail", "wire"),
    [
        (b"a: b\r\n\r\n.\r\n", b"a: b\r\n\r\n..\r\n.\r\n"),
        (b".a\r\n", b"..a\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\r\n.", b"a\r\n\r\n..\r\n.\r\n"),
    ],
)
def test_lines_that_begin_with_a_dot_get_another(mail: bytes, wire: bytes) -> None:
    assert on_the_wire(mail) == wire


async def conversing(extensions: frozenset[str], seconds: float) -> tuple[Conversation, socket.socket]:
    """A conversation, and the relay's end of the line."""
    ours, relays = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    return Conversation(transport, extensions=extensions, timeout=seconds), relays


def keep_the_loop_busy(seconds: float) -> None:
    """Until what comes and an alarm that is due are seen in the same turn of the loop."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        pass


@pytest.mark.parametrize("extensions", [frozenset({"pipelining"}), frozenset()])
async def test_a_relay_that_falls_silent_after_a_reply_in_the_last_moment_is_not_waited_for(
    extensions: frozenset[str],
) -> None:
    conversation, relay = await conversing(extensions, 0.2)
    with relay:
        offered = asyncio.create_task(conversation.envelope("a@b.example", "c@d.example"))
        await asyncio.sleep(0)
        relay.send(b"250 ok\r\n")
        keep_the_loop_busy(0.25)
        async with asyncio.timeout(30):
            with pytest.raises(TimeoutError):
                await offered
        conversation.abort()


@pytest.mark.parametrize("extensions", [frozenset({"pipelining"}), frozenset()])
async def test_the_alarm_of_an_earlier_mail_takes_no_later_one_its_limit(extensions: frozenset[str]) -> None:
    conversation, relay = await conversing(extensions, 0.5)
    with relay:
        first = asyncio.create_task(conversation.envelope("a@b.example", "c@d.example"))
        await asyncio.sleep(0)
        relay.send(b"550 no\r\n" if not extensions else b"550 no\r\n503 no\r\n503 no\r\n")
        await first
        keep_the_loop_busy(0.3)
        second = asyncio.create_task(conversation.envelope("a@b.example", "c@d.example"))
        await asyncio.sleep(0)
        relay.send(b"250 ok\r\n")
        keep_the_loop_busy(0.25)  # the first one's time is over, and this one's is not
        async with asyncio.timeout(30):
            with pytest.raises(TimeoutError):
                await second
        conversation.abort()


async def test_an_earlier_alarm_cuts_no_later_mail_short() -> None:
    conversation, relay = await conversing(frozenset({"pipelining"}), 0.5)
    with relay:
        first = asyncio.create_task(conversation.envelope("a@b.example", "c@d.example"))
        await asyncio.sleep(0)
        relay.send(b"550 no\r\n503 no\r\n503 no\r\n")
        await first
        keep_the_loop_busy(0.3)
        second = asyncio.create_task(conversation.envelope("a@b.example", "c@d.example"))
        await asyncio.sleep(0)
        keep_the_loop_busy(0.25)
        asyncio.get_running_loop().call_later(0.1, relay.send, b"250 ok\r\n250 ok\r\n354 go on\r\n")
        _, reply = await second
        assert reply.code == 354
        conversation.abort()
