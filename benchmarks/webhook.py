"""Texts come in: signed webhooks, answered when the post is committed and on the disk, beside an app that only answers.

The bare limit is an aiohttp app in the same process and loop that reads the same form and says the same words. The
client runs in a process of its own. A third row gives each text a commit to itself, which shows what sharing one
brings; ``commits/s`` is what the disk can do at the most for one writer.

    python -m benchmarks.webhook
"""

import asyncio
import itertools
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode

from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the package has no types

import inbound.batch
from benchmarks.database import choose_databases, database, opened, raw_sqlite
from benchmarks.people import OUR_NUMBER, SMS_ROUTE, phone_of, settle_in
from benchmarks.replay_http import replay, save
from benchmarks.table import finish, number, options, show, show_facts
from gateway.daemon import calm_collector, loop_factory, now
from gateway.service.receipts import Receipt
from gateway.service.site import Limits, Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from inbound.intake import Intake
from inbound.sms_twilio import Door
from store.unit import Store

ACCOUNT, TOKEN = "AC" + "0" * 32, "token"
PUBLIC_URL = "https://birds.example"
PATH = "/hooks/twilio/message"
PEOPLE = 2_000
SHARED, ALONE, BARE = "Birdwire", "Birdwire, a commit for each", "bare aiohttp"
SITE = Site(
    name="Benchmark",
    public_url=PUBLIC_URL,
    mail_domain="birds.example",
    key=b"k" * 32,
    limits=Limits(posts_per_hour=10**6, texts_per_minute=10**6),
)


class Texts:
    """Signed webhook requests, no two alike."""

    def __init__(self) -> None:
        self._number = itertools.count(1)
        self._validator = RequestValidator(TOKEN)

    def __call__(self, count: int) -> list[bytes]:
        """The next ``count`` of them, as bytes on the wire."""
        return [self._request(next(self._number)) for _ in range(count)]

    def _request(self, each: int) -> bytes:
        fields = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip", "Country")} | {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "Body": f"number {each}: the 7:40 is late, take the bus from platform four",
            "From": phone_of(2 + each % PEOPLE),
            "MessageSid": f"SM{each:032x}",
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": f"SM{each:032x}",
            "SmsSid": f"SM{each:032x}",
            "SmsStatus": "received",
            "To": OUR_NUMBER,
        }
        signature = self._validator.compute_signature(f"{PUBLIC_URL}{PATH}", fields)
        body = urlencode(fields)
        return (
            f"POST {PATH} HTTP/1.1\r\nHost: birds.example\r\nX-Twilio-Signature: {signature}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n\r\n{body}"
        ).encode()


def bare_app() -> web.Application:
    """The same address, form and answer, and nothing else."""

    async def message(request: web.Request) -> web.Response:
        await request.post()
        return web.Response(body=b"<Response/>", content_type="text/xml")

    app = web.Application()
    app.router.add_post(PATH, message)
    return app


def own_app(store: Store, intake: Intake) -> web.Application:
    """The daemon's web application with its webhooks."""

    async def record(_receipt: Receipt) -> bool:
        raise AssertionError("no receipts here")

    return build_app(WebDeps(store, SITE, intake, record, now, Door(PUBLIC_URL, ACCOUNT, [TOKEN])))


def commits_per_second(url: str, count: int = 200) -> float:
    """How often one writer can get one small row onto this disk."""
    connection = raw_sqlite(url, durable=True)
    connection.execute("CREATE TABLE scratch (id INTEGER PRIMARY KEY, words TEXT)")
    begun = perf_counter()
    for _ in range(count):
        connection.execute("INSERT INTO scratch (words) VALUES ('the 7:40 is late')")
    took = perf_counter() - begun
    connection.execute("DROP TABLE scratch")
    connection.close()
    return count / took


async def measure(url: str, kind: str, concurrencies: list[int], count: int, runs: int) -> None:
    """All three in turn at each concurrency, ``runs`` times."""
    texts = Texts()
    shared_by = inbound.batch.MOST
    async with opened(url) as store, asyncio.TaskGroup() as tasks:
        await settle_in(store, PEOPLE)
        intake = Intake(store, SITE, {OUR_NUMBER: SMS_ROUTE}, now, lambda: "000000")
        taking = tasks.create_task(intake.run())
        async with (
            listening(own_app(store, intake), "127.0.0.1", 0) as own,
            listening(bare_app(), "127.0.0.1", 0) as bare,
        ):
            for concurrency in concurrencies:
                rates: dict[str, list[float]] = defaultdict(list)
                waits: dict[str, list[float]] = defaultdict(list)
                some = max(min(count, 50 * concurrency), 100)
                for _ in range(runs):
                    for name in (BARE, ALONE, SHARED):
                        inbound.batch.MOST = 1 if name == ALONE else shared_by
                        with tempfile.NamedTemporaryFile() as file:
                            save(texts(some), Path(file.name))
                            said = await replay((bare if name == BARE else own)[1], concurrency, Path(file.name))
                        rates[name].append(some / said["seconds"])
                        waits[name].append(said["p99"])
                show(
                    f"Texts in, {concurrency} at once, {kind}",
                    "texts/s",
                    rates,
                    limit=BARE,
                    wanted={SHARED: "0.5 or more"},
                )
                show(f"The slowest of a hundred, {concurrency} at once, {kind}", "ms", waits, limit=BARE)
        await intake.close()
        taking.cancel()


def main() -> None:
    parser = options(__doc__, texts=3_000, runs=5)
    parser.add_argument(
        "--at-once", type=int, nargs="+", default=[1, 16, 64, 256], metavar="N", help="requests at once"
    )
    choose_databases(parser)
    chosen = parser.parse_args()
    calm_collector()
    for kind in chosen.on:
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure(url, kind, chosen.at_once, chosen.texts, chosen.runs))
            if kind == "sqlite":
                show_facts("The disk", {"commits/s": number(commits_per_second(url))})
    finish("webhook", chosen)


if __name__ == "__main__":
    main()
