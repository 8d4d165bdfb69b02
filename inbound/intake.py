"""The one way in: remember the message, understand it, do it, answer it, in one transaction.

A message is remembered under the id its own side gave it. One that comes again finds itself there, does nothing and
gets the same answer. Whoever handed the message over hears of it only after the commit; when the fault is ours
nothing is kept, and the other side comes again.

The answer goes out by the queue, in the foremost lane, and not in the reply to a webhook: so it is counted, paced,
receipted and retried like every other text, in the right order behind what was sent before, with every provider.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never

import structlog
from msgspec.structs import replace

from gateway import metrics
from gateway.domain.types import Channel
from gateway.service import bounces, commands, complaints, notify, phones, unsubscribing
from gateway.service.answering.asked import Told
from gateway.service.commands import Heard, Said
from gateway.service.hush import Hush
from gateway.service.site import Site
from inbound.batch import Batcher
from inbound.message import (
    Accepted,
    BounceAddress,
    ComplaintAddress,
    HelpAddress,
    Inbound,
    OwnersAddress,
    OwnersReplyAddress,
    Phone,
    PostingAddress,
    ProvenSender,
    ReplyAddress,
    SharedAddress,
    UnsubscribeAddress,
)
from inbound.stops import Stops
from store import addresses, deliveries, inbox, parted
from store.inbox import Arrived
from store.schema import to_micros
from store.sql import storable
from store.unit import Store, Unit

log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)

_HELP = ("help@", "postmaster", "bounce+")
_COMPLAINTS = ("abuse@", "fbl@")
"""Addresses that anybody knows, or that no person should write to. Whoever writes to those of one kind is answered once
a day: the sender of a mail is easily forged."""

_ONCE_A_DAY = (HelpAddress, BounceAddress, ComplaintAddress)
"""The doors of these addresses."""

_MOST_ANSWERS = 10
"""Answers in a day to a mailbox that is not known as the sender's: whoever has a secret address may write there in any
name, as often as they like. What is answered once a day is besides that."""


class Intake:
    """Takes messages from every door. :meth:`run` must be running for :meth:`take` to return."""

    def __init__(
        self,
        store: Store,
        site: Site,
        routes: dict[str, int],
        now: Callable[[], datetime],
        new_code: Callable[[], str],
        *,
        hush: Hush | None = None,
        aside: Path | None = None,
    ) -> None:
        """``routes``: the route of each of our numbers; ``new_code`` makes the codes people must repeat; ``hush`` is
        shared with the workers; ``aside`` is the folder for opt-outs that cannot be committed at once."""
        self._site = site
        self._ours = phones.ours(site)
        self._routes = routes
        self._now = now
        self._new_code = new_code
        self._batcher = Batcher(store, self._handle, on_commit=metrics.intake_committed)
        self._stops = Stops(store, hush or Hush(), aside, self._batcher.submit, now)
        self._stops.load()

    async def take(self, message: Inbound) -> Accepted:
        """Returns when the message is committed. Raises when it is not and the fault is ours."""
        try:
            accepted = await self._stops.take(_storable(message))
        except Exception:
            metrics.message_came_in(message.source, "failed")
            raise
        metrics.message_came_in(message.source, "new" if accepted.new else "repeated")
        if message.automatic and accepted.new:
            metrics.automatic_mail(message.automatic)
        return accepted

    async def run(self) -> None:
        """Handle what comes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stops.run())
            await self._batcher.run()

    async def close(self) -> None:
        """Take nothing more; returns when all that was taken is committed."""
        await self._batcher.close()

    async def _handle(self, unit: Unit, messages: Sequence[Inbound]) -> list[Accepted]:
        """In the order of arrival, but for plain posts by different people: those of a stretch are done together."""
        accepted: list[Accepted] = []
        for stretch in _stretches(messages):
            accepted += await self._handle_stretch(unit, stretch)
        return accepted

    async def _handle_stretch(self, unit: Unit, messages: Sequence[Inbound]) -> list[Accepted]:
        ids = await inbox.add_all(unit, [_arrived(message) for message in messages])
        if any(message.part for message in messages):
            pairs = zip(messages, ids, strict=True)
            messages = [await self._with_what_it_lacked(unit, each) if new else each for each, new in pairs]
        posted = await self._post_what_is_plain(unit, messages, ids)
        accepted = []
        for message, inbox_id, heard in zip(messages, ids, posted, strict=True):
            if inbox_id is None:
                answer = await inbox.answer_to(unit, message.source, message.remote_id)
            else:
                answer = await (self._do(unit, message) if heard is None else self._tell(unit, message, heard))
                if answer:
                    await inbox.set_answer(unit, inbox_id, answer)
            accepted.append(Accepted(new=inbox_id is not None, answer=answer))
        return accepted

    async def _with_what_it_lacked(self, unit: Unit, message: Inbound) -> Inbound:
        """The whole text, if this is the last of its parts; else the part, which is kept until then."""
        if message.part is None:
            return message
        words = await parted.add(
            unit, message.source, message.sender, message.to, message.part, now=message.received_at
        )
        return message if words is None else replace(message, text=storable(words), part=None)

    async def _post_what_is_plain(
        self, unit: Unit, messages: Sequence[Inbound], ids: Sequence[int | None]
    ) -> list[Heard | None]:
        """Post what is new and nothing but a post, as far as nothing is unusual about it; None for what is left."""
        said = [self._plain(m) if inbox_id else None for m, inbox_id in zip(messages, ids, strict=True)]
        plain = [each for each in said if each is not None]
        heard = iter(await commands.post_all(unit, self._site, plain, now=self._now()) if plain else ())
        return [None if each is None else next(heard) for each in said]

    def _plain(self, message: Inbound) -> Said | None:
        account_id = route = None
        match message.door:
            case Phone():
                route = self._routes.get(message.to)
            case PostingAddress(owner):
                account_id = owner
            case _:
                return None
        if message.automatic or message.dropped or message.sealed or message.part or not message.sender:
            return None
        if self._is_our_own(message):
            return None
        text = commands.plain_post(message.channel, message.text)
        return None if text is None else Said(message.channel, message.sender, text, account_id, route, message.cut)

    async def _do(self, unit: Unit, message: Inbound) -> str:
        """Do what the message asks for and queue the answer; returns its words."""
        if message.complaint is not None:
            outcome = await complaints.record(unit, self._site, message.complaint, now=self._now())
            metrics.complaint_came(message.complaint.kind, outcome)
        match message.door:
            case BounceAddress(delivery_id) if message.automatic or message.failure:
                await self._came_back(unit, delivery_id, message)
                return ""
            case UnsubscribeAddress(stop):
                await unsubscribing.unsubscribe(unit, self._site, stop, now=self._now())
                return ""
            case ComplaintAddress():
                return "" if message.automatic else await self._hear_complaint(unit, message)
            case OwnersAddress() | OwnersReplyAddress() | SharedAddress():
                return ""  # nobody has looked who wrote it, since no person did
            case Phone() | PostingAddress() | ProvenSender() | ReplyAddress() | HelpAddress() | BounceAddress():
                return "" if message.automatic else await self._converse(unit, message)
            case _:
                assert_never(message.door)

    async def _came_back(self, unit: Unit, delivery_id: int, message: Inbound) -> None:
        if message.failure:
            about = await bounces.record(unit, self._site, delivery_id, message.failure, now=self._now())
            metrics.mail_returned("nothing that is out" if about is None else about)
        elif message.arrived:
            await bounces.arrived(unit, delivery_id, now=self._now())

    async def _hear_complaint(self, unit: Unit, message: Inbound) -> str:
        """A person wrote to abuse@: it goes on to whoever runs the site, and is answered."""
        if not message.sender:
            return ""
        now, answered = self._now(), await self._was_answered(unit, message, _COMPLAINTS)
        address = await addresses.find_or_add(unit, message.channel, message.sender, now=now)
        answer = await complaints.hear(unit, self._site, message.sender, message.subject, message.text, now=now)
        return "" if answered else await self._tell(unit, message, Heard(address.id, answer))

    async def _was_answered(self, unit: Unit, message: Inbound, at: Sequence[str]) -> bool:
        """Whether this sender was answered lately at one of these; what they wrote elsewhere does not count."""
        return bool(await inbox.count_answered_since(unit, message.sender, self._now() - _DAY, at=at))

    async def _converse(self, unit: Unit, message: Inbound) -> str:
        now = self._now()
        if not message.sender or message.part is not None:
            return ""
        if self._is_our_own(message):
            log.warning("a text from a number of ours is not answered", source=message.source, to=message.to)
            return ""
        at_help = isinstance(message.door, HelpAddress | BounceAddress)
        if at_help and await self._was_answered(unit, message, _HELP):
            return ""
        route = self._routes.get(message.to) if message.channel is Channel.SMS else None
        address = await addresses.find_or_add(unit, message.channel, message.sender, route=route, now=now)
        told = Told(
            address_id=address.id,
            channel=message.channel,
            text=message.text,
            to=message.to,
            dropped=message.dropped,
            cut=message.cut,
            sealed=message.sealed,
            account_id=message.door.account_id if isinstance(message.door, PostingAddress) else None,
            answers_delivery=message.door.delivery_id if isinstance(message.door, ReplyAddress) else None,
            at_help=at_help,
            proven=isinstance(message.door, ProvenSender),
        )
        answer = await commands.handle(unit, self._site, told, now=now, new_code=self._new_code)
        return await self._tell(unit, message, Heard(address.id, answer))

    def _is_our_own(self, message: Inbound) -> bool:
        """Whether a text says that a number of ours sent it: it does, if it was told to text to another one, and would
        answer the answer; or somebody has forged it."""
        return message.channel is Channel.SMS and message.sender in self._ours

    async def _tell(self, unit: Unit, message: Inbound, heard: Heard) -> str:
        """Queue the answer, if there is one; returns its words."""
        if not heard.answer:
            return ""
        subject = _answering(message.subject)
        if message.channel is Channel.EMAIL and not await _is_theirs(unit, message, heard.address_id):
            if not isinstance(message.door, _ONCE_A_DAY) and (
                await inbox.count_answered_since(unit, message.sender, self._now() - _DAY) >= _MOST_ANSWERS
            ):
                return ""
            subject = ""  # or anybody could have us write what they like to whom they like
        await notify.tell(
            unit,
            heard.address_id,
            heard.answer,
            now=self._now(),
            subject=subject,
            in_reply_to=message.message_id,
            answers=True,
        )
        return heard.answer


