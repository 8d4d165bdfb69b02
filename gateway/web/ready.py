"""Answers whose bytes are ready, head and body: only the date is new each time.

aiohttp writes every head anew from a dictionary, hook by hook, which takes as long as all the rest of a request that
needs no database. Where the same answer goes out a thousand times it is written once instead, as a server of files
would. All that is used for it of aiohttp is public: ``prepare``, ``write_eof`` and ``keep_alive`` of a response, the
transport and the writer of a request.
"""

from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from time import time

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.web_request import BaseRequest

from gateway.web import strict
from gateway.web.problems import HEADERS


class Ready:
    """One answer, for any number of requests."""

    def __init__(self, status: HTTPStatus, headers: dict[str, str], body: bytes = b"", *, strictly: str = "") -> None:
        """``headers`` beside those that every page carries; a 304 has no body and does not tell its length.
        ``strictly`` is the rule of ``gateway.web.strict``."""
        all_headers: dict[str, str] = HEADERS | headers
        if status is not HTTPStatus.NOT_MODIFIED:
            all_headers[hdrs.CONTENT_LENGTH] = str(len(body))
        lines = (f"{name}: {value}\r\n" for name, value in all_headers.items())
        self._head = f"HTTP/1.1 {status} {status.phrase}\r\n{''.join(lines)}".encode()
        self._strict_head = self._head + f"{strict.NAME}: {strictly}\r\n".encode() if strictly else b""
        self._body = body

    @property
    def weight(self) -> int:
        """Bytes of memory, roughly."""
        return len(self._head) + len(self._strict_head) + len(self._body)

    def to(self, request: BaseRequest) -> web.StreamResponse:
        """What a handler returns for this request."""
        stays = bool(request.keep_alive) and request.version >= HttpVersion11
        body = b"" if request.method == hdrs.METH_HEAD else self._body
        head = self._strict_head if self._strict_head and not strict.came_plainly(request) else self._head
        return _Response(b"".join((head, _end_of_head(int(time()), stays), body)), stays=stays)


class _Response(web.StreamResponse):
    def __init__(self, data: bytes, *, stays: bool) -> None:
        super().__init__()
        self._data = data
        self._stays = stays

    @property
    def keep_alive(self) -> bool:
        return self._stays

    async def prepare(self, request: BaseRequest) -> None:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(self._data)
        await request.writer.drain()

    async def write_eof(self, data: bytes = b"") -> None:
        """It is all written."""


@lru_cache(maxsize=2)
def _end_of_head(second: int, stays: bool) -> bytes:
    connection = "" if stays else "Connection: close\r\n"
    return f"Date: {formatdate(second, usegmt=True)}\r\n{connection}\r\n".encode()
