"""Where the site listens, and how an application does.

Apart from the application, so that whoever only wants to know where it listens loads no pages.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from aiohttp import web
from msgspec import Meta


@dataclass(frozen=True)
class WebSettings:
    """``[web]``: where the site and the webhooks listen. A proxy with TLS stands before it; ``trusted_proxies`` are the
    addresses from which it is believed who the visitor is (``X-Forwarded-For``); ``hub`` is the WebSub hub that is told
    of public posts. ``hsts``: how long browsers that came by https come no other way; 0 is that they are not told."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8140
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    hub: str = ""
    hsts: timedelta = timedelta(days=180)


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, *, grace: float = 10.0
) -> AsyncIterator[tuple[str, int]]:
    """Serve ``app`` while the block runs; yields the host and port that it got (``port`` 0 picks one).

    Leaving stops accepting, gives requests that are being answered ``grace`` seconds, and closes. There is no
    access log: secret feed addresses would be in it. Nor are bodies unpacked: nobody who posts here packs them, but
    somebody might send a few bytes that unpack to gigabytes. Raises OSError when the address can't be had.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=grace, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        address = runner.addresses[0]
        yield address[0], address[1]
    finally:
        await runner.cleanup()
