"""The HTTP session that a provider's transport keeps."""

from collections.abc import Mapping

import aiohttp


class Session:
    """Made when it is first used, for it belongs to the loop that runs then: real timeouts, no cookies.

    How much is under way at once is for the workers to say. Whoever waited here for a connection would look as if the
    provider could not be reached.
    """

    def __init__(self, headers: Mapping[str, str], *, timeout: float) -> None:
        """``timeout`` is in seconds: for connecting, for any silence, and two and a half times that for all of it."""
        self._headers = headers
        self._limits = aiohttp.ClientTimeout(total=2.5 * timeout, connect=timeout, sock_read=timeout)
        self._session: aiohttp.ClientSession | None = None

    def get(self) -> aiohttp.ClientSession:
        """The session."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=self._limits,
            )
        return self._session

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
