"""How often one address, or one name, may try something on the site: counted in this daemon's memory."""

from aiohttp import web
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

LOGINS = RateLimitItemPerMinute(10)
"""Log-ins that one address tries, or that are tried on one name."""

SIGNUPS = RateLimitItemPerHour(20)
"""Sign-ups that one address begins: a class behind one router signs up together."""

CODES = RateLimitItemPerHour(30)
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
        """Raises TooOften when ``whose`` has used the limit up."""
        if not await self._windows.hit(limit, *whose):
            raise TooOften(headers={"Retry-After": str(limit.get_expiry())})


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
