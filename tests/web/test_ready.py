"""Ready answers on the wire: heads, bodies and connections as HTTP wants them."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import pytest
from aiohttp import web

from gateway.web.listening import listening
from gateway.web.problems import HEADERS
from gateway.web.ready import Ready

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where ready answers are given: ``/`` some bytes, ``/same`` a 304, ``/large`` ten megabytes."""
    ready = {
        "/": Ready(HTTPStatus.OK, {"Content-Type": "text/plain", "Referrer-Policy": "no-referrer"}, b"hello"),
        "/same": Ready(HTTPStatus.NOT_MODIFIED, {"ETag": '"x"'}),
        "/large": Ready(HTTPStatus.OK, {"Content-Type": "text/plain"}, b"x" * 10_000_000),
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        return ready[request.path].to(request)

    app = web.Application()
    for path in ready:
        app.router.add_get(path, answer)
    async with listening(app, "127.0.0.1", 0, grace=0.1) as (_, port):
        yield port


async def talk(port: int, said: bytes) -> bytes:
    """All that comes back until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(30):
        heard = await reader.read()
    writer.close()
    return heard


def fields(answer: bytes) -> dict[str, str]:
    head = answer.partition(b"\r\n\r\n")[0].decode()
    return dict(line.split(": ", 1) for line in head.split("\r\n")[1:])


async def test_it_carries_its_own_headers_the_sites_the_date_and_its_length(port: int) -> None:
    answer = (await talk(port, GET + LAST)).partition(b"hello")[0]
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    found = fields(answer)
    assert parsedate_to_datetime(found.pop("Date"))
    assert found == HEADERS | {
        "Content-Type": "text/plain",
        "Referrer-Policy": "no-referrer",
        "Content-Length": "5",
    }


async def test_head_gets_the_same_head_and_nothing_else(port: int) -> None:
    answer = await talk(port, LAST.replace(b"GET", b"HEAD"))
    assert answer.endswith(b"\r\n\r\n")
    assert fields(answer)["Content-Length"] == "5"


async def test_not_modified_has_no_body_and_no_length(port: int) -> None:
    answer = await talk(port, LAST.replace(b"/ ", b"/same "))
    assert answer.startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert "Content-Length" not in fields(answer)


async def test_several_requests_on_one_connection_are_answered_in_turn(port: int) -> None:
    answers = await talk(port, GET + GET.replace(b"/ ", b"/same ") + LAST)
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"304", b"200"]


@pytest.mark.parametrize("said", [LAST, b"GET / HTTP/1.0\r\n\r\n"], ids=["asked to", "old"])
async def test_who_wants_the_connection_closed_has_it_closed(port: int, said: bytes) -> None:
    answer = await talk(port, said)
    assert answer.endswith(b"\r\n\r\nhello")
    assert fields(answer)["Connection"] == "close"


async def test_a_slow_reader_gets_all_of_it(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(GET.replace(b"/ ", b"/large ") + GET)
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: 10000000\r\n" in head
        assert await reader.readexactly(10_000_000) == b"x" * 10_000_000
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 OK")
    writer.close()


async def test_who_hangs_up_meanwhile_disturbs_nobody(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET.replace(b"/ ", b"/large ") * 5)
    await writer.drain()
    writer.transport.abort()
    assert (await talk(port, LAST)).endswith(b"hello")
