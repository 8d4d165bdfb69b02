"""What operators read of what went wrong on the way to another machine: words, and nobody's address."""

import asyncio
import errno
import re
import socket
import ssl

import aiohttp
import aiosmtplib
import pytest

from outbound.mishap import in_words
from tests.wiring import free_port


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "no machine of that name is known"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "DNS does not answer"),
        (TimeoutError(), "no answer in time"),
        (TimeoutError(errno.ETIMEDOUT, "Connection timed out"), "no answer in time"),
        (aiosmtplib.SMTPReadTimeoutError("Timed out"), "no answer in time"),
        (aiohttp.ServerTimeoutError(), "no answer in time"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "('192.0.2.1', 25)"), "nothing listens there"),
        (ConnectionResetError(), "the connection broke off"),
        (BrokenPipeError(), "the connection broke off"),
        (asyncio.IncompleteReadError(b"alice", 9), "the connection broke off"),
        (aiosmtplib.SMTPServerDisconnected("alice"), "the connection broke off"),
        (aiohttp.ServerDisconnectedError(), "the connection broke off"),
        (OSError(errno.ENETUNREACH, "alice"), "network is unreachable"),
        (OSError("Multiple exceptions: [Errno 111] ('192.0.2.1', 25)"), "no connection could be made"),
        (ssl.SSLError(1, "alice"), "TLS failed"),
        (ssl.SSLCertVerificationError(1, "alice"), "its certificate is not good"),
        (UnicodeError("label too long"), "no machine can have that name"),
        (ZeroDivisionError("alice"), "ZeroDivisionError"),
    ],
    ids=repr,
)
def test_an_error_in_words(error: BaseException, words: str) -> None:
    assert in_words(error) == words


async def test_what_clients_of_others_raise_is_said_in_words() -> None:
    port = free_port()
    errors: list[BaseException] = []
    for host in ("127.0.0.1", "nobody.invalid"):
        with pytest.raises(aiosmtplib.SMTPException) as by_smtp:
            await aiosmtplib.SMTP(hostname=host, port=port, timeout=9).connect()
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError) as by_http:
                await session.get(f"http://{host}:{port}/")
        errors += [by_smtp.value, by_http.value]
    refused, unknown = [in_words(each) for each in errors[:2]], [in_words(each) for each in errors[2:]]
    assert refused == ["nothing listens there"] * 2
    assert all(re.fullmatch("no machine of that name is known|DNS does not answer", each) for each in unknown)
