"""How tests wire a real daemon to the stand-in carrier and mailbox: its number, its ports, its settings."""

import asyncio
import os
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from random import SystemRandom
from socket import AF_INET6, socket
from typing import Any

from gateway.demo.carrier import Carrier
from gateway.demo.mailbox import Mailbox

OUR_NUMBER = "+15550009999"


def _ports() -> Iterator[int]:
    """Each once, those of this process: two who draw lots would sometimes draw the same, and so would one who draws
    twice."""
    mine, processes = (os.environ.get(f"PYTEST_XDIST_WORKER{what}", "") for what in ("", "_COUNT"))
    ports = list(range(16384 + int(mine[2:] or 0), 32768, int(processes or 1)))
    SystemRandom().shuffle(ports)
    return iter(ports)


_PORTS = _ports()


def free_port() -> int:
    """A port that nobody listens on now, and that the machine gives to nobody who only asks for any (Linux gives those
    from 32768 on): every connection of another test would be one who might get it before it is used."""
    for port in _PORTS:
        with socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("all ports have been given away")


def other_loopback() -> str:
    """A second address of this machine alone, of the other kind where it has one: many containers have no IPv6."""
    with suppress(OSError), socket(AF_INET6) as probe:
        probe.bind(("::1", 0))
        return "::1"
    return "127.0.0.2"


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """This goes on while the block runs. Then it is cancelled, and has ended: what it began with PostgreSQL ends, too,
    which would else outlive the loop."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def answers(port: int, program: Process | None = None) -> None:
    """Return when this program listens on this port of loopback; nobody tells when it will. Fail when it has ended,
    where it is a process of ours."""
    while program is None or program.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise AssertionError(f"the program on port {port} ended with {program.returncode}")


def settings(store_url: str, carrier: Carrier, mailbox: Mailbox, port: int, *, patience: int, pace: int = 100) -> str:
    """A config.toml whose last section is ``[mail.outbound]``; ``patience`` in seconds is with the provider, ``pace``
    in segments per second."""
    return f"""
[site]
name = "Testville"
public_url = "http://127.0.0.1:{port}"
[store]
url = "{store_url}"
[web]
port = {port}
[ops]
port = 0
[sms]
provider = "twilio"
[[sms.senders]]
number = "{OUR_NUMBER}"
segments_per_second = {pace}
[sms.twilio]
account_sid = "{carrier.account_sid}"
auth_token = "{carrier.auth_token}"
base_url = "{carrier.base_url}"
timeout = {patience}
[mail]
domain = "birds.example"
[mail.inbound]
port = 0
[mail.outbound]
port = {mailbox.port}
"""
