"""Tells a hub which feeds have something new (WebSub 7, "Content Distribution"; the publisher's side, by form).

A hub fetches the feeds and hands them on to whoever subscribed there. It is told again until it takes it; what it is
told twice it fetches twice, and nothing else happens.
"""

from collections.abc import Sequence

import aiohttp
import structlog

from outbound.http import Session

log = structlog.get_logger(__name__)

_TIMEOUT = 20.0
_AT_ONCE = 50
"""Feeds in one request."""


class Hub:
    """``tell`` it; ``close`` at the end."""

    def __init__(self, url: str) -> None:
        """``url`` is where the hub takes such news."""
        self._url = url
        self._session = Session({"User-Agent": "Birdwire"}, timeout=_TIMEOUT)

    async def tell(self, feeds: Sequence[str]) -> bool:
        """Whether the hub has taken the addresses of all these feeds."""
        for begin in range(0, len(feeds), _AT_ONCE):
            form = [("hub.mode", "publish"), *(("hub.url", feed) for feed in feeds[begin : begin + _AT_ONCE])]
            try:
                async with self._session.get().post(self._url, data=form) as answer:
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("the hub cannot be reached", error=type(error).__name__)
                return False
            if status // 100 != 2:
                log.warning("the hub refuses our news", status=status)
                return False
        return True

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()
