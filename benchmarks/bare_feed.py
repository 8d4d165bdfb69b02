"""An aiohttp app that gives one file under every name, or says that the reader has it: what serving costs at the least.

python -m benchmarks.bare_feed PORT FILE
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import hdrs, web

from gateway.daemon import loop_factory

ETAG = '"bare"'


async def serve(port: int, body: bytes) -> None:
    """Until stopped."""
    headers = {
        hdrs.ETAG: ETAG,
        hdrs.CACHE_CONTROL: "public, max-age=60",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        hdrs.LAST_MODIFIED: "Mon, 23 Nov 2026 10:00:00 GMT",
    }
    whole = headers | {hdrs.CONTENT_TYPE: "application/atom+xml; charset=utf-8"}

    async def feed(request: web.Request) -> web.Response:
        if request.headers.get(hdrs.IF_NONE_MATCH) == ETAG:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=whole)

    app = web.Application()
    app.router.add_get("/{name}", feed)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as loop:
        loop.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
