"""People with phones who talk to Birdwire, one text after the other, each in a unit of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import func, insert, select

from gateway.domain import reply
from gateway.domain.types import Channel, Lane
from gateway.service import commands, joining
from gateway.service.commands import Told
from gateway.service.site import Site
from store import accounts, addresses, fanouts, queue
from store.accounts import AccountRow
from store.schema import deliveries, inbox, notices, posts
from store.unit import Store

START = datetime(2030, 1, 1, 12, tzinfo=UTC)
OTHER_NUMBER, OURS = "+15550009998", "+15550009999"
"""Our numbers, the first and the second route. Everybody texts the second."""


def number(who: str) -> str:
    """The phone of a person, always the same."""
    return "+1555" + "".join(f"{ord(letter) % 100:02}" for letter in who)[:8]


@dataclass
class Town:
    """A site with a clock that moves ten seconds with each message and codes that are known beforehand."""

    store: Store
    site: Site
    now: datetime = START
    code: str = "4821"
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    async def text(self, who: str, words: str, **also: object) -> str:
        """``who`` texts ``words``; what the answer is."""
        return await self._tell(Channel.SMS, number(who), words, also)

    async def mail(self, who: str, words: str, **also: object) -> str:
        """``who`` writes a mail to the posting address of ``who``, or to where ``also`` says."""
        async with self.store.reading() as reading:
            account = await accounts.by_name(reading, who)
        if account is not None and "answers_delivery" not in also:
            also = {"account_id": account.id, **also}
        return await self._tell(Channel.EMAIL, f"{who}@mail.example", words, also)

    async def _tell(self, channel: Channel, sender: str, words: str, also: dict[str, object]) -> str:
        self.now += timedelta(seconds=10)
        async with self.store.unit() as unit:
            values = {
                "source": "test",
                "remote_id": str(next(self._ids)),
                "channel": channel,
                "sender": sender,
                "recipient": OURS,
                "raw": "",
                "received_at": self.now,
            }
            row_id = (await unit.execute(insert(inbox).returning(inbox.c.id), values)).scalar_one()
            route = 2 if channel is Channel.SMS else None
            address = await addresses.find_or_add(unit, channel, sender, now=self.now, route=route)
            told = replace(Told(address.id, channel, words, to=OURS), **also)  # type: ignore[arg-type]  # made by name
            answer = await commands.handle(unit, self.site, told, now=self.now, new_code=lambda: self.code)
            await unit.execute(inbox.update().where(inbox.c.id == row_id).values(answer=answer))
        return answer

    async def join(self, *names: str) -> None:
        """Sign these people up, each from their own phone."""
        for name in names:
            assert f"you are {name}" in await self.text(name, f"JOIN {name}")

    async def account(self, name: str) -> AccountRow:
        async with self.store.reading() as reading:
            found = await accounts.by_name(reading, name)
        assert found is not None, name
        return found

    async def posts(self) -> list[str]:
        """The words of all posts that stand, oldest first."""
        async with self.store.reading() as reading:
            statement = select(posts.c.text).where(posts.c.deleted_at.is_(None)).order_by(posts.c.id)
            return list((await reading.execute(statement)).scalars())

    async def notices(self) -> list[str]:
        """The words of all notices that wait, oldest first."""
        async with self.store.reading() as reading:
            statement = (
                select(notices.c.text)
                .join(deliveries, deliveries.c.notice_id == notices.c.id)
                .where(deliveries.c.state == "queued")
                .order_by(notices.c.id)
            )
            return list((await reading.execute(statement)).scalars())

    async def queued(self, who: str) -> list[tuple[str, int, str]]:
        """The posts that wait for ``who`` as (channel, lane, words), in the order they were queued."""
        reader = await self.account(who)
        async with self.store.reading() as reading:
            statement = (
                select(deliveries.c.channel, deliveries.c.lane, posts.c.text)
                .join(posts, posts.c.id == deliveries.c.post_id)
                .where(deliveries.c.account_id == reader.id, deliveries.c.state == "queued")
                .order_by(deliveries.c.id)
            )
            return [(channel, lane, text) for channel, lane, text in await reading.execute(statement)]

    async def receives(self, who: str, author: str) -> int:
        """The last post of ``author`` was texted to ``who``; its id."""
        writer = await self.account(author)
        async with self.store.unit() as unit:
            statement = select(posts.c.id).where(posts.c.author_id == writer.id).order_by(posts.c.id.desc()).limit(1)
            post_id: int = (await unit.execute(statement)).scalar_one()
            phone = await addresses.find(unit, "sms", number(who))
            assert phone is not None
            await queue.remember_last_sent(unit, [(phone.id, post_id)])
        return post_id

    async def second_phone(self, name: str, device: str) -> None:
        """The phone ``device`` belongs to this person too, from now on."""
        account = await self.account(name)
        async with self.store.unit() as unit:
            code = await joining.new_claim_code(unit, self.site, account.id, now=self.now, new_code=lambda: self.code)
        assert await self.text(device, f"CLAIM {code}") == reply.claimed(self.site.name, name)

    async def waiting(self, channel: Channel) -> int:
        """How many posts wait to go out on a channel, to anybody."""
        async with self.store.reading() as reading:
            rows = select(func.count()).select_from(deliveries)
            posted = rows.where(
                deliveries.c.post_id.is_not(None), deliveries.c.state == "queued", deliveries.c.channel == channel
            )
            return (await reading.execute(posted)).scalar_one()

    async def delivery(self, who: str, author: str) -> int:
        """A mail with the last post of ``author`` went to ``who``; the delivery's id."""
        post_id = await self.receives(who, author)
        reader = await self.account(who)
        async with self.store.unit() as unit:
            added = await fanouts.queue_for(unit, post_id, [reader.id], lane=Lane.FIRST, now=self.now)
            assert added <= 2
            sent = select(deliveries.c.id).where(
                deliveries.c.post_id == post_id,
                deliveries.c.account_id == reader.id,
                deliveries.c.channel == "email",
            )
            delivery_id: int = (await unit.execute(sent)).scalar_one()
            return delivery_id
