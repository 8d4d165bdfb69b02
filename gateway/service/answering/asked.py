"""Who asks, from where, in which words: what every answer begins with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import reply_people, reply_posts
from gateway.domain.speech import Words, say
from gateway.domain.types import Channel, Source
from gateway.service import following
from gateway.service.site import Site
from store import accounts, deliveries, offers, recall, relations
from store.accounts import AccountRow
from store.addresses import AddressRow
from store.unit import Unit

OFFER_LASTS = timedelta(minutes=10)
"""How long Y takes up an offer."""


@dataclass(frozen=True, slots=True)
class Told:
    """One text or mail as the intake understood it.

    ``address_id``        the phone or mailbox it came from.
    ``to``                our number or mail address that it came to.
    ``dropped``           how many attachments were left behind.
    ``cut``               what was taken for a quote, a signature or a footer.
    ``sealed``            it is encrypted.
    ``account_id``        who it is, where the door itself says so (a secret posting address).
    ``answers_delivery``  the delivery it answers, where it came to that one's reply address.
    ``at_help``           it came to the address that only helps.
    ``proven``            a mail that is proven to come from its mailbox, which says who it is as a phone does.
    """

    address_id: int
    channel: Channel
    text: str
    to: str = ""
    dropped: int = 0
    cut: str = ""
    sealed: bool = False
    account_id: int | None = None
    answers_delivery: int | None = None
    at_help: bool = False
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One message on its way to an answer. ``person`` is None when nobody knows the sender."""

    unit: Unit
    site: Site
    told: Told
    address: AddressRow
    person: AccountRow | None
    now: datetime
    new_code: Callable[[], str]

    @property
    def by_phone(self) -> bool:
        return self.told.channel is Channel.SMS

    @property
    def source(self) -> Source:
        """What a post made by this message says it came from."""
        return Source.SMS if self.by_phone else Source.EMAIL

    @property
    def operator(self) -> str:
        """Whom to ask for what people cannot do by themselves."""
        return self.site.contact or say("whoever runs this site")

    @property
    def sign_up_with(self) -> str:
        """Whom to ask for an account; empty where JOIN makes one."""
        return "" if self.site.registration == "open" else self.operator

    @property
    def from_their_own(self) -> bool:
        """Whether the answer goes to the person and nobody else: a leaked posting address is not enough to rename
        or delete an account."""
        return self.person is not None and self.address.owner_id == self.person.id


async def sender_of(unit: Unit, told: Told, address: AddressRow) -> AccountRow | None:
    """Whose message it is: as the door says, as the delivery it answers says, or whose phone it is. What a mail says
    of its sender is believed only where it is proven."""
    account_id = told.account_id
    if account_id is None and told.answers_delivery is not None:
        delivery = await deliveries.by_id(unit, told.answers_delivery)
        account_id = None if delivery is None else delivery.account_id
    if account_id is None and (told.channel is Channel.SMS or told.proven):
        account_id = address.owner_id
    account = None if account_id is None else await accounts.by_id(unit, account_id)
    return None if account is None or account.deleted_at is not None else account


async def times_told(asked: Asked, within: timedelta, *answers: str) -> int:
    """How often this sender was answered one of these lately."""
    return await recall.told_since(asked.unit, asked.address.address, asked.now - within, *answers)


async def guessed_too_often(asked: Asked, refusal: Words) -> bool:
    """Whether this sender was lately told so often that a code is wrong, in the words of ``refusal``, that no other one
    is even looked at. In whichever language: who changes it has no more guesses."""
    limits = asked.site.limits
    refusals = asked.site.languages.in_each(refusal)
    return await times_told(asked, timedelta(minutes=limits.code_minutes), *refusals) >= limits.code_tries


async def meant(asked: Asked, me: AccountRow, name: str) -> AccountRow | str:
    """Whom a name means to the asker, or the answer when it is nobody's or the asker blocks them."""
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    return reply_people.you_block(name) if await blocks(asked, me, other) else other


async def blocks(asked: Asked, me: AccountRow, other: AccountRow) -> bool:
    """Whether the asker blocks the other one: a block hides both ways."""
    return me.id in await relations.blockers(asked.unit, me.id, other.id)


async def nobody(asked: Asked, name: str) -> str:
    """Nobody bears that name, so it may have been meant as a post: offer that, to those who can post."""
    if asked.person is None or asked.person.name is None:
        return reply_people.nobody(name)
    return reply_people.nobody_offer(name, await offer_to_post(asked))


async def or_post(asked: Asked, answer: str) -> str:
    """The answer to a command that failed for a word that may have been meant as a post: that is offered, as above."""
    if asked.person is None or asked.person.name is None:
        return answer
    return reply_posts.or_post(answer, await offer_to_post(asked))


async def offer_to_post(asked: Asked) -> int:
    """Y posts the message as it was written; for how many minutes."""
    await offers.ask(asked.unit, asked.address.id, "post", asked.told.text, expires_at=asked.now + OFFER_LASTS)
    return OFFER_LASTS // timedelta(minutes=1)
