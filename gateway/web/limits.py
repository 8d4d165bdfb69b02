"""How often one address, or one name, may try something on the site: counted in this daemon's memory.

A class or a whole conference sits behind one address. So what one address may do is for many people, and what is done
to one name, one phone or one mailbox is limited for each: by LOGINS here, else by ``[limits]``. How many begin there at
once, only the operator knows (``signups_per_hour``).
"""

import asyncio
import math
import time
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from gateway.service import site

LOGINS = RateLimitItemPerMinute(10)
"""Log-ins that are tried on one name."""

TRIES = RateLimitItemPerMinute(60)
"""Log-ins, and codes, that one address tries."""

SEARCHES = RateLimitItemPerMinute(120)
"""Searches of one address: a class behind one router searches together. Each asks much of the database."""

ACTS = RateLimitItemPerMinute(120)
"""Forms that one member sends, whatever they ask for. People are slower, and posts have limits of their own."""

FORMS = RateLimitItemPerMinute(600)
"""Forms that come from one address."""

EXPORTS = RateLimitItemPerHour(5)
"""Files of everything that one member asks for."""

AS_LONG = 0.1
"""Seconds that an answer takes which must not tell whether somebody has an account: a few times what writing takes."""


def signups(chosen: site.Limits) -> RateLimitItem:
    """Sign-ups that one address begins."""
    return RateLimitItemPerHour(chosen.signups_per_hour, namespace="signups")


def codes(chosen: site.Limits) -> RateLimitItem:
    """Codes and links that one address asks for: whoever signs up adds another phone or mailbox, or comes again."""
    return RateLimitItemPerHour(2 * chosen.signups_per_hour, namespace="codes")


_AGAIN = web.RequestKey("AGAIN", int)
_SOON = 60


class TooOften(web.HTTPTooManyRequests):
    """Come again in ``wait`` seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(headers={hdrs.RETRY_AFTER: str(wait)})


def seconds_until(again_at: datetime, now: datetime) -> int:
    """How long to wait: at least a second."""
    return max(1, math.ceil((again_at - now).total_seconds()))


def come_again(request: web.Request, again_at: datetime, now: datetime) -> None:
    """Note when there is room again, for whatever page answers this request."""
    request[_AGAIN] = seconds_until(again_at, now)


def wait_of(request: web.Request) -> int:
    """What was noted, in seconds; a minute when nothing was."""
    seconds: int = request.get(_AGAIN, _SOON)
    return seconds


class Limits:
    """``hit`` counts, and raises when it was too often."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, limit: RateLimitItem, *whose: str) -> None:
        """Raises TooOften when ``whose`` has used the limit up, with the seconds until there is room again."""
        if not await self._windows.hit(limit, *whose):
            again_at, _ = await self._windows.get_window_stats(limit, *whose)
            raise TooOften(max(1, math.ceil(again_at - time.time())))


def evenly(handler: Handler) -> Handler:
    """A handler whose answers take AS_LONG at least: whether there was something to write down, and so whether somebody
    was meant at all, is not to be told from a clock."""

    async def evened(request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        ends = loop.time() + AS_LONG
        try:
            return await handler(request)
        finally:
            await asyncio.sleep(max(0.0, ends - loop.time()))

    return evened


def address_of(request: web.Request, proxies: frozenset[str]) -> str:
    """The address that a request came from: the peer's, or, if that is one of our proxies, the last one that it vouches
    for in ``X-Forwarded-For``. Of IPv6 it is the network."""
    address = request.remote or ""
    if address in proxies:
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            if hop.strip():
                address = hop.strip()
            if address not in proxies:
                break
    return _whose(address)


def _whose(address: str) -> str:
    """Whom an address belongs to: of IPv6 the /64, in which anybody has as many as they like (RFC 6177)."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
