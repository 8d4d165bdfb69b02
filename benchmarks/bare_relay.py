"""The least that turns a text into a text: takes the provider's webhook and calls its API, and remembers nothing.

python -m benchmarks.bare_relay PORT API_URL TO
"""

import asyncio
import sys

import aiohttp
from aiohttp import web

from benchmarks.people import OUR_NUMBER
from gateway.daemon import loop_factory


async def serve(port: int, api_url: str, to: str) -> None:
    """Until stopped."""
    login = {"Authorization": aiohttp.encode_basic_auth("AC" + "0" * 32, "token")}
    under_way: set[asyncio.Task[None]] = set()

    async with aiohttp.ClientSession(headers=login) as session:

        async def send(words: str) -> None:
            form = {"To": to, "From": OUR_NUMBER, "Body": words}
            async with session.post(f"{api_url}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", data=form) as answer:
                await answer.read()

        async def message(request: web.Request) -> web.Response:
            task = asyncio.create_task(send(str((await request.post())["Body"])))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            return web.Response(body=b"<Response/>", content_type="text/xml")

        app = web.Application()
        app.router.add_post("/hooks/twilio/message", message)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as loop:
        loop.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
