"""What becomes of what a worker sent, too slowly or while the database was away as well, on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DataError
from structlog.testing import capture_logs

from gateway import metrics
from gateway.domain.delivery import Bounced, Deferred, Outcome, Sent, Unsure, Verdict
from gateway.domain.types import Channel, Lane, Outgoing
from gateway.service import posting, tending
from gateway.service.settling import Result
from outbound.worker import Worker
from store import digests
from store.schema import accounts, deliveries
from store.unit import Store, Unit
from tests.outbound.working import AUTHOR, PEOPLE, Town, Wire, now, running, takes


async def test_each_outcome_is_settled_for_what_it_is(town: Town) -> None:
    outcomes: dict[int, Outcome] = {
        2: Sent("SM2"),
        3: Deferred("busy"),
        4: Unsure("silence"),
        5: Bounced("no such thing"),
    }

    async def variously(delivery: Outgoing) -> Outcome:
        return outcomes[delivery.account_id or 0]

    wire = Wire(variously)
    await town.queue(1, *outcomes)
    async with running(town.worker(wire)):
        async with asyncio.timeout(30):
            while len(wire.given) < 4:
                await wire.came.wait()
                wire.came.clear()
    assert sorted(await town.states()) == ["dead", "queued", "sent", "unsure"]


@pytest.mark.parametrize(("channel", "becomes"), [(Channel.SMS, "unsure"), (Channel.EMAIL, "queued")])
async def test_a_transport_that_raises_leaves_a_text_in_doubt_and_a_mail_for_later(
    town: Town, channel: Channel, becomes: str
) -> None:
    async def breaks(_: Outgoing) -> Outcome:
        raise RuntimeError("boom")

    wire = Wire(breaks)
    await town.queue(1, 2, 3, channel=channel)
    async with running(town.worker(wire, channel=channel)):
        async with asyncio.timeout(30):
            while len(wire.given) < 2:
                await wire.came.wait()
                wire.came.clear()
    assert await town.states() == [becomes, becomes]
    assert await town.reasons() == {"an error of ours: RuntimeError"}


async def test_a_send_is_cut_off_before_its_lease_ends(town: Town) -> None:
    async def never(_: Outgoing) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    await town.queue(1, 2)
    async with running(town.worker(Wire(never), settings={"lease": timedelta(milliseconds=400)})):
        await town.come_to("unsure")
    assert await town.reasons() == {"no answer while the lease held"}


async def test_what_waited_too_long_for_its_turn_is_put_back_unsent(town: Town) -> None:
    async def never(_: Outgoing) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    wire = Wire(never)
    await town.queue(1, 2, 3)
    worker = town.worker(wire, settings={"lease": timedelta(seconds=2)}, connections=1)
    async with running(worker):
        async with asyncio.timeout(30):
            await wire.came.wait()
        worker.stop()
    assert len(wire.given) == 1
    assert sorted(await town.states()) == ["queued", "unsure"]


async def test_a_relay_that_is_too_slow_for_a_claim_is_never_cut_off_in_the_middle_of_a_mail(town: Town) -> None:
    """What is cut off there may have arrived, and goes out again. Ten take longer than a claim may."""
    lease = 4.0
    ended: list[int] = []
    cut: list[int] = []

    async def slowly(delivery: Outgoing) -> Outcome:
        begun = asyncio.get_running_loop().time()
        try:
            await asyncio.sleep(0.35)
        except asyncio.CancelledError:
            if asyncio.get_running_loop().time() - begun < lease / 4:  # else the machine stood still, not the relay
                cut.append(delivery.id)
            raise
        ended.append(delivery.id)
        return await takes(delivery)

    await town.queue(1, *PEOPLE, channel=Channel.EMAIL)
    settings = {"lease": timedelta(seconds=lease)}
    worker = town.worker(Wire(slowly), channel=Channel.EMAIL, settings=settings, connections=1)
    async with running(worker):
        await town.sends(len(PEOPLE))
    assert cut == []
    assert len(set(ended)) == len(ended) == len(PEOPLE)


async def test_a_lease_that_ends_while_a_mail_is_under_way_sends_no_second_one(town: Town) -> None:
    """The database was away for longer, or the clock jumped: the mail waits again, and is claimed again."""
    gate = asyncio.Event()

    async def slowly(delivery: Outgoing) -> Outcome:
        await gate.wait()
        return await takes(delivery)

    async def attempts() -> list[int]:
        async with town.store.reading() as reading:
            return list((await reading.execute(select(deliveries.c.attempt))).scalars())

    wire = Wire(slowly)
    await town.queue(1, 2, channel=Channel.EMAIL)
    async with running(town.worker(wire, channel=Channel.EMAIL)):
        await wire.came.wait()
        async with town.store.unit() as unit:
            assert await tending.end_leases(unit, now=now() + timedelta(hours=1)) == 1
        async with asyncio.timeout(30):
            while await attempts() != [2]:  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)
        gate.set()
        await town.come_to("sent")
    assert [delivery.attempt for delivery in wire.given] == [1]


async def test_a_digest_of_which_nothing_is_left_ends_without_a_word_of_failure(town: Town) -> None:
    wire = Wire()
    async with town.store.unit() as unit:
        await unit.execute(
            insert(deliveries),
            [
                {
                    "post_id": number,
                    "account_id": PEOPLE[0],
                    "channel": "email",
                    "route": town.routes[Channel.EMAIL].id,
                    "lane": Lane.FIRST,
                    "state": "gathered",
                    "due_at": now(),
                    "queued_at": now(),
                }
                for number in (1, 2)
            ],
        )
        assert len(await digests.bundle(unit, [PEOPLE[0]], words="", now=now())) == 1
        for number in (1, 2):
            await posting.delete(unit, number, now=now())
    dead = _counted("dead")
    with capture_logs() as logs:
        async with running(town.worker(wire, channel=Channel.EMAIL)):
            await town.come_to("dead")
    assert not wire.given
    assert await town.reasons() == {"the post was deleted"}
    assert _counted("dead") == dead
    assert [each["event"] for each in logs if each["log_level"] != "info"] == []


def _counted(outcome: str) -> float:
    labels = {"channel": "email", "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("birdwire_deliveries_settled_total", labels) or 0.0


class Failing(Store):
    """A store whose next units for work that may be done again cannot be had."""

    failures = 0

    @asynccontextmanager
    async def unit(self, *, durable: bool = True) -> AsyncIterator[Unit]:
        if not durable and self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        async with super().unit(durable=durable) as unit:
            yield unit


async def test_while_the_database_is_away_what_was_sent_is_kept_and_settled_later(
    town: Town, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.worker._PATIENCE", 0.01)
    failing = Failing(store_url)
    failing.failures = 3
    wire = Wire()
    await town.queue(1, *PEOPLE)
    try:
        async with running(town.worker(wire, store=failing)):
            await town.come_to("sent")
    finally:
        await failing.close()
    assert failing.failures == 0
    assert len(wire.given) == len(PEOPLE)


class Choosy(Store):
    """A store that will never take one delivery's outcome, whatever it is settled with."""

    refuses = "SM3"

    @asynccontextmanager
    async def unit(self, *, durable: bool = True) -> AsyncIterator[Unit]:
        async with super().unit(durable=durable) as unit:
            yield unit
            if not durable:
                found = await unit.execute(
                    select(deliveries.c.id).where(deliveries.c.remote_id == self.refuses, deliveries.c.state == "sent")
                )
                if found.scalar_one_or_none() is not None:
                    await unit.execute(insert(accounts), {"id": AUTHOR, "created_at": now()})


