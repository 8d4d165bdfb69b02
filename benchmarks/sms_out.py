"""Texts go out: calls to the provider's API, as many at once as a worker makes, beside a plain aiohttp client.

Both post the same forms (To, From, Body, StatusCallback) under the same account to the same stand-in, which has a
process of its own and answers at once; the plain client reads each answer and looks at nothing in it. It is given a
form, and once more the form's bytes, which saves it aiohttp's own encoding. What a text costs of our processor stands
beside: on a machine with other work it says more than the rate.

    python -m benchmarks.sms_out
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter, process_time
from urllib.parse import urlencode

import aiohttp

from benchmarks.daemon import free_port, process
from benchmarks.people import OUR_NUMBER, phone_of
from benchmarks.table import finish, options, show
from gateway.daemon import loop_factory, now
from gateway.domain.delivery import Sent
from gateway.domain.types import Channel, Outgoing
from outbound.sms_twilio import STATUS_PATH, TwilioSettings, TwilioTransport

ACCOUNT, TOKEN = "AC" + "0" * 32, "token"
SITE = "http://127.0.0.1:8140"
WORDS = "p1: the 7:40 is late, take the bus from platform four"
PLAIN, READY, OWN = "plain aiohttp client", "plain aiohttp client, forms as bytes", "Birdwire's transport"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def text_to(number: int) -> Outgoing:
    """The delivery of one post to follower ``number``."""
    return Outgoing(
        id=number,
        attempt=1,
        channel=Channel.SMS,
        to=phone_of(number),
        text=WORDS,
        queued_at=now(),
        sender=OUR_NUMBER,
        segments=1,
        author="p1",
        post_id=1,
    )


async def plain(base_url: str, texts: int, connections: int, *, ready: bool = False) -> tuple[float, float]:
    """Seconds, and seconds of the processor, for so many texts through aiohttp's client alone."""
    url = f"{base_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def send(number: int) -> None:
            form = {
                "To": phone_of(number),
                "From": OUR_NUMBER,
                "Body": WORDS,
                "StatusCallback": f"{SITE}{STATUS_PATH}?delivery={number}&attempt=1",
            }
            as_bytes = {"data": urlencode(form).encode(), "headers": FORM}
            async with session.post(url, **(as_bytes if ready else {"data": form})) as answer:
                assert answer.status == 201
                await answer.read()

        return await _timed(send, texts, connections)


async def birdwire(base_url: str, texts: int, connections: int) -> tuple[float, float]:
    """The same through the transport, each with a deadline as a worker gives it."""
    transport = TwilioTransport(TwilioSettings(account_sid=ACCOUNT, auth_token=TOKEN, base_url=base_url), SITE)
    until = asyncio.get_running_loop().time() + 600

    async def send(number: int) -> None:
        async with asyncio.timeout_at(until):
            assert isinstance(await transport.send(text_to(number)), Sent)

    try:
        return await _timed(send, texts, connections)
    finally:
        await transport.close()


async def _timed(send: Callable[[int], Awaitable[None]], texts: int, connections: int) -> tuple[float, float]:
    """Every connection takes the next text as soon as it is done with one; a first round opens them, uncounted."""
    await asyncio.gather(*(send(number) for number in range(1, connections + 1)))
    numbers = iter(range(1, texts + 1))

    async def one_after_the_other() -> None:
        for number in numbers:
            await send(number)

    begun, worked = perf_counter(), process_time()
    await asyncio.gather(*(one_after_the_other() for _ in range(connections)))
    return perf_counter() - begun, process_time() - worked


async def measure(texts: int, connections: int, runs: int) -> None:
    """All in turn, ``runs`` times."""
    rates: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    port = free_port()
    async with process("benchmarks.bare_provider", str(port), answering=port):
        for _ in range(runs):
            for name, client in ((PLAIN, plain), (READY, partial(plain, ready=True)), (OWN, birdwire)):
                took, worked = await client(f"http://127.0.0.1:{port}", texts, connections)
                rates[name].append(texts / took)
                costs[name].append(1e6 * worked / texts)
    show(f"Texts out, {connections} at once", "texts/s", rates, limit=PLAIN, wanted={OWN: "0.8 or more"})
    show("What a text costs of the processor", "µs", costs, limit=PLAIN)


def main() -> None:
    parser = options(__doc__, texts=5_000, connections=32, runs=5)
    chosen = parser.parse_args()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(measure(chosen.texts, chosen.connections, chosen.runs))
    finish("sms_out", chosen)


if __name__ == "__main__":
    main()
