"""What a daemon does with mail, one step after the other, by the clock of a town."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select, update

from gateway.domain.delivery import Outcome, RetryRules, Sent, Withdrawn
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, NoticeKind, Outgoing
from gateway.service import claiming, digests, fanout, joining, settling
from gateway.service.settling import Result
from store import routes
from store.routes import Route
from store.schema import accounts, deliveries
from store.unit import Unit
from tests.service.conversing import OTHER_NUMBER, OURS, Town

LEASE = timedelta(minutes=2)

Wire = Callable[[Outgoing], Awaitable[Outcome]]


async def takes(delivery: Outgoing) -> Outcome:
    return Sent(f"queued as {delivery.id}")


@dataclass
class Mailroom:
    """The town's mail. ``sent`` is all that the relay took, in that order; a digest has what it brought."""

    town: Town
    sent: list[Outgoing] = field(default_factory=list)

    async def join(self, *names: str, follow: tuple[str, ...] = ()) -> None:
        """These people have a phone and a mailbox, and follow these others by mail."""
        await self.town.join(*names)
        for name in names:
            account = await self.town.account(name)
            async with self.town.store.unit() as unit:
                mailbox = f"{name}@mail.example"
                await joining.give_address(unit, account.id, Channel.EMAIL, mailbox, how="operator", now=self.town.now)
            for other in follow:
                await self.town.mail(name, f"FOLLOW {other}")

    async def lives_in(self, name: str, zone: str) -> None:
        """From now on this is the person's time zone."""
        account = await self.town.account(name)
        async with self.town.store.unit() as unit:
            await unit.execute(update(accounts).where(accounts.c.id == account.id).values(time_zone=zone))

    async def fan_out(self) -> None:
        step: fanout.Step | None = fanout.Step(0, False)
        while step is not None:
            async with self.town.store.unit() as unit:
                step = await fanout.step(unit, now=self.town.now)

    async def make(self) -> int:
        """Make the digests that are due; how many people were looked at."""
        looked_at, more = 0, 1
        while more:
            async with self.town.store.unit() as unit:
                more = await digests.make_due(unit, self.town.site, now=self.town.now)
            looked_at += more
        return looked_at

    async def claim(self) -> tuple[Route, list[Outgoing]]:
        """What may go out by mail now, each digest with what it brings."""
        async with self.town.store.unit() as unit:
            mail = await mail_route(unit)
            batch = await claiming.claim(unit, mail, Pace(), most=100, lease=LEASE, now=self.town.now)
        async with self.town.store.reading() as reading:
            for each in batch.deliveries:
                if each.notice is NoticeKind.DIGEST:
                    await digests.fill(reading, self.town.site, each)
        return mail, batch.deliveries

    async def settle(self, mail: Route, results: list[Result]) -> None:
        async with self.town.store.unit() as unit:
            dice = [0.5] * len(results)
            await settling.settle(unit, self.town.site, mail, results, rules=RetryRules(), now=self.town.now, dice=dice)
            await digests.note_left_out(unit, [each.delivery for each in results])

    async def send(self, wire: Wire = takes) -> list[Outgoing]:
        """Send what may be sent now by mail; what of it was taken."""
        taken: list[Outgoing] = []
        while True:
            mail, claimed = await self.claim()
            results = [Result(each, await _try(each, wire)) for each in claimed]
            await self.settle(mail, results)
            taken += [each for each, outcome in results if isinstance(outcome, Sent)]
            if not claimed:
                self.sent += taken
                return taken

    async def go_on(self) -> list[Outgoing]:
        """All that a daemon does; what went out by mail."""
        await self.fan_out()
        await self.make()
        return await self.send()

    async def states(self, who: str) -> list[tuple[str, str]]:
        """The state and the reason of each post's mail to this person, in the order of queueing."""
        account = await self.town.account(who)
        async with self.town.store.reading() as reading:
            statement = (
                select(deliveries.c.state, deliveries.c.reason)
                .where(
                    deliveries.c.account_id == account.id,
                    deliveries.c.channel == "email",
                    deliveries.c.post_id.is_not(None),
                )
                .order_by(deliveries.c.id)
            )
            return [(state, reason) for state, reason in await reading.execute(statement)]


async def mail_route(unit: Unit) -> Route:
    return (await routes.ensure(unit, [OTHER_NUMBER, OURS]))[0]


def words_of(mail: Outgoing) -> list[str]:
    """The words of each post that a mail brings."""
    return [mail.text] if mail.digest is None else [each.text for each in mail.digest.posts]


async def _try(delivery: Outgoing, wire: Wire) -> Outcome:
    if delivery.digest is not None and not delivery.digest.posts:
        return Withdrawn(digests.NOTHING_LEFT)
    return await wire(delivery)
