"""How often one address, or one name, may try something on the site: counted in this daemon's memory.

A class or a whole conference sits behind one address. So what one address may do is for many people, and what is done
to one name, one phone or one mailbox is limited for each: by LOGINS here, else by ``[limits]``.
"""

import math
import time

from aiohttp import web
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

LOGINS = RateLimitItemPerMinute(10)
"""Log-ins that are tried on one name."""

TRIES = RateLimitItemPerMinute(60)
"""Log-ins, and codes, that one address tries."""

SIGNUPS = RateLimitItemPerHour(60)
"""Sign-ups that one address begins."""

CODES = RateLimitItemPerHour(120)
"""Codes and links that one address asks for."""

EXPORTS = RateLimitItemPerHour(5)
"""Files of everything that one member asks for."""


class TooOften(web.HTTPTooManyRequests):
    """Come again in a while."""


class Limits:
    """``hit`` counts, and raises when it was too often."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, limit: RateLimitItem, *whose: str) -> None:
        """Raises TooOften when ``whose`` has used the limit up, with the seconds until there is room again."""
        if not await self._windows.hit(limit, *whose):
            again_at, _ = await self._windows.get_window_stats(limit, *whose)
            raise TooOften(headers={"Retry-After": str(max(1, math.ceil(again_at - time.time())))})


def address_of(request: web.Request, proxies: frozenset[str]) -> str:
    """The address that a request came from: the peer's, or, if that is one of our proxies, the last one that it vouches
    for in ``X-Forwarded-For``."""
    address = request.remote or ""
    if address not in proxies:
        return address
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if hop.strip():
            address = hop.strip()
        if address not in proxies:
            break
    return address
