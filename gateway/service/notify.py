"""Birdwire's own words to people: they wait in the queue like everything else, answers in the foremost lane.

:func:`tell` queues words as they are. The others are given words that are yet to be said, and say them in the language
of each person who gets them.
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.speech import Words
from gateway.domain.types import Channel, Lane, NoticeKind
from gateway.service.site import Site
from store import addresses, deliveries, routes
from store.addresses import Way
from store.routes import MAIL_ROUTE
from store.unit import Unit


async def tell(
    unit: Unit,
    address_id: int,
    text: str,
    *,
    now: datetime,
    subject: str = "",
    in_reply_to: str = "",
    answers: bool = False,
    lane: Lane = Lane.ANSWER,
    kind: NoticeKind = NoticeKind.NOTICE,
) -> bool:
    """Queue words for one phone or mailbox. ``answers``: they answer what it has just sent, so they go out even
    after a STOP. What many are told at once takes a ``lane`` in which no answer waits behind it. ``kind`` is what they
    are about. False when there is no way there."""
    address = await addresses.by_id(unit, address_id)
    if address is None:
        return False
    channel = Channel(address.channel)
    route = MAIL_ROUTE if channel is Channel.EMAIL else await routes.for_phone(unit, address.route)
    if route is None:
        return False
    await deliveries.add_notice(
        unit,
        address_id=address_id,
        account_id=address.owner_id,
        channel=channel,
        route=route,
        text=text,
        subject=subject,
        in_reply_to=in_reply_to,
        answers=answers,
        lane=lane,
        kind=kind,
        now=now,
    )
    return True


async def tell_account(
    unit: Unit,
    site: Site,
    account_id: int,
    words: Words,
    *,
    now: datetime,
    lane: Lane = Lane.ANSWER,
    caused_by: int | None = None,
    kind: NoticeKind = NoticeKind.NOTICE,
) -> bool:
    """Queue words for a person: to the phone in use, else the mailbox in use. False when there is neither. Words that
    were somebody else's doing (``caused_by``) do not go out once one of the two blocks the other."""
    ways = await addresses.ways(unit, [account_id])
    await tell_ways(unit, site, ways, words, lane=lane, caused_by=caused_by, kind=kind, now=now)
    return bool(ways)


async def tell_accounts(
    unit: Unit,
    site: Site,
    account_ids: Sequence[int],
    words: Words,
    *,
    now: datetime,
    lane: Lane = Lane.ANSWER,
    caused_by: int | None = None,
    kind: NoticeKind = NoticeKind.NOTICE,
) -> None:
    """The same words for many people, by as many statements as for one. Who has neither phone nor mailbox is passed
    over."""
    ways = await addresses.ways(unit, account_ids)
    await tell_ways(unit, site, ways, words, lane=lane, caused_by=caused_by, kind=kind, now=now)


async def tell_ways(
    unit: Unit,
    site: Site,
    ways: Sequence[Way],
    words: Words,
    *,
    now: datetime,
    lane: Lane = Lane.ANSWER,
    caused_by: int | None = None,
    kind: NoticeKind = NoticeKind.NOTICE,
) -> None:
    """The same for ways that have been looked up."""
    said = {code: site.languages.said(words, code) for code in {way.language for way in ways}}
    told = [(way, said[way.language]) for way in ways]
    await deliveries.add_notices(unit, told, lane=lane, caused_by=caused_by, kind=kind, now=now)
