"""A provider of texts that takes everything at once and keeps nothing: the least that a client can be held up by.

    python -m benchmarks.bare_provider PORT

Reads whole HTTP/1.1 requests, answers each with the provider's JSON of a new message. It looks at nothing but their
length, so whether a request is right is for others to say (``gateway.demo.carrier``).
"""

import asyncio
import itertools
import json
import sys
from datetime import UTC, datetime
from typing import cast

from benchmarks.people import OUR_NUMBER, phone_of
from gateway.daemon import loop_factory
from gateway.demo.texts import Text, message_json

_HEAD = (
    "HTTP/1.1 201 CREATED\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: {}\r\n"
    "Twilio-Concurrent-Requests: 1\r\nTwilio-Request-Id: RQ00000000000000000000000000000000\r\n"
    "X-Home-Region: us1\r\nX-API-Domain: api.twilio.com\r\nStrict-Transport-Security: max-age=31536000\r\n"
    "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\nConnection: keep-alive\r\n\r\n"
)
_SID = "SM" + "0" * 32


def answer() -> bytes:
    """The whole answer, for a message whose id is all noughts."""
    at = datetime.now(UTC)
    words = "p1: the 7:40 is late, take the bus from platform four"
    text = Text(_SID, "outbound-api", OUR_NUMBER, phone_of(1), words, "queued", at, at)
    body = json.dumps(message_json("AC" + "0" * 32, text))
    return (_HEAD.format(len(body)) + body).encode()


class Provider(asyncio.Protocol):
    """One connection."""

    _parts = answer().split(_SID.encode())
    _numbers = itertools.count(1)

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, and does not say so

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self._held) < end + 4 + length:
                return
            self._held = self._held[end + 4 + length :]
            self._transport.write((b"SM%032x" % next(self._numbers)).join(self._parts))


async def serve(port: int) -> None:
    """Until stopped."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as loop:
        loop.run(serve(int(sys.argv[1])))
