"""A worker's world: a small transport of its own, a town with people, and the real queue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from gateway.domain.delivery import Outcome, Sent
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, Lane, Outgoing
from gateway.service.hush import Hush
from gateway.service.site import Site
from outbound.worker import DeliverySettings, Tools, Worker
from store.routes import Route
from store.schema import deliveries
from store.unit import Store

AUTHOR = 1

PEOPLE = range(2, 12)

Answer = Callable[[Outgoing], Awaitable[Outcome]]


def now() -> datetime:
    return datetime.now(UTC)


async def takes(delivery: Outgoing) -> Outcome:
    return Sent(f"SM{delivery.id}")


def phone_of(person: int) -> str:
    return f"+1555000{1000 + person}"


class Wire:
    """A transport that keeps what it was given, and answers as it is told."""

    def __init__(self, answer: Answer = takes) -> None:
        self.answer = answer
        self.given: list[Outgoing] = []
        self.came = asyncio.Event()

    async def send(self, delivery: Outgoing) -> Outcome:
        self.given.append(delivery)
        self.came.set()
        return await self.answer(delivery)


class Town:
    """A store with an author and her followers, and the routes out."""

    def __init__(self, store: Store, site: Site, mail: Route, sms: Route) -> None:
        self.store = store
        self.site = site
        self.routes = {Channel.EMAIL: mail, Channel.SMS: sms}

    async def queue(self, post: int, *people: int, channel: Channel = Channel.SMS, lane: Lane = Lane.FIRST) -> None:
        """Queue a post for these people."""
        rows = [
            {
                "post_id": post,
                "account_id": person,
                "channel": channel,
                "route": self.routes[channel].id,
                "lane": lane,
                "state": "queued",
                "due_at": now(),
                "queued_at": now(),
            }
            for person in people
        ]
        async with self.store.unit() as unit:
            await unit.execute(insert(deliveries), rows)
            unit.ring()

    async def states(self) -> list[str]:
        """What became of every delivery, in the order of queueing."""
        async with self.store.reading() as reading:
            found = await reading.execute(select(deliveries.c.state).order_by(deliveries.c.id))
            return list(found.scalars())

    async def reasons(self) -> set[str]:
        async with self.store.reading() as reading:
            return set((await reading.execute(select(deliveries.c.reason))).scalars())

    async def come_to(self, *states: str) -> None:
        """Wait until every delivery is in one of these states."""
        async with asyncio.timeout(20):
            while not set(await self.states()) <= set(states):  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)

    async def comes_to_say(self, *reasons: str) -> None:
        """Wait until these are the reasons that stand with the deliveries, and no others."""
        async with asyncio.timeout(20):
            while await self.reasons() != set(reasons):  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)

    async def sends(self, count: int) -> None:
        """Wait until at least so many deliveries are sent."""
        async with asyncio.timeout(20):
            while (await self.states()).count("sent") < count:  # noqa: ASYNC110 - the database rings no bell for readers
                await asyncio.sleep(0.01)

    def worker(self, wire: Wire, *, channel: Channel = Channel.SMS, pace: Pace | None = None, **more: Any) -> Worker:
        settings = DeliverySettings(**{"poll": timedelta(milliseconds=20), **more.pop("settings", {})})
        tools = Tools(
            more.pop("store", self.store),
            self.site,
            settings,
            more.pop("clock", now),
            lambda: 0.5,
            more.pop("hush", Hush()),
        )
        return Worker(
            tools,
            more.pop("route", self.routes[channel]),
            pace or Pace(),
            wire,
            connections=more.pop("connections", 4),
            validity=more.pop("validity", None),
            circuit=more.pop("circuit", None),
            may_talk=more.pop("may_talk", lambda: True),
        )


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    """The workers at work; leaving tells them to stop and waits until they have."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks)
