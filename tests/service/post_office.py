"""A town whose people have mailboxes, and the mails that went out to them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.domain.types import Channel
from gateway.service import joining
from store import addresses, schema
from store.addresses import AddressRow
from store.schema import deliveries, notices
from tests.service.conversing import Town, number


@dataclass
class PostOffice:
    """Bob follows alice and gets her posts in his mailbox."""

    town: Town

    async def open(self) -> None:
        await self.town.join("alice", "bob")
        await self.give("bob")
        await self.town.text("bob", "FOLLOW alice")

    async def give(self, name: str, mailbox: str = "") -> AddressRow:
        """A mailbox that is proven."""
        self.town.now += timedelta(seconds=1)
        account, address = await self.town.account(name), mailbox or f"{name}@mail.example"
        async with self.town.store.unit() as unit:
            return await joining.give_address(unit, account.id, Channel.EMAIL, address, how="web", now=self.town.now)

    async def sends(self, words: str = "") -> int:
        """Alice posts, and the mail goes out to bob's mailbox in use; the delivery."""
        await self.town.text("alice", words or f"post at {self.town.now}")
        delivery = await self.town.delivery("bob", "alice")
        bob = await self.town.account("bob")
        async with self.town.store.unit() as unit:
            await unit.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery)
                .values(state="sent", attempt=1, sent_to_id=bob.mail_id, settled_at=self.town.now)
            )
        return delivery

    async def box(self, mailbox: str = "bob@mail.example") -> AddressRow:
        async with self.town.store.reading() as reading:
            found = await addresses.find(reading, "email", mailbox)
        assert found is not None
        return found

    async def state(self, delivery: int) -> str:
        async with self.town.store.reading() as reading:
            return (await reading.execute(select(deliveries.c.state).where(deliveries.c.id == delivery))).scalar_one()

    async def told(self, phone_of: str = "bob") -> list[str]:
        """What waits to be said to this phone or mailbox."""
        address = phone_of if "@" in phone_of else number(phone_of)
        async with self.town.store.reading() as reading:
            said = (
                select(notices.c.text)
                .join(deliveries, deliveries.c.notice_id == notices.c.id)
                .join(schema.addresses, schema.addresses.c.id == deliveries.c.address_id)
                .where(schema.addresses.c.address == address)
                .order_by(notices.c.id)
            )
            return list((await reading.execute(said)).scalars())

    def secret(self, purpose: Purpose, number_: int) -> str:
        return f"{purpose}+{token.make(self.town.site.key, purpose, number_)}"