async def test_an_outcome_that_can_never_be_written_down_holds_up_no_other(town: Town, store_url: str) -> None:
    choosy = Choosy(store_url)
    wire = Wire()
    await town.queue(1, *PEOPLE)
    try:
        async with running(town.worker(wire, store=choosy)):
            await town.come_to("sent", "dead")
    finally:
        await choosy.close()
    assert (await town.states()).count("dead") == 1
    assert "what became of it could not be written down: IntegrityError" in await town.reasons()


async def test_what_is_settled_alone_may_be_claimed_again_while_others_are_still_settled(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, alone = Worker._settle_together, 0

    async def one_by_one(worker: Worker, results: list[Result]) -> list[Verdict]:
        nonlocal alone
        if len(results) > 1:
            raise DataError("settle", None, Exception("will never take it"))
        alone += 1
        if alone == 2:
            await retried.wait()
        return await settle(worker, results)

    async def not_at_once(delivery: Outgoing) -> Outcome:
        tries[delivery.id] += 1
        if tries[delivery.id] == 2:
            retried.set()
        return Deferred("its turn came too late", 0.0, route_wide=True) if delivery.attempt == 1 else Sent("SM1")

    tries: Counter[int] = Counter()
    retried = asyncio.Event()
    monkeypatch.setattr(Worker, "_settle_together", one_by_one)
    await town.queue(1, *PEOPLE[:2])
    async with running(town.worker(Wire(not_at_once), settings={"lease": timedelta(minutes=1)})):
        await town.come_to("sent")
    assert list(tries.values()) == [2, 2]
