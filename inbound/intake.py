"""The one way in: remember the message, understand it, do it, answer it, in one transaction.

A message is remembered under the id its own side gave it. One that comes again finds itself there, does nothing and
gets the same answer. Whoever handed the message over hears of it only after the commit; when the fault is ours
nothing is kept, and the other side comes again.

The answer goes out by the queue, in the foremost lane, and not in the reply to a webhook: so it is counted, paced,
receipted and retried like every other text, in the right order behind what was sent before, with every provider.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from gateway import metrics
from gateway.domain.types import Channel
from gateway.service import bounces, commands, following, notify
from gateway.service.answering.asked import Told
from gateway.service.site import Site
from inbound.batch import Batcher
from inbound.message import (
    Accepted,
    BounceAddress,
    HelpAddress,
    Inbound,
    Phone,
    PostingAddress,
    ReplyAddress,
    UnsubscribeAddress,
)
from store import addresses, inbox
from store.sql import storable
from store.unit import Store, Unit

log = structlog.get_logger(__name__)

_HELPED_ONCE_IN = timedelta(days=1)
"""Whoever writes to the help address is answered once in this time: the sender of a mail is easily forged."""


class Intake:
    """Takes messages from every door. :meth:`run` must be running for :meth:`take` to return."""

    def __init__(
        self, store: Store, site: Site, routes: dict[str, int], now: Callable[[], datetime], new_code: Callable[[], str]
    ) -> None:
        """``routes``: the route of each of our numbers; ``new_code`` makes the codes people must repeat."""
        self._site = site
        self._routes = routes
        self._now = now
        self._new_code = new_code
        self._batcher = Batcher(store, self._handle, on_commit=metrics.intake_committed)

    async def take(self, message: Inbound) -> Accepted:
        """Returns when the message is committed. Raises when it is not and the fault is ours."""
        try:
            accepted = await self._batcher.submit(_storable(message))
        except Exception:
            metrics.message_came_in(message.source, "failed")
            raise
        metrics.message_came_in(message.source, "new" if accepted.new else "repeated")
        return accepted

    async def run(self) -> None:
        """Handle what comes until cancelled."""
        await self._batcher.run()

    async def close(self) -> None:
        """Take nothing more; returns when all that was taken is committed."""
        await self._batcher.close()

    async def _handle(self, unit: Unit, message: Inbound) -> Accepted:
        inbox_id = await inbox.add(
            unit,
            source=message.source,
            remote_id=message.remote_id,
            channel=message.channel,
            sender=message.sender,
            recipient=message.to,
            raw=message.raw,
            received_at=message.received_at,
        )
        if inbox_id is None:
            return Accepted(new=False, answer=await inbox.answer_to(unit, message.source, message.remote_id))
        answer = await self._do(unit, message)
        if answer:
            await inbox.set_answer(unit, inbox_id, answer)
        return Accepted(new=True, answer=answer)

    async def _do(self, unit: Unit, message: Inbound) -> str:
        """Do what the message asks for and queue the answer; returns its words."""
        match message.door:
            case BounceAddress(delivery_id):
                if message.failure:
                    await bounces.record(unit, self._site, delivery_id, message.failure, now=self._now())
                return ""
            case UnsubscribeAddress(delivery_id):
                await following.unsubscribe(unit, delivery_id, now=self._now())
                return ""
            case Phone() | PostingAddress() | ReplyAddress() | HelpAddress():
                return "" if message.automatic else await self._converse(unit, message)
            case _:
                assert_never(message.door)

    async def _converse(self, unit: Unit, message: Inbound) -> str:
        now = self._now()
        if not message.sender:
            return ""
        at_help = isinstance(message.door, HelpAddress)
        if at_help and await inbox.count_answered_since(unit, message.sender, now - _HELPED_ONCE_IN):
            return ""
        route = self._routes.get(message.to) if message.channel is Channel.SMS else None
        address = await addresses.find_or_add(unit, message.channel, message.sender, route=route, now=now)
        told = Told(
            address_id=address.id,
            channel=message.channel,
            text=message.text,
            to=message.to,
            dropped=message.dropped,
            account_id=message.door.account_id if isinstance(message.door, PostingAddress) else None,
            answers_delivery=message.door.delivery_id if isinstance(message.door, ReplyAddress) else None,
            at_help=at_help,
        )
        answer = await commands.handle(unit, self._site, told, now=now, new_code=self._new_code)
        if answer:
            await notify.tell(
                unit,
                address.id,
                answer,
                now=now,
                subject=_answering(message.subject),
                in_reply_to=message.message_id,
                answers=True,
            )
        return answer


def _answering(subject: str) -> str:
    return subject if subject.lower().startswith("re:") or not subject else f"Re: {subject}"


def _storable(message: Inbound) -> Inbound:
    """The message with every text as a database takes it, and its sender as addresses are compared."""
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
    )
