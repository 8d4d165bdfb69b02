"""A text in, the first follower's text out: from the phone to the provider's API on an idle daemon.

The time runs from the moment the provider posts the webhook to the moment it is asked to text the follower, in the
provider's own process: a signed webhook, the commit of the post, the fan-out, the claim, the call. The bare limit is a
relay between the same two doors that keeps nothing and asks no database.

    python -m benchmarks.text_to_call
"""

import asyncio
from collections import defaultdict

from benchmarks.daemon import Phones, free_port, process, running
from benchmarks.database import choose_databases, database, opened
from benchmarks.people import OUR_NUMBER, phone_of, settle_in
from benchmarks.table import finish, options, percentile, show
from gateway.daemon import loop_factory

ALICE, BOB = phone_of(1), phone_of(2)


async def through_birdwire(url: str, texts: int) -> list[float]:
    """Milliseconds for each text through a whole daemon."""
    async with opened(url) as store:
        await settle_in(store, 1)
    async with running(url, pace=100) as daemon:
        return await one_after_the_other(daemon.phones, texts)


async def through_bare_relay(texts: int) -> list[float]:
    """Milliseconds for each text through the relay."""
    port = free_port()
    async with (
        Phones(
            account_sid="AC" + "0" * 32,
            auth_token="token",
            webhook_url=f"http://127.0.0.1:{port}/hooks/twilio/message",
            numbers=[OUR_NUMBER],
        ) as phones,
        process("benchmarks.bare_relay", str(port), phones.base_url, BOB, answering=port),
    ):
        return await one_after_the_other(phones, texts)


async def one_after_the_other(phones: Phones, texts: int) -> list[float]:
    """Each text waits for the one before, after ten that do not count."""
    took = [1000 * await phones.until_called(ALICE, BOB, f"number {each}") for each in range(texts + 10)]
    return took[10:]


async def measure(kinds: list[str], texts: int, runs: int) -> None:
    """Each in turn, ``runs`` times."""
    half: dict[str, list[float]] = defaultdict(list)
    most: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        for name in ("bare relay", *kinds):
            if name == "bare relay":
                took = await through_bare_relay(texts)
            else:
                with database(name) as url:
                    took = await through_birdwire(url, texts)
            half[name].append(percentile(took, 0.5))
            most[name].append(percentile(took, 0.99))
    show("From a text in to the call for the first text out, p50", "ms", half, limit="bare relay")
    show("The same, p99", "ms", most, limit="bare relay")


def main() -> None:
    parser = options(__doc__, texts=200, runs=5)
    choose_databases(parser)
    chosen = parser.parse_args()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(measure(list(chosen.on), chosen.texts, chosen.runs))
    finish("text_to_call", chosen)


if __name__ == "__main__":
    main()