async def _is_theirs(unit: Unit, message: Inbound, address_id: int) -> bool:
    """Whether the mailbox that a mail names as its sender's is known as that of whoever may write to this door."""
    match message.door:
        case ProvenSender():
            return True
        case PostingAddress(account_id):
            owner_id: int | None = account_id
        case ReplyAddress(delivery_id):
            delivery = await deliveries.by_id(unit, delivery_id)
            owner_id = None if delivery is None else delivery.account_id
        case _:
            owner_id = None
    address = await addresses.by_id(unit, address_id)
    return address is not None and owner_id is not None and address.owner_id == owner_id


def _answering(subject: str) -> str:
    return subject if subject.lower().startswith("re:") or not subject else f"Re: {subject}"


def _stretches(messages: Sequence[Inbound]) -> Iterator[Sequence[Inbound]]:
    """The messages cut, in their order, so that no phone and no mailbox writes twice within a stretch: what it says
    first is done before what it says next.

    A phone and a mailbox of one person may share a stretch, and a plain post of one be done before a command of the
    other that came just before it. Whose phone it is would take a look into the database before each stretch, for an
    order that nobody can know of: the two came over different networks, and meet here within the time of two commits. A
    STOP is for its phone, whatever is posted; UNDO takes back the last post, as it would a moment later.
    """
    stretch: list[Inbound] = []
    writers: set[str | int] = set()
    for message in messages:
        writer = message.door.account_id if isinstance(message.door, PostingAddress) else message.sender
        if writer in writers:
            yield stretch
            stretch, writers = [], set()
        stretch.append(message)
        writers.add(writer)
    yield stretch


def _arrived(message: Inbound) -> Arrived:
    return Arrived(
        message.source,
        message.remote_id,
        message.channel,
        message.sender,
        message.to,
        message.raw,
        to_micros(message.received_at),
    )


def _storable(message: Inbound) -> Inbound:
    """The message with every text as a database takes it, and its sender as addresses are compared."""
    texts = (
        f"{message.text}{message.raw}{message.to}{message.subject}{message.message_id}{message.failure}{message.cut}"
    )
    short = f"{message.remote_id}{message.sender}"
    if _is_storable(texts) and _is_storable(short) and len(short) <= 128 and len(message.to) <= 254:
        sender = addresses.folded(message.channel, message.sender)
        return message if sender == message.sender else replace(message, sender=sender)
    return replace(
        message,
        remote_id=storable(message.remote_id, 128),
        sender=addresses.folded(message.channel, storable(message.sender, 254)),
        to=storable(message.to, 254),
        text=storable(message.text),
        raw=storable(message.raw),
        subject=storable(message.subject),
        message_id=storable(message.message_id),
        failure=storable(message.failure),
        cut=storable(message.cut),
    )


def _is_storable(text: str) -> bool:
    """Whether this is certainly text that any database takes as it is."""
    return text.isascii() and "\x00" not in text
