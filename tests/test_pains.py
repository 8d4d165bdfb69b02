"""What has gone wrong in systems such as this one, once each, through the whole daemon."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from gateway import daemon
from gateway.config import Config
from gateway.demo.faults import Fault
from gateway.domain.types import Lane
from store import accounts, addresses
from store.schema import deliveries, posts
from store.unit import Store
from tests.test_walk import ALICE, BOB, World, world
from tests.wiring import OUR_NUMBER

SENDS = 1_047
"""What one such system sent to a phone after its owner had opted out."""


@pytest.fixture
async def two(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    """Alice, and Bob who follows her by text."""
    async with world(tmp_path, store_url) as running:
        await running.text(ALICE, "JOIN alice")
        await running.text(BOB, "JOIN bob")
        await running.text(BOB, "FOLLOW alice")
        await running.shows(BOB, "You follow alice")
        yield running


async def queue_for_bob(config: Config, number: int) -> None:
    """So many posts of alice's wait for bob's phone."""
    store, now = Store(config.store.url), daemon.now()
    try:
        async with store.unit() as unit:
            alice, bob = await accounts.by_name(unit, "alice"), await accounts.by_name(unit, "bob")
            assert alice is not None
            assert bob is not None
            written = {"author_id": alice.id, "kind": "post", "source": "sms", "created_at": now}
            await unit.execute(insert(posts), [{**written, "id": 10 + n, "text": f"post {n}"} for n in range(number)])
            waiting = {"account_id": bob.id, "channel": "sms", "route": bob.sms_route, "lane": Lane.FIRST}
            waiting |= {"state": "queued", "due_at": now, "queued_at": now}
            await unit.execute(insert(deliveries), [{**waiting, "post_id": 10 + n} for n in range(number)])
    finally:
        await store.close()


async def states_of_bobs(config: Config) -> dict[str, int]:
    store = Store(config.store.url)
    try:
        async with store.reading() as reading:
            counted = (
                select(deliveries.c.state, func.count())
                .where(deliveries.c.post_id >= 10, deliveries.c.post_id < 10 + SENDS)
                .group_by(deliveries.c.state)
            )
            return dict(tuple(row) for row in await reading.execute(counted))
    finally:
        await store.close()


async def opted_out(config: Config, phone: str) -> bool:
    store = Store(config.store.url)
    try:
        async with store.reading() as reading:
            found = await addresses.find(reading, "sms", phone)
            return found is not None and found.opted_out_at is not None
    finally:
        await store.close()


async def test_1047_sends_after_an_opt_out_that_only_the_provider_knows_of(two: World) -> None:
    asked = 0

    def to_bob(form: Mapping[str, str]) -> bool:
        nonlocal asked
        asked += form.get("To") == BOB
        return form.get("To") == BOB

    two.carrier.misbehave(Fault.REFUSED, times=None, when=to_bob, code=21610)
    await queue_for_bob(two.config, SENDS)
    async with asyncio.timeout(30):
        while (await states_of_bobs(two.config)).get("dead") != SENDS:  # noqa: ASYNC110 - the database rings no bell for readers
            await asyncio.sleep(0.05)
    assert asked == 1
    assert await opted_out(two.config, BOB)


async def test_1047_sends_after_a_stop_with_a_dot(two: World) -> None:
    await queue_for_bob(two.config, SENDS)
    await two.carrier.wait_for(lambda text: text.to == BOB and "post 0" in text.body)
    await two.text(BOB, "Stop.")
    at_the_stop = sum(text.to == BOB for text in two.carrier.messages)
    async with asyncio.timeout(30):
        while set(await states_of_bobs(two.config)) & {"queued", "claimed"}:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    sent = [text for text in two.carrier.messages if text.to == BOB]
    assert len(sent) <= at_the_stop + 2  # the one under way, and the one answer
    assert (await states_of_bobs(two.config))["dead"] >= SENDS - len(sent)


async def test_a_curly_apostrophe_does_not_cost_three_segments(two: World) -> None:
    words = "it’s late, and " + "x" * 125
    await two.text(ALICE, words)
    shown = await two.shows(BOB, "late, and")
    assert shown.body == f"alice: {words.replace('’', chr(39))}"
    assert shown.segments == 1


@pytest.mark.parametrize("words", ["get milk", "follow bbo"])
async def test_what_looks_like_a_command_is_neither_posted_nor_guessed(two: World, words: str) -> None:
    await two.text(ALICE, words)
    await two.shows(ALICE, "Nobody here is called")
    assert (await two.page("/@alice/1"))[0] == 404
    await two.text(ALICE, "Y")
    assert (await two.shows(BOB, words)).body == f"alice: {words}"


@pytest.mark.parametrize(
    "words",
    ["Get well soon, Dave", "Stop by the office at five", "Follow the river to the bridge", "Help wanted on Sunday"],
)
async def test_a_post_that_starts_with_a_command_word_is_a_post(two: World, words: str) -> None:
    await two.text(ALICE, words)
    assert (await two.shows(BOB, words)).body == f"alice: {words}"


async def test_a_webhook_repeated_five_times_at_once_is_one_post(two: World) -> None:
    again = await asyncio.gather(
        *(two.carrier.text(ALICE, OUR_NUMBER, "once", MessageSid="SM" + "5" * 32) for _ in range(5))
    )
    assert {result.status for result in again} == {200}
    await two.text(ALICE, "and then this")
    await two.shows(BOB, "and then this")
    assert sum("once" in text.body for text in two.carrier.phones[BOB]) == 1
