"""Every request to the provider's API holds to the provider's own description of it, and so does every answer of the
stand-in.

A real daemon calls the stand-in carrier through Prism, a proxy that reads the description (OpenAPI, out of one of the
provider's npm packages) and answers 422 for a request, 500 for an answer, that breaks it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway import daemon
from gateway.config import load
from gateway.daemon import Listening
from gateway.demo.carrier import Carrier
from gateway.demo.changes import Changes
from gateway.demo.faults import Fault
from gateway.demo.mailbox import Mailbox
from tests import node
from tests.wiring import OUR_NUMBER, answers, free_port, settings

ACCOUNT, TOKEN = "AC" + "0" * 32, "token"
ALICE, BOB = "+15550001001", "+15550001002"
DESCRIPTION = "twilio-oai/spec/json/twilio_api_v2010.json"
FIRST_TIME = 200
"""Seconds that installing may take on top of the test, where nobody has done it before."""


def description(folder: Path) -> Path:
    """The provider's description. It says of the links in a list that they are whole addresses, and shows them, as the
    API answers, as paths: here they may be either."""
    text = (node.unpacked("@twilio-alpha/mcp") / DESCRIPTION).read_text()
    api = json.loads(text)
    for path, of_path in api["paths"].items():
        if path.endswith("/Messages.json"):
            answer = of_path["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
            for link in answer.values():
                if link.get("format") == "uri":
                    link["format"] = "uri-reference"
    file = folder / "description.json"
    file.write_text(json.dumps(api))
    return file


@dataclass
class Proxy:
    """Prism before a carrier, and all that went through it: method, path, status, what it found wrong."""

    url: str
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)

    def asked(self, method: str, path: str) -> int:
        """How many requests of this kind were answered well."""
        return sum(seen[:2] == (method, path) and seen[2] < 300 for seen in self.seen)


@asynccontextmanager
async def prism(carrier: Carrier, folder: Path) -> AsyncIterator[Proxy]:
    """A proxy that is listening, and a listener before it that notes what it said."""
    program = node.installed("@stoplight/prism-cli") / ".bin" / "prism"
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program, "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), description(folder), carrier.base_url,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            await answers(port, process)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session, noting(session) as proxy:
            yield proxy
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def noting(session: aiohttp.ClientSession) -> AsyncIterator[Proxy]:
    """Hand every request on as it is, and note how it was answered."""

    async def hand_on(request: web.Request) -> web.Response:
        headers = {k: v for k, v in request.headers.items() if k in ("Authorization", "Content-Type", "Accept")}
        async with session.request(
            request.method, request.rel_url, data=await request.read() or None, headers=headers
        ) as answer:
            body = await answer.read()
            proxy.seen.append((request.method, request.path, answer.status))
            wrong = json.loads(answer.headers.get("sl-violations", "[]"))
            if answer.status in (422, 500) and not wrong and b"stoplight.io/prism" in body:
                wrong = json.loads(body).get("validation", [])
            proxy.violations += [f"{request.method} {request.path}: {each}" for each in wrong if is_error(each)]
            proxy.changes.ring()
            return web.Response(status=answer.status, body=body, content_type=answer.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hand_on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    proxy = Proxy(f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield proxy
    finally:
        await runner.cleanup()


def is_error(violation: dict[str, str]) -> bool:
    """A warning is that the description has no answer but a good one."""
    return violation.get("severity") != "Warning"


@asynccontextmanager
async def birdwire(folder: Path, carrier: Carrier, proxy: Proxy, port: int) -> AsyncIterator[None]:
    """The daemon, whose provider is behind the proxy."""
    async with Mailbox() as mailbox:
        text = settings(f"sqlite:///{folder / 'birdwire.db'}", carrier, mailbox, port, patience=5)
        file = folder / "config.toml"
        file.write_text(
            text.replace(carrier.base_url, proxy.url) + '[delivery]\nlook_up_after = "1s"\nreceipt_after = "1s"\n'
        )
        stop = asyncio.Event()
        ready: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(daemon.run(load(file, {}), daemon.ROLES, stop, on_ready=ready.set_result))
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        try:
            yield
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await running


@pytest.mark.timeout(FIRST_TIME)
async def test_every_request_to_the_provider_holds_to_its_description(tmp_path: Path) -> None:
    port = free_port()
    hook = f"http://127.0.0.1:{port}/hooks/twilio/message"
    messages = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    async with (
        Carrier(account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=hook, numbers=[OUR_NUMBER]) as carrier,
        prism(carrier, tmp_path) as proxy,
        birdwire(tmp_path, carrier, proxy, port),
    ):
        await carrier.text(ALICE, OUR_NUMBER, "JOIN alice")
        await carrier.text(BOB, OUR_NUMBER, "FOLLOW alice")
        await carrier.wait_for(lambda text: text.to == BOB and text.status == "delivered")
        carrier.misbehave(Fault.DROP, to=BOB, accepted=False)  # nobody hears of it unless it is looked up
        await carrier.text(ALICE, OUR_NUMBER, "100% & “more” = ünïcode 🎉\nsecond line; a+b?")
        await proxy.changes.until(lambda: proxy.asked("GET", messages) > 0, within=30)
        await carrier.text(ALICE, OUR_NUMBER, "and another")
        await carrier.wait_for(lambda text: text.to == BOB and "another" in text.body, within=30)
        carrier.misbehave(Fault.RECEIPTS_WITHHELD, to=BOB)
        await carrier.text(ALICE, OUR_NUMBER, "without a receipt")
        silent = await carrier.wait_for(lambda text: text.to == BOB and "receipt" in text.body, within=30)
        one = f"{messages.removesuffix('.json')}/{silent.sid}.json"
        await proxy.changes.until(lambda: proxy.asked("GET", one) > 0, within=30)
    assert proxy.asked("POST", messages) >= 4
    assert proxy.violations == []
    assert not [seen for seen in proxy.seen if seen[2] == 422]


@pytest.mark.timeout(FIRST_TIME)
@pytest.mark.parametrize(
    ("form", "login", "status"),
    [
        ({"From": OUR_NUMBER, "Body": "no recipient"}, TOKEN, 422),
        ({"To": ALICE, "From": OUR_NUMBER, "Body": "x", "StatusCallback": "no address"}, TOKEN, 422),
        ({"To": ALICE, "From": OUR_NUMBER, "Body": "x"}, "", 401),
        ({"To": ALICE, "From": OUR_NUMBER, "Body": "x"}, TOKEN, 201),
    ],
)
async def test_the_proxy_refuses_what_breaks_the_description(
    tmp_path: Path, form: dict[str, str], login: str, status: int
) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)} if login else {}
    async with (
        Carrier(account_sid=ACCOUNT, auth_token=TOKEN) as carrier,
        prism(carrier, tmp_path) as proxy,
        aiohttp.ClientSession() as session,
        session.post(f"{proxy.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=form, headers=headers) as answer,
    ):
        assert answer.status == status
    assert bool(proxy.violations) is (status == 422)
    assert bool(carrier.messages) is (status == 201)
