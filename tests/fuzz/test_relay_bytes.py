"""Any bytes from a relay: each mail has an outcome with a reason, and no connection is forgotten."""

import asyncio
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.delivery import Bounced, Deferred, Sent
from tests.fuzz.trying import bounded, repeated, tried
from tests.outbound.relays import letter, transport

REPLIES = st.one_of(
    st.sampled_from(
        [
            b"220 relay\r\n",
            b"220-relay\r\n220 hello\r\n",
            b"250-relay\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n",
            b"250-relay\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
            b"250 ok\r\n",
            b"250 ok\r\n250 ok\r\n354 go on\r\n",
            b"354 go on\r\n",
            b"250 2.0.0 queued\r\n",
            b"421 closing\r\n",
            b"450 4.7.1 greylisted\r\n",
            b"550 5.1.1 no such user\r\n",
            b"250\r\n",
            b"250-\r\n",
            b"999 what\r\n",
            b"\r\n",
            b"25",
            b"250 \xff\xfe\r\n",
            b"250 \x1b[31mred\0\r\n",
        ]
    ),
    st.binary(max_size=80),
    repeated((b"250-x\r\n", 500), (b"x", 100_000), (b"250 ok\r\n", 1000)),
)


@tried(120, 5000)
@given(said=st.lists(REPLIES, max_size=10))
@example(said=[b"220 relay\r\n", b"250 relay\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", b"250 queued\r\n"])
async def test_any_relay_s_bytes_are_an_outcome(said: list[bytes]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            for piece in said:
                writer.write(piece)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):  # who waits for more of a reply says nothing
                        await reader.read(65_536)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with transport(port, timeout=2.0) as wire:
            with bounded():
                outcomes = [await wire.send(letter(id=number)) for number in range(2)]
            assert wire._relays is not None
            assert wire._relays._places.taken == 0
            assert wire._relays._open == len(wire._relays._free)
        assert wire._relays._open == 0
    finally:
        server.close()
        await server.wait_closed()
    for outcome in outcomes:
        match outcome:
            case Sent(words) | Bounced(words, _) | Deferred(words):
                assert words
                assert len(words) < 300
                assert words.isprintable()
            case _:
                raise AssertionError(outcome)
